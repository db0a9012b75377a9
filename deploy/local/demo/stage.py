"""Environment of the demo: stand-ins for AWS and Slack, a Git server on a real transport, and the daemon's process.

All files are in one folder that is recreated; processes that a killed demo left there are ended first.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from deploy.local import slackline, standin
from deploy.local.demo.leftovers import end_leftovers, record
from deploy.local.prometheus import Prometheus, scraping

ROOT = Path(__file__).resolve().parents[3]
RECONCILER = Path(sys.executable).with_name("reconciler")
ACCOUNT = "123456789012"
REGION = "eu-central-1"
BUCKET = f"reconciler-state-{ACCOUNT}-{REGION}"
_AUTHOR = {
    "GIT_AUTHOR_NAME": "Service team",
    "GIT_AUTHOR_EMAIL": "team@example.com",
    "GIT_COMMITTER_NAME": "Service team",
    "GIT_COMMITTER_EMAIL": "team@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


@dataclass(slots=True)
class Stage:
    """The running components. `settings` is the daemon's reconciler.yaml."""

    folder: Path
    aws: standin.StandIn
    slack: slackline.Slackline
    git_port: int
    http_port: int
    prometheus: Prometheus | None = None
    settings: dict[str, object] = field(default_factory=dict)
    _daemon: subprocess.Popen[bytes] | None = None

    @property
    def repository(self) -> str:
        """Return the URL that the daemon fetches from."""
        return f"git://127.0.0.1:{self.git_port}/manifests.git"

    @property
    def clone(self) -> Path:
        """Return the service team's working copy."""
        return self.folder / "clone"

    @property
    def config(self) -> Path:
        """Return the daemon's configuration file."""
        return self.folder / "reconciler.yaml"

    @property
    def disk(self) -> Path:
        """Return the data folder of the daemon that runs as an ECS task."""
        return self.folder / "task"

    @property
    def log(self) -> Path:
        """Return the daemon's log file."""
        return self.folder / "daemon.log"

    def push(self, message: str, files: Mapping[str, str | None]) -> str:
        """Commit these files (None deletes a file) and push. Returns the commit."""
        for path, content in files.items():
            target = self.clone / path
            if content is None:
                target.unlink()
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        self.git("push", "--quiet", "origin", "main")
        return self.git("rev-parse", "HEAD").strip()

    def git(self, *arguments: str) -> str:
        """Run git in the working copy and return its stdout. Raises: RuntimeError."""
        return _git(self.clone, *arguments)

    def start_daemon(self, container: Mapping[str, str] | None = None) -> None:
        """Start `reconciler run`, with the configuration file or with the environment of its container."""
        environment = self.environment() | dict(container or {})
        if container:
            del environment["RECONCILER_CONFIG"]
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

    def stop_daemon(self) -> None:
        """Stop the daemon with SIGTERM, after 30 seconds with SIGKILL."""
        if self._daemon and self.daemon_runs:
            self._daemon.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._daemon.wait(30)
            self._daemon.kill()
            self._daemon.wait()

    def lose_disk(self) -> None:
        """Delete the data folder, as ECS does with a task's disk when the task ends."""
        shutil.rmtree(self.disk)

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

    def environment(self) -> dict[str, str]:
        """Return the environment of the stage's processes: selected variables of this machine, and access to AWS."""
        selected = ("HOME", "LANG", "PATH", "TMPDIR", "RECONCILER_PLUGIN_MIRROR")
        passed_on = {name: os.environ[name] for name in selected if name in os.environ}
        return passed_on | self.aws.environment() | {"RECONCILER_CONFIG": str(self.config)}

    def write_settings(self) -> None:
        """Write the daemon's configuration."""
        self.settings = {
            "data": str(self.folder / "data"),
            "git": {"url": self.repository, "branch": "main", "interval": "2s"},
            "terraform": {"source": {"path": str(ROOT / "terraform")}},
            "environments": {
                "develop": {
                    "account": ACCOUNT,
                    "region": REGION,
                    "tier": "develop",
                    "endpoint": self.aws.endpoint,
                },
                "prod": {
                    "account": ACCOUNT,
                    "region": REGION,
                    "tier": "prod",
                    "endpoint": self.aws.endpoint,
                    "floor": {"mode": "approve"},
                },
            },
            "drift": {"confirm_after": "3s"},
            "slack": self.slack.settings(),
            "rollout": {"poll": "1s", "image_poll": "1s"},
            "http": {"host": "127.0.0.1", "port": self.http_port},
            "logs": {"format": "json"},
        }
        self.config.write_text(yaml.safe_dump(self.settings, sort_keys=False))


@contextmanager
def set_up(folder: Path, *, rollout_delay: str = "3s") -> Iterator[Stage]:
    """Run everything but the daemon for the length of a `with` block; the folder is kept for inspection."""
    end_leftovers(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    requests, log = folder / "requests.jsonl", folder / "stand-in.log"
    with (
        standin.start(region=REGION, rollout_delay=rollout_delay, request_log=requests, output=log) as aws,
        slackline.start(output=folder / "slack.log") as slack,
    ):
        aws.configure(unseen_calls=1)  # IAM takes seconds to show a new role to other services
        stage = Stage(folder, aws, slack, git_port=_free_port(), http_port=_free_port())
        scraped = f"127.0.0.1:{stage.http_port}"
        with _git_server(stage), scraping(scraped, folder / "prometheus") as stage.prometheus:
            stage.write_settings()
            try:
                yield stage
            finally:
                stage.stop_daemon()


@contextmanager
def _git_server(stage: Stage) -> Iterator[None]:
    served = stage.folder / "git"
    bare = served / "manifests.git"
    bare.mkdir(parents=True)
    _git(bare, "init", "--quiet", "--bare", "--initial-branch=main")
    server = subprocess.Popen(
        [
            *("git", "daemon", "--reuseaddr", "--export-all", "--enable=receive-pack", "--listen=127.0.0.1"),
            *(f"--port={stage.git_port}", f"--base-path={served}", str(served)),
        ],
        env=_git_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    record(stage.folder, "git-daemon", server.pid)
    try:
        _wait_for_port(stage.git_port)
        _git(stage.folder, "clone", "--quiet", stage.repository, str(stage.clone))
        _git(stage.clone, "symbolic-ref", "HEAD", "refs/heads/main")
        yield
    finally:
        # Kill the whole session, with the server's children; the server has nothing to save.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def _git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=directory, env=_git_environment(), capture_output=True, text=True, timeout=60
    )
    if done.returncode:
        raise RuntimeError(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def _git_environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **_AUTHOR}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"nothing listens on port {port}")
