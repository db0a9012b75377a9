"""The Slack stand-in: a local server that answers like Slack, for tests and the demo.

`start()` runs it as a child process, `python -m deploy.local.slackline` by hand, `serving()` in an event loop.
Messages can be read back, and faults can be injected: errors, slow answers, broken connections.
"""

from deploy.local.slackline.launch import Slackline, start
from deploy.local.slackline.workspace import CHANNEL, TOKEN, WEBHOOK_PATH, Workspace

__all__ = ["CHANNEL", "TOKEN", "WEBHOOK_PATH", "Slackline", "Workspace", "start"]
