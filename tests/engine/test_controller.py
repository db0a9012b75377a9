"""Many instances at once: one that hangs or always fails delays no other."""

import asyncio
import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from desired_state.instance import Key
from reconciler.core.ports.terraform import Run, TerraformFailed, Workspace
from reconciler.core.record.runs import Intent
from reconciler.core.status.advance import first
from reconciler.core.vocabulary import Reason
from reconciler.engine.controller import Controller
from reconciler.engine.intake import Intake
from tests.core.documents import change
from tests.core.instances import NOW, SERVICE, applied, instance
from tests.engine.fake_engine import ORDERS, FakeEngine, ServiceTerraform, platform
from tests.engine.fakes.source import FakeSource
from tests.engine.fakes.terraform import FakeTerraform
from tests.patience import PATIENCE

SERVICES = [Key("develop", f"s{number}") for number in range(8)]
HANGS, BROKEN = Key("develop", "hangs"), Key("develop", "broken")


@dataclass
class TroubledTerraform(FakeTerraform):
    """Terraform that hangs for one service until `released`, and fails at once for another."""

    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, run: Run) -> Workspace:
        if run.key == HANGS:
            await self.released.wait()
        if run.key == BROKEN:
            raise TerraformFailed(Reason.INIT_FAILED, "no")
        return ServiceTerraform([change("aws_ecs_service.this", ["create"], None, {"name": run.key.name})])


@dataclass
class OrderedTerraform(FakeTerraform):
    """Terraform that remembers the names of its runs, in order."""

    names: list[str] = field(default_factory=list)

    async def open(self, run: Run) -> Workspace:
        self.names.append(run.key.name)
        return ServiceTerraform()


async def test_after_a_start_recoveries_go_first_then_changes_from_git_then_drift_checks() -> None:
    terraform = OrderedTerraform()
    engine = FakeEngine(terraform)
    engine.add(platform().replace(suspended=True))
    del engine.records[ORDERS]
    old = applied()
    for name, record in {
        "a-check": old,
        "b-change": old.replace(applied_source="before"),
        "c-crash": old.replace(intent=Intent("p", "d1", "p", False, NOW)),
    }.items():
        engine.add(record.replace(instance=dataclasses.replace(record.instance, key=Key("develop", name))))
    controller = Controller(engine.world, FakeSource(), Intake(engine.world), workers=1)
    stop = asyncio.Event()
    running = asyncio.create_task(controller.run(stop, drain=timedelta(seconds=5)))
    async with asyncio.timeout(PATIENCE):
        while len(terraform.names) < 3:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)
    stop.set()
    await running
    assert terraform.names[:3] == ["c-crash", "b-change", "a-check"]


async def test_an_instance_that_hangs_and_one_that_always_fails_delay_no_other() -> None:
    engine = FakeEngine(TroubledTerraform())
    engine.world.now = lambda: datetime.now(UTC)
    engine.world.admission = asyncio.Semaphore(2)
    engine.add(platform().replace(suspended=True))  # this test is about services
    for priority, key in enumerate((HANGS, BROKEN, *SERVICES), start=1):
        declared = instance(
            SERVICE.replace("priority: 120", f"priority: {priority}").replace("/orders", f"/{key.name}")
        )
        engine.add(first(dataclasses.replace(declared, key=key), "c1"))
    controller = Controller(engine.world, FakeSource(), Intake(engine.world), workers=3)
    stop = asyncio.Event()
    running = asyncio.create_task(controller.run(stop, drain=timedelta(seconds=5)))
    async with asyncio.timeout(PATIENCE):
        while not all(engine.records[key].applied_at for key in SERVICES):  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(0.01)
    assert set(controller.beat().running) == {HANGS}
    assert engine.records[BROKEN].reason == Reason.INIT_FAILED
    stop.set()
    await running
