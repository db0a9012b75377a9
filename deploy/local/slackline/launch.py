"""Starting the local Slack from a program that is not asynchronous: a child process that cannot outlive its parent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.slackline.workspace import CHANNEL, TOKEN, WEBHOOK_PATH

ROOT = Path(__file__).resolve().parents[3]
STARTS_WITHIN = 60.0
STOPS_WITHIN = 10.0
ANSWERS_WITHIN = 10.0
PASSED_ON = ("LANG", "LC_ALL", "PATH", "TMPDIR")


class SlacklineError(Exception):
    """It did not start, or refused a request to one of its own pages."""


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
        """One of the pages under `/slackline/`. Raises: SlacklineError."""
        body = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(f"{self.endpoint}/slackline/{page}", data=body, method=method)  # noqa: S310 - http to our own child
        try:
            with urllib.request.urlopen(request, timeout=ANSWERS_WITHIN) as answer:  # noqa: S310 - http to our own child
                found: dict[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            with error:
                raise SlacklineError(f"{method} {page}: {error.code} {error.read().decode()}") from None


@contextmanager
def start(*, port: int = 0, output: Path | None = None) -> Iterator[Slackline]:
    """A local Slack for the length of a `with` block. `output` gets what it says; else it is shown if it fails."""
    with tempfile.TemporaryDirectory(prefix="slackline-") as directory:
        port_file = Path(directory, "port")
        said = output or Path(directory, "output")
        command = [sys.executable, "-m", "deploy.local.slackline", "--port", str(port)]
        command += ["--port-file", str(port_file), "--parent-pid", str(os.getpid())]
        with said.open("ab") as stream:
            child = subprocess.Popen(
                command,
                cwd=ROOT,
                env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,  # Ctrl-C is for the parent, whose daemon may still have something to say
            )
        try:
            yield Slackline(endpoint=f"http://127.0.0.1:{_wait_for_port(child, port_file, said)}", pid=child.pid)
        finally:
            _stop(child)


def _wait_for_port(child: subprocess.Popen[bytes], port_file: Path, said: Path) -> int:
    deadline = time.monotonic() + STARTS_WITHIN
    while not port_file.exists():
        if child.poll() is not None:
            raise SlacklineError(f"the local Slack ended with {child.returncode}:\n{said.read_text(errors='replace')}")
        if time.monotonic() > deadline:
            raise SlacklineError(f"the local Slack did not serve within {STARTS_WITHIN:.0f} s")
        time.sleep(0.05)
    return int(port_file.read_text(encoding="ascii"))


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(STOPS_WITHIN)
