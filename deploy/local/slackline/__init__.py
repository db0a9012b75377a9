"""A local server that answers like Slack, for tests and the demo.

`start()` runs it as a child process, `python -m deploy.local.slackline` by hand, `serving()` inside of an event loop.
What was said can be read back, and it can be told to refuse, to be slow and to break off.
"""

from deploy.local.slackline.launch import Slackline, start
from deploy.local.slackline.workspace import CHANNEL, TOKEN, WEBHOOK_PATH, Workspace

__all__ = ["CHANNEL", "TOKEN", "WEBHOOK_PATH", "Slackline", "Workspace", "start"]
