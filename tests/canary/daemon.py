"""The whole daemon except for its edges to the outside, and every byte that it writes."""

import asyncio
import contextlib
import io
import json
import random
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from aiohttp.test_utils import TestClient, TestServer

from desired_state.instance import Key
from reconciler.app.observers import Observers
from reconciler.cli import main
from reconciler.core.notify import notices
from reconciler.core.ports.source import Revision
from reconciler.core.record import codec
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.schedule.next_visit import Pace
from reconciler.edges.aws.clients import Home
from reconciler.edges.store.dynamodb import DynamoStore
from reconciler.edges.store.reports import DirectoryReports
from reconciler.edges.store.sqlite import SqliteStore
from reconciler.edges.telemetry import logs
from reconciler.edges.telemetry.metrics import Build, Metrics, Now
from reconciler.engine.control import EngineControl
from reconciler.engine.controller import Controller
from reconciler.engine.intake import Intake
from reconciler.engine.records import Records
from reconciler.engine.world import Limits, World
from reconciler.web.api.routes import make_app
from reconciler.web.server import serve
from tests.canary.terraform import Outside
from tests.core.instances import DEVELOP
from tests.engine.fakes.aws import FakeFirstTasks, FakeLive, FakePrerequisites, FakeProtection
from tests.engine.fakes.orphans import FakeStates
from tests.engine.fakes.store import FakeTrees
from tests.engine.fakes.terraform import FakeLocks
from tests.patience import PATIENCE

ALPHA = Key("develop", "alpha")
TOKEN = "a-token-of-this-test-run"
OFTEN = timedelta(milliseconds=20)
PACE = Pace(retry_base=OFTEN, retry_cap=OFTEN, confirm=timedelta(0), lock_poll=OFTEN, recheck=OFTEN)
MANIFEST = """apiVersion: reconciler/v1
kind: Module
metadata: {name: alpha, labels: {team: payments}}
spec:
  environments: [develop]
  root: probe
  policy: {mode: approve}
  inputs: {text: one}
"""
READS = ("get", "describe develop/alpha", "diff develop/alpha", "drift", "history develop/alpha")


def revision(manifest: str = MANIFEST) -> Revision:
    """Return a commit with this one manifest and a root for it."""
    return Revision(
        "c" * 40, datetime.now(UTC), {"alpha.yaml": manifest.encode()}, {"roots/probe/main.tf": b'variable "text" {}'}
    )


@dataclass
class CanaryDaemon:
    """One daemon without its edges to the outside. `outputs` collects its outputs."""

    folder: Path
    redactor: Redactor
    outside: Outside
    log: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        logs.configure("debug", self.redactor, json=True, stream=self.log)
        now = Now(
            lambda: self.world.records.values(), lambda: self.controller.source_status, lambda: self.controller.beat()
        )
        self.metrics = Metrics(now, Build("1", "1.11.4", "https://git.example/manifests.git", "main"))
        self.store = SqliteStore(self.folder / "records.sqlite3")
        observer, limits = Observers(self.metrics), Limits(pace=PACE)
        self.world = World(
            terraform=self.outside,
            live=FakeLive(),
            prerequisites=FakePrerequisites(),
            first_tasks=FakeFirstTasks(),
            locks=FakeLocks(),
            store=self.store,
            trees=FakeTrees(),
            records=Records(
                self.store,
                DirectoryReports(self.folder / "reports"),
                observer,
                self.redactor,
                now=lambda: datetime.now(UTC),
            ),
            observer=observer,
            redactor=self.redactor,
            environments={"develop": DEVELOP},
            limits=limits,
            now=lambda: datetime.now(UTC),
            rng=random.Random(1),
            admission=asyncio.Semaphore(1),
            protection=FakeProtection(),
            states=FakeStates(),
            attribution=self.outside,
        )
        self.controller = Controller(self.world, self.outside, Intake(self.world), workers=1)
        self.control = EngineControl(self.controller)

    @property
    def record(self) -> Record | None:
        """Return the record of the instance; None before the first commit."""
        return self.world.records.get(ALPHA)

    @contextlib.asynccontextmanager
    async def running(self) -> Any:
        """Run the daemon for the length of a block."""
        stop = asyncio.Event()
        life = asyncio.create_task(self.controller.run(stop, drain=timedelta(seconds=1)))
        try:
            yield self
        finally:
            stop.set()
            await life
            await self.store.close()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until the condition is true. Raises: TimeoutError when it does not become true."""
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0.01)

    async def outputs(self) -> dict[str, bytes]:
        """Return every output by its name. The manifest's values in the record (`instance`, `base`) are no output."""
        app = make_app(self.control, metrics=self.metrics.render, token=TOKEN, version="1", redact=self.redactor.value)
        found = await self._answers(app) | await self._commands(app)
        now = datetime.now(UTC) + timedelta(days=2)
        records = list(self.world.records.values())
        shown = [one for record in records for one in notices.of_record(record, {}, now=now)]
        shown += notices.of_source(self.controller.source_status, {}, since=now - timedelta(days=2), now=now)
        found["slack"] = "\n".join(f"{one.head}\n{one.text}\n{one.problem}" for one in shown).encode()
        found["log"] = self.log.getvalue().encode()
        documents = [codec.dump(record) for record in records] + [await _item(record) for record in records]
        stored = [{name: part for name, part in one.items() if name not in {"instance", "base"}} for one in documents]
        found["records"] = json.dumps(stored, ensure_ascii=False).encode()
        found |= {str(path.name): path.read_bytes() for path in (self.folder / "reports").glob("**/*.*")}
        return found

    def stored(self) -> dict[str, bytes]:
        """Return the files of the store by name."""
        return {path.name: path.read_bytes() for path in self.folder.glob("records.sqlite3*")}

    async def _answers(self, app: Any) -> dict[str, bytes]:
        one = "/api/v1/instances/develop/alpha"
        paths = ["/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/api/v1/source", "/api/v1/instances"]
        paths += ["/api/v1/drift", one, f"{one}/plan", f"{one}/drift", f"{one}/history"]
        async with TestClient(TestServer(app)) as client:
            return {f"GET {path}": await (await client.get(path)).read() for path in paths}

    async def _commands(self, app: Any) -> dict[str, bytes]:
        found = {}
        socket = self.folder / "api.sock"
        async with serve(app, host="127.0.0.1", port=0, socket=socket) as listening:
            url = f"http://127.0.0.1:{listening.port}"
            for command in READS:
                for form in ("table", "json"):
                    arguments = [*command.split(), "-o", form, "--url", url]
                    found[f"reconciler {command} -o {form}"] = await asyncio.to_thread(_command, arguments)
        return found


async def _item(record: Record) -> Any:
    """Return the document in the item that DynamoDB receives."""
    sent: list[Mapping[str, Any]] = []

    class Clients:
        async def call(self, *_: Any, **request: Any) -> Mapping[str, Any]:
            sent.append(request["Item"])
            return {}

    await DynamoStore(cast(Any, Clients()), "records", Home(None, None)).save(record.replace(version=1))
    return json.loads(zlib.decompress(sent[0]["document"]["B"]))


def _command(arguments: list[str]) -> bytes:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), contextlib.suppress(SystemExit):
        main(arguments)
    return out.getvalue().encode()
