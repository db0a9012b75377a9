"""Many instances at once: one that hangs or always fails keeps nobody else waiting."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from desired_state.instance import Key
from reconciler.core.ports.source import Revision, SourceFailed
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.record.runs import Intent
from reconciler.core.status.advance import first
from reconciler.core.vocabulary import Reason
from reconciler.engine.controller import Controller
from reconciler.engine.intake import Intake
from tests.core.documents import change
from tests.core.instances import NOW, applied, instance
from tests.engine.stage import ORDERS, FakeEngine, platform

SERVICES = [Key("develop", f"s{number}") for number in range(8)]
HANGS, BROKEN = Key("develop", "hangs"), Key("develop", "broken")


class Nothing:
    """A forge that is away."""

    async def fetch(self) -> Revision:
        raise SourceFailed("the forge is away")

    async def wait(self, longest: timedelta) -> None:
        await asyncio.sleep(3600)

    def nudge(self) -> None: ...


@dataclass
class Trouble(FakeEngine):
    """Terraform hangs for one service, and fails at once for another."""

    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.world.now = lambda: datetime.now(UTC)
        self.world.admission = asyncio.Semaphore(2)
        self.has(platform().replace(suspended=True))  # what this is about are its services
        for key in (HANGS, BROKEN, *SERVICES):
            wanted = dataclasses.replace(instance(), key=key)
            self.has(first(wanted, "c1"))

    @asynccontextmanager
    async def workspace(self, run: Any) -> AsyncIterator[FakeEngine]:
        if run.key == HANGS:
            await self.let_go.wait()
        if run.key == BROKEN:
            raise TerraformFailed(Reason.INIT_FAILED, "no")
        yield FakeEngine([change("aws_ecs_service.this", ["create"], None, {"name": run.key.name})])


@dataclass
class Order(FakeEngine):
    """Notes whose Terraform runs, in which order."""

    visited: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def workspace(self, run: Any) -> AsyncIterator[FakeEngine]:
        self.visited.append(run.key.name)
        yield FakeEngine()


async def test_after_a_start_recoveries_go_first_then_what_git_changed_then_checks() -> None:
    stage = Order()
    stage.has(platform().replace(suspended=True))
    del stage.records[ORDERS]
    old = applied()
    for name, record in {
        "a-check": old,
        "b-change": old.replace(applied_source="before"),
        "c-crash": old.replace(intent=Intent("p", "d1", "p", False, NOW)),
    }.items():
        stage.has(record.replace(instance=dataclasses.replace(record.instance, key=Key("develop", name))))
    controller = Controller(stage.world, Nothing(), Intake(stage.world), workers=1)
    stop = asyncio.Event()
    running = asyncio.create_task(controller.run(stop, drain=timedelta(seconds=5)))
    async with asyncio.timeout(60):
        while len(stage.visited) < 3:  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.01)
    stop.set()
    await running
    assert stage.visited[:3] == ["c-crash", "b-change", "a-check"]


async def test_an_instance_that_hangs_and_one_that_always_fails_keep_nobody_waiting() -> None:
    stage = Trouble()
    controller = Controller(stage.world, Nothing(), Intake(stage.world), workers=3)
    stop = asyncio.Event()
    running = asyncio.create_task(controller.run(stop, drain=timedelta(seconds=5)))
    async with asyncio.timeout(60):
        while not all(stage.world.records[key].applied_at for key in SERVICES):  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.01)
    assert set(controller.beat().running) == {HANGS}
    assert stage.world.records[BROKEN].reason == Reason.INIT_FAILED
    stop.set()
    await running
