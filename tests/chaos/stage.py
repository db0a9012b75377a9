"""The daemon, its world, and what of it can be looked at: a Git remote, AWS behind a relay, a disk that can be full.

Whoever runs the daemon starts it again when it ends, as an ECS service does: the supervisor here does the same.
"""

import contextlib
import json
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import BotoCoreError, ClientError

from reconciler.app.parts import provider_directory
from tests import roles
from tests.chaos import processes
from tests.chaos.clock import Clock
from tests.chaos.fleet import NAMES, ROOT, Wish
from tests.chaos.forwarder import Forwarder
from tests.chaos.repository import Repository
from tests.chaos.schedule import Phase
from tests.e2e.daemon import TABLE, Daemon

LOCK_FILE = Path(__file__).resolve().parents[2] / "terraform" / "roots" / "service" / ".terraform.lock.hcl"
DISK = "64m"
RESTARTS_AFTER = 0.5
CALLS_TAKE = 60.0
COMES_TO_REST = 120.0
ASKS_EVERY = 0.5
_CONDITIONS = frozenset({"ConditionalCheckFailedException", "PreconditionFailed", "NoSuchKey", "ParameterNotFound"})


class NotWithin(Exception):
    """Something did not come about in its time; the message says what."""


@dataclass(kw_only=True)
class Stage(Daemon):
    """Made with AWS as it is; the daemon meets it through `relay`."""

    relay: Forwarder
    wishes: dict[str, Wish] = field(default_factory=dict)
    restarts: int = 0
    has_own_disk: bool = False

    def __post_init__(self) -> None:
        self.own = {"parameters": roles.for_types("aws_ssm_parameter")}
        super().__post_init__()
        versions = {"Status": "Enabled"}
        self.aws.client("s3").put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration=versions)
        self.repository = Repository(self.folder)
        self.clock = Clock(self.folder)
        self.daemon_turn = threading.Lock()  # one fault at a time that meets the daemon as a whole
        self.aws_turn = threading.Lock()  # lifting the stand-in's faults lifts all of them
        self._guard = threading.RLock()
        self._ended = threading.Event()
        shutil.rmtree(self.folder / "terraform" / "roots" / "probe")
        for name in NAMES:
            self.root(name).mkdir()
            (self.root(name) / "main.tf").write_text(ROOT)
            shutil.copyfile(LOCK_FILE, self.root(name) / ".terraform.lock.hcl")
        self._configure()
        self.data.mkdir(mode=0o700)
        mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0700", "chaos", str(self.data)]
        with contextlib.suppress(OSError):
            self.has_own_disk = subprocess.run(mounting, capture_output=True).returncode == 0

    def _configure(self) -> None:
        settings = yaml.safe_load(self.config.read_text())
        settings["git"] = {"url": str(self.repository.remote), "interval": "1s"}
        settings["policy"] = {"mandatory_tags": []}
        settings["retry"] = {"base": "1s", "cap": "4s"}
        settings["environments"]["develop"]["endpoint"] = self.relay.endpoint
        settings["terraform"]["timeouts"] = {"init": "1m", "plan": "1m", "apply": "2m"}
        self.config.write_text(yaml.safe_dump(settings))

    @property
    def data(self) -> Path:
        """The daemon's folder, a disk of its own where one may be mounted."""
        return self.folder / "data"

    @property
    def sockets(self) -> Path:
        """The directory of its warm provider."""
        return provider_directory(self.data)

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"AWS_ENDPOINT_URL": self.relay.endpoint} | self.clock.environment

    def root(self, name: str) -> Path:
        """The Terraform of one instance, as people write it."""
        return self.folder / "terraform" / "roots" / name

    def home(self, name: str) -> Path:
        """The workspace of one instance."""
        return self.data / "work" / "develop" / name

    def supervise(self) -> None:
        """Start the daemon, and again whenever it ends."""
        self.start()
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def _watch(self) -> None:
        while not self._ended.wait(RESTARTS_AFTER):
            with self._guard:
                if self.process is not None and self.process.poll() is not None and not self._ended.is_set():
                    self.restarts += 1
                    self.start()

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """The daemon is killed, and not started before the end of the block."""
        with self._guard:
            self.stop(signal.SIGKILL)
            yield
            self.start()

    def want(self, wishes: dict[str, Wish], *, message: str) -> None:
        """Commit what is wanted."""
        self.wishes |= wishes
        self.repository.commit({f"{name}.yaml": wish.manifest for name, wish in wishes.items()}, message)

    def change_root(self, name: str, mark: str) -> None:
        """Give an instance another Terraform tree, so that its next pass has to initialise."""
        (self.root(name) / "mark.tf").write_text(f"# {mark}\n")

    def reach(self, name: str, phase: Phase, *, within: float) -> bool:
        """Wait until a pass of the instance is in that phase. Returns False when it was not seen there.

        `within` is in seconds. A loaded machine is slow to begin: an instance that has not come to rest is waited for.
        """
        began = asked = time.monotonic()
        while processes.phase_of(self.home(name)) != phase:
            now = time.monotonic()
            if now > began + within and now > asked + ASKS_EVERY:
                if now > began + COMES_TO_REST or self._rests(name):
                    return False
                asked = now
            time.sleep(0.004)
        return True

    def _rests(self, name: str) -> bool:
        """Whether the daemon has nothing left to do for an instance; False when it does not answer."""
        said = self.instance(name)
        return bool(said) and bool(said["current"] and said["ready"])

    def leave(self, name: str, phase: Phase, *, within: float) -> None:
        """Wait until the pass is no longer in that phase, and not longer than so many seconds."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline and processes.phase_of(self.home(name)) == phase:
            time.sleep(0.05)

    def wait(self, holds: Callable[[], object], what: str, *, within: float) -> None:
        """Wait until it holds. Raises: NotWithin."""
        deadline = time.monotonic() + within
        while not holds():
            if time.monotonic() > deadline:
                raise NotWithin(f"not within {within:.0f} s: {what}")
            time.sleep(0.1)

    def call(self, service: str, operation: str, **parameters: Any) -> Any:
        """A call of somebody else to AWS, patient with its faults. None when a condition of the call did not hold."""
        deadline = time.monotonic() + CALLS_TAKE
        while True:
            try:
                return getattr(self.aws.client(service), operation)(**parameters)
            except ClientError as error:
                if error.response["Error"]["Code"] in _CONDITIONS:
                    return None
                trouble: Exception = error
            except BotoCoreError as error:
                trouble = error
            if time.monotonic() > deadline:
                raise NotWithin(f"{service} {operation} had no answer: {trouble}") from trouble
            time.sleep(0.3)

    def ask(self, name: str, action: str, **body: str) -> None:
        """A person's command to the daemon, given again until it is taken. Raises: NotWithin."""

        def taken() -> bool:
            with contextlib.suppress(OSError):
                return self.act(name, action, **body) == 200
            return False

        self.wait(taken, f"the daemon takes {action} of {name}", within=CALLS_TAKE)

    def state(self, name: str) -> dict[str, Any]:
        """The instance's state; empty when there is none, or none that can be read."""
        answer = self.call("s3", "get_object", Bucket=self.bucket, Key=f"develop/{name}/terraform.tfstate")
        with contextlib.suppress(ValueError):
            found: dict[str, Any] = json.loads(answer["Body"].read()) if answer else {}
            return found
        return {}

    def versions(self, key: str) -> list[dict[str, Any]]:
        """Every version of an object, the newest first."""
        found: list[dict[str, Any]] = self.call("s3", "list_object_versions", Bucket=self.bucket, Prefix=key)[
            "Versions"
        ]
        return [version for version in found if version["Key"] == key]

    def lock_names(self, name: str) -> tuple[str, str]:
        """Return the names of an instance's lock in the table and in the bucket."""
        key = f"develop/{name}/terraform.tfstate"
        return f"{self.bucket}/{key}", f"{key}.tflock"

    def locks_of(self, name: str) -> dict[str, str]:
        """The halves of the lock that are held, and what is written in each."""
        row, key = self.lock_names(name)
        item = self.call("dynamodb", "get_item", TableName=TABLE, Key={"LockID": {"S": row}}, ConsistentRead=True)
        info = item.get("Item", {}).get("Info", {}).get("S")
        found = self.call("s3", "get_object", Bucket=self.bucket, Key=key)
        halves = {"table": info, "object": found and found["Body"].read().decode()}
        return {half: text for half, text in halves.items() if text}

    def halves_held(self) -> int:
        """Count the halves of locks that are held, of all instances together."""
        return sum(len(self.locks_of(name)) for name in NAMES)

    def warm(self) -> list[int]:
        """Its warm provider."""
        return processes.warm_providers(self.sockets)

    def providers(self) -> list[int]:
        """The provider processes of its warm provider."""
        return [pid for parent in self.warm() for pid in processes.children(parent)]

    def left(self) -> list[int]:
        """All that was started for it and still runs."""
        named = {*processes.with_word(str(self.folder)), *processes.with_word(str(self.sockets))}
        return sorted({*named, *processes.working_in(self.folder)})

    def end(self, number: signal.Signals) -> None:
        """Stop the daemon for good."""
        self._ended.set()
        with self._guard:
            if self.process is not None and self.process.poll() is None:
                self.stop(number)

    def clean(self) -> None:
        """Take away the disk."""
        if self.has_own_disk:
            subprocess.run(["umount", "--lazy", str(self.data)], check=True)
