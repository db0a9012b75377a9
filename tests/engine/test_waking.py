"""A pass wakes the instances that wait for the visited one, read its outputs or are removed after it, and no others."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.ports.terraform import Run, Workspace
from reconciler.core.record.model import Pass, Record
from reconciler.core.status.advance import first
from reconciler.core.vocabulary import Reason
from reconciler.engine.controller import Controller
from reconciler.engine.intake import Intake
from tests.core.documents import change, document
from tests.core.instances import NOW, instance
from tests.engine.fake_engine import ORDERS, FakeEngine, ServiceTerraform, platform
from tests.engine.fakes.observer import FakeObserver
from tests.engine.fakes.source import FakeSource
from tests.engine.running import running

THE_PLATFORM, UNRELATED = Key("develop", "platform"), Key("develop", "unrelated")
CREATE = change("aws_vpc.this", ["create"], None, {"a": 1})


@dataclass
class PlatformTerraform(ServiceTerraform):
    """Terraform whose platform has `outputs`; a service's plans change nothing."""

    outputs: Mapping[str, Any] = field(default_factory=lambda: {"vpc_id": "vpc-1"})

    async def open(self, run: Run) -> Workspace:
        return self if run.key == THE_PLATFORM else ServiceTerraform()

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        outputs = {name: {"value": value, "sensitive": False} for name, value in self.outputs.items()}
        return document(*self.planned, outputs=outputs)

    async def apply(self) -> Mapping[str, Any]:
        await super().apply()
        return dict(self.outputs)


@dataclass
class PassObserver(FakeObserver):
    """Hands out each pass that ended, in order."""

    ended: asyncio.Queue[Pass] = field(default_factory=asyncio.Queue)

    def pass_ended(self, finished: Pass) -> None:
        self.ended.put_nowait(finished)


class Engine:
    """An engine under its controller, with a service on a platform and a service without dependencies."""

    def __init__(self) -> None:
        self.terraform, self.observer = PlatformTerraform(), PassObserver()
        self.fake = FakeEngine(self.terraform, observer=self.observer)
        self.fake.add(first(dataclasses.replace(instance(needs=()), key=UNRELATED), "c1"))
        self.controller = Controller(self.fake.world, FakeSource(), Intake(self.fake.world), workers=1)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the controller; enter once the first pass of every instance is over."""
        async with running(self.controller):
            for _ in self.fake.records:
                await self.observer.ended.get()
            await self.passes_after()
            yield

    async def passes_after(self, *asked: Key) -> set[tuple[str, str]]:
        """Ask for passes. Returns name and trigger of each that followed, until one that is less urgent than all."""
        for key in asked:
            self.controller.ask(key, trigger="request")
        self.controller.ask(UNRELATED, trigger="last", urgency=-1)
        found: set[tuple[str, str]] = set()
        while (ended := await self.observer.ended.get()).trigger != "last":
            found.add((ended.key.name, ended.trigger))
        return found

    def require_apply(self, key: Key) -> None:
        """Make the next pass over the instance plan again, and apply its plan."""
        self.fake.add(self.fake.records[key].replace(checked_at=None, applied_digest=None))


@pytest.mark.parametrize(
    ("outputs", "planned"),
    [
        pytest.param({"vpc_id": "vpc-2"}, (), id="changed-in-a-plan"),
        pytest.param({"vpc_id": "vpc-1", "cluster": "c"}, (), id="added-in-a-plan"),
        pytest.param({}, (), id="removed-in-a-plan"),
        pytest.param({"vpc_id": "vpc-2"}, [CREATE], id="changed-by-an-apply"),
    ],
)
async def test_changed_outputs_wake_the_instances_that_read_them(outputs: Mapping[str, Any], planned: Any) -> None:
    engine = Engine()
    async with engine.running():
        engine.terraform.outputs, engine.terraform.planned = outputs, planned
        engine.require_apply(THE_PLATFORM)
        assert await engine.passes_after(THE_PLATFORM) == {("platform", "request"), ("orders", "dependency")}


async def test_equal_outputs_wake_no_instance() -> None:
    engine = Engine()
    async with engine.running():
        engine.terraform.planned = [CREATE]
        engine.require_apply(THE_PLATFORM)
        assert await engine.passes_after(THE_PLATFORM) == {("platform", "request")}
        assert engine.terraform.applies == 1
        engine.require_apply(ORDERS)
        assert await engine.passes_after(ORDERS) == {("orders", "request")}


async def test_every_pass_over_a_dependency_wakes_the_instances_that_wait_for_it() -> None:
    engine = Engine()
    engine.fake.add(platform().replace(applied_at=None, suspended=True))
    async with engine.running():
        assert engine.fake.orders.reason == Reason.DEPENDENCY_NOT_READY
        assert await engine.passes_after(THE_PLATFORM) == {("platform", "request"), ("orders", "dependency")}


async def test_the_end_of_a_removed_instance_wakes_the_removed_instances_it_depended_on() -> None:
    engine = Engine()
    async with engine.running():
        for key in (THE_PLATFORM, ORDERS):
            engine.fake.add(removed(engine.fake.records[key]))
        assert await engine.passes_after(ORDERS) == {("orders", "request"), ("platform", "dependency")}
        assert ORDERS not in engine.fake.records


def removed(record: Record) -> Record:
    """Return the record of an instance that is no longer in Git and may be pruned; nothing of it was ever applied."""
    return record.replace(removed=NOW, base=None, prune_confirmed=True)
