"""Environment of the demo: stand-ins for AWS and Slack, a Git server on a real transport, and the daemon's process.

All files are in one folder that is recreated; processes that a killed demo left there are ended first.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from deploy.local import slackline, standin
from deploy.local.leftovers import end_leftovers, record
from deploy.local.prometheus import Prometheus, scraping
from deploy.local.workplace import ROOT, Workplace, free_port, git, git_environment

ACCOUNT = "123456789012"
REGION = "eu-central-1"
BUCKET = f"reconciler-state-{ACCOUNT}-{REGION}"
FLOOR = {"mode": "approve", "author_may_approve": True}  # of prod; one person plays all parts


@dataclass(slots=True, kw_only=True)
class Stage(Workplace):
    """The running components. `settings` is the daemon's reconciler.yaml.

    `container` is the environment of the daemon as an ECS task, `credentials` are those of the task's role.
    """

    aws: standin.StandIn
    slack: slackline.Slackline
    git_port: int
    prometheus: Prometheus | None = None
    settings: dict[str, object] = field(default_factory=dict)
    container: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=dict)

    @property
    def repository(self) -> str:
        """Return the URL that the daemon fetches from."""
        return f"git://127.0.0.1:{self.git_port}/manifests.git"

    @property
    def disk(self) -> Path:
        """Return the data folder of the daemon that runs as an ECS task."""
        return self.folder / "task"

    def lose_disk(self) -> None:
        """Delete the data folder, as ECS does with a task's disk when the task ends."""
        shutil.rmtree(self.disk)

    def environment(self) -> dict[str, str]:
        """Return the environment of the stage's processes: selected variables of this machine, and access to AWS."""
        selected = ("HOME", "LANG", "PATH", "TMPDIR", "RECONCILER_PLUGIN_MIRROR")
        passed_on = {name: os.environ[name] for name in selected if name in os.environ}
        return passed_on | self.aws.environment() | {"RECONCILER_CONFIG": str(self.config)}

    def daemon_environment(self) -> dict[str, str]:
        """Return the environment of the daemon, which acts as its task's role."""
        return self.environment() | self.credentials

    def write_settings(self, *, role: str | None = None) -> None:
        """Write the daemon's configuration; `role` is the one that it assumes in the account."""
        account = {"account": ACCOUNT, "region": REGION, "role": role, "endpoint": self.aws.endpoint}
        self.settings = {
            "data": str(self.folder / "data"),
            "git": {"url": self.repository, "branch": "main", "interval": "2s"},
            "terraform": {"source": {"path": str(ROOT / "terraform")}},
            "environments": {
                "develop": account | {"tier": "develop"},
                "prod": account | {"tier": "prod", "floor": FLOOR},
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
        stage = Stage(folder=folder, aws=aws, slack=slack, git_port=free_port(), http_port=free_port())
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
    git(bare, "init", "--quiet", "--bare", "--initial-branch=main")
    server = subprocess.Popen(
        [
            *("git", "daemon", "--reuseaddr", "--export-all", "--enable=receive-pack", "--listen=127.0.0.1"),
            *(f"--port={stage.git_port}", f"--base-path={served}", str(served)),
        ],
        env=git_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    record(stage.folder, "git-daemon", server.pid)
    try:
        _wait_for_port(stage.git_port)
        git(stage.folder, "clone", "--quiet", stage.repository, str(stage.clone))
        git(stage.clone, "symbolic-ref", "HEAD", "refs/heads/main")
        yield
    finally:
        # Kill the whole session, with the server's children; the server has nothing to save.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def _wait_for_port(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"nothing listens on port {port}")
