"""A folder in which a daemon runs and a service team works: its process, its API, its commands, a working copy.

The demo and the acceptance run share it; they differ in the AWS that they use and in where the repository is.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.leftovers import record

ROOT = Path(__file__).resolve().parents[2]
RECONCILER = Path(sys.executable).with_name("reconciler")
_AUTHOR = {
    "GIT_AUTHOR_NAME": "Service team",
    "GIT_AUTHOR_EMAIL": "team@example.com",
    "GIT_COMMITTER_NAME": "Service team",
    "GIT_COMMITTER_EMAIL": "team@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


@dataclass(slots=True, kw_only=True)
class Workplace(ABC):
    """The daemon's folder and process, and the service team's working copy."""

    folder: Path
    http_port: int
    _daemon: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """Return the environment of the processes, with access to AWS."""

    def daemon_environment(self) -> dict[str, str]:
        """Return the environment of the daemon, where it differs from that of people's commands."""
        return self.environment()

    @property
    def clone(self) -> Path:
        """Return the service team's working copy."""
        return self.folder / "clone"

    @property
    def config(self) -> Path:
        """Return the daemon's configuration file."""
        return self.folder / "reconciler.yaml"

    @property
    def log(self) -> Path:
        """Return the daemon's log file."""
        return self.folder / "daemon.log"

    def push(self, message: str, files: Mapping[str, str | None]) -> str:
        """Commit these files (None deletes a file) and push; the same content again is no commit. Returns HEAD."""
        for path, content in files.items():
            target = self.clone / path
            if content is None:
                target.unlink(missing_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(content)
        self.git("add", "--all")
        if self.git("status", "--porcelain"):
            self.git("commit", "--quiet", "--message", message)
        self.git("push", "--quiet", "origin", "main")
        return self.git("rev-parse", "HEAD").strip()

    def git(self, *arguments: str) -> str:
        """Run git in the working copy and return its stdout. Raises: RuntimeError."""
        return git(self.clone, *arguments)

    def start_daemon(self, container: Mapping[str, str] | None = None) -> None:
        """Start `reconciler run`, with the configuration file or with the environment of its container."""
        environment = self.daemon_environment() | dict(container or {})
        if container:
            environment["RECONCILER_CONFIG"] = os.devnull
        with self.log.open("ab") as log:
            self._daemon = subprocess.Popen(
                [str(RECONCILER), "run"],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        record(self.folder, "daemon", self._daemon.pid)

    def signal_daemon(self, number: signal.Signals) -> None:
        """Send the daemon a signal."""
        if self._daemon:
            self._daemon.send_signal(number)

    def wait_for_daemon(self, seconds: float) -> int:
        """Wait for the daemon's end and return its exit code. Raises: subprocess.TimeoutExpired."""
        if self._daemon is None:
            raise RuntimeError("the daemon was never started")
        return self._daemon.wait(seconds)

    @property
    def daemon_runs(self) -> bool:
        """Return True while the daemon's process runs."""
        return self._daemon is not None and self._daemon.poll() is None

    def stop_daemon(self, *, patience: float = 30) -> None:
        """Stop the daemon with SIGTERM, after `patience` seconds with SIGKILL."""
        if self._daemon and self.daemon_runs:
            self._daemon.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._daemon.wait(patience)
            self._daemon.kill()
            self._daemon.wait()

    def reconciler(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `reconciler` command as an operator would."""
        return subprocess.run(
            [str(RECONCILER), *arguments],
            cwd=self.folder,
            env=self.environment() | {"NO_COLOR": "1", "COLUMNS": "160"},
            capture_output=True,
            text=True,
            timeout=600,
        )

    def health(self) -> dict[str, Any]:
        """Return the daemon's health; that of a daemon that answers nothing is not ready."""
        return self._get("healthz")

    def api(self, path: str) -> dict[str, Any]:
        """Return a page of the daemon's API; an empty one while the daemon answers nothing."""
        return self._get(f"api/v1/{path}")

    def passes(self) -> float:
        """Return the number of passes that this daemon has made."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("reconciler_passes_total{"))

    def _get(self, path: str) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.http_port}/{path}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                document: dict[str, Any] = json.load(answer)
                return document
        except OSError:
            return {"instances": [], "problems": [], "commit": None, "ready": False}


def git(directory: Path, *arguments: str) -> str:
    """Run git in a directory, without this machine's configuration. Returns its stdout. Raises: RuntimeError."""
    done = subprocess.run(
        ["git", *arguments], cwd=directory, env=git_environment(), capture_output=True, text=True, timeout=60
    )
    if done.returncode:
        raise RuntimeError(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def git_environment() -> dict[str, str]:
    """Return the environment of git commands."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **_AUTHOR}


def free_port() -> int:
    """Return a port of this machine that no process listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
