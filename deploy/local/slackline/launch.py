"""Starting the local Slack from a program that is not asynchronous: a child process that cannot outlive its parent."""

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
    """A running local Slack."""

    endpoint: str
    pid: int
    token: str = TOKEN
    channel: str = CHANNEL

    @property
    def api_url(self) -> str:
        """What `slack.api_url` is set to."""
        return f"{self.endpoint}/api/"

    @property
    def webhook(self) -> str:
        """The address of its one incoming webhook."""
        return f"{self.endpoint}{WEBHOOK_PATH}"

    def settings(self, **more: Any) -> dict[str, Any]:
        """The daemon's section `slack` to talk here as a bot; bursts are waited for only briefly."""
        bot = {"token": self.token, "channel": self.channel, "api_url": self.api_url}
        return {**bot, "group_wait": "500ms", **more}

    def transcript(self) -> list[dict[str, Any]]:
        """Every call, oldest first: number, at, method, answer, channel, ts, thread_ts, text, blocks."""
        found: list[dict[str, Any]] = self.ask("GET", "transcript")["calls"]
        return found

    def threads(self) -> list[dict[str, Any]]:
        """The first messages as they read now, oldest first: channel, ts, text, edits, …, and their `replies`."""
        found: list[dict[str, Any]] = self.ask("GET", "threads")["threads"]
        return found

    def inject_fault(self, kind: str, **settings: Any) -> None:
        """`kind` and settings are those of `workspace.Fault`."""
        self.ask("POST", "faults", {"kind": kind, **settings})

    def lift_faults(self) -> None:
        self.ask("DELETE", "faults")

    def reset(self) -> None:
        """An empty workspace without faults."""
        self.ask("POST", "reset")

    def ask(self, method: str, page: str, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One of the pages under `/slackline/`. Raises: ChildError."""
        return child.ask(f"{self.endpoint}/slackline/{page}", method, content)


@contextmanager
def start(*, port: int = 0, output: Path | None = None) -> Iterator[Slackline]:
    """A local Slack for the length of a `with` block; `output` as for `child.serving`."""
    with child.serving("deploy.local.slackline", [], port=port, output=output) as (found, pid):
        yield Slackline(endpoint=f"http://127.0.0.1:{found}", pid=pid)
