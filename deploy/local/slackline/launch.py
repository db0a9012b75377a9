"""Launcher of the Slack stand-in for synchronous programs: a child process that ends with its parent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import child
from deploy.local.slackline.workspace import CHANNEL, TOKEN, WEBHOOK_PATH


@dataclass(frozen=True, slots=True)
class Slackline:
    """A running Slack stand-in."""

    endpoint: str
    pid: int
    token: str = TOKEN
    channel: str = CHANNEL

    @property
    def api_url(self) -> str:
        """Return the value for `slack.api_url`."""
        return f"{self.endpoint}/api/"

    @property
    def webhook(self) -> str:
        """Return the URL of the only incoming webhook."""
        return f"{self.endpoint}{WEBHOOK_PATH}"

    def settings(self, **more: Any) -> dict[str, Any]:
        """Return the daemon's section `slack` for a bot of this workspace, with a short `group_wait`."""
        bot = {"token": self.token, "channel": self.channel, "api_url": self.api_url}
        return {**bot, "group_wait": "500ms", **more}

    def transcript(self) -> list[dict[str, Any]]:
        """Return every call, oldest first: number, at, method, answer, channel, ts, thread_ts, text, blocks."""
        found: list[dict[str, Any]] = self.ask("GET", "transcript")["calls"]
        return found

    def threads(self) -> list[dict[str, Any]]:
        """Return the threads, oldest first: the current first message (channel, ts, text, edits, …) and `replies`."""
        found: list[dict[str, Any]] = self.ask("GET", "threads")["threads"]
        return found

    def inject_fault(self, kind: str, **settings: Any) -> None:
        """Inject a fault; `kind` and settings are those of `workspace.Fault`."""
        self.ask("POST", "faults", {"kind": kind, **settings})

    def lift_faults(self) -> None:
        self.ask("DELETE", "faults")

    def reset(self) -> None:
        """Empty the workspace and lift all faults."""
        self.ask("POST", "reset")

    def ask(self, method: str, page: str, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Request one of the pages under `/slackline/`. Raises: ChildError."""
        return child.ask(f"{self.endpoint}/slackline/{page}", method, content)


@contextmanager
def start(*, port: int = 0, output: Path | None = None) -> Iterator[Slackline]:
    """Run a Slack stand-in for the length of a `with` block; `output` as for `child.serving`."""
    with child.serving("deploy.local.slackline", [], port=port, output=output) as (found, pid):
        yield Slackline(endpoint=f"http://127.0.0.1:{found}", pid=pid)
