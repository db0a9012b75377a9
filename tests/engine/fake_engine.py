"""An engine with one service on an applied platform. The test decides what plans change, what ECS answers, and the
time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from desired_state.instance import Key
from reconciler.core.inputs.placeholder import placeholder_platform
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.ports.judge import Judge
from reconciler.core.ports.observer import Observer
from reconciler.core.ports.terraform import Run, TerraformFailed, Workspace
from reconciler.core.record.model import Base, Record
from reconciler.core.record.runs import Intent
from reconciler.core.schedule.next_visit import next_visit
from reconciler.core.status.advance import first
from reconciler.core.status.events import Applied, Applying, Desired
from reconciler.engine.passes.reconcile import reconcile
from tests.core.documents import by_hand, document
from tests.core.instances import DEVELOP, NOW, PLATFORM, SERVICE, fold, instance
from tests.engine.fakes.aws import FakeLive
from tests.engine.fakes.observer import FakeObserver
from tests.engine.fakes.terraform import FakeTerraform, FakeWorkspace
from tests.engine.fakes.world import fake_records, fake_world

ORDERS = Key("develop", "orders")
Change = Mapping[str, Any]


@dataclass
class ServiceTerraform(FakeTerraform, FakeWorkspace):
    """Terraform with one workspace for all runs.

    A plan changes what `planned` says. An apply empties it, or leaves `breaks_again` in it, or raises `failure`. With
    `moves`, what a plan changes was moved outside.
    """

    planned: Sequence[Change] = ()
    breaks_again: Sequence[Change] = ()
    failure: TerraformFailed | None = None
    applies: int = 0
    moves: bool = True
    state: StateVersion = field(default_factory=StateVersion)

    async def open(self, run: Run) -> Workspace:
        return self

    async def planned_state(self) -> StateVersion:
        return self.state

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        return document(*self.planned, drift=by_hand(*self.planned) if self.moves else ())

    async def apply(self) -> Mapping[str, Any]:
        self.applies += 1
        if self.failure:
            raise self.failure
        self.planned = self.breaks_again
        return {"task_definition_arn": "td:1"}


class FakeEngine:
    """The passes of one service, and the clock. `live` is what ECS answers."""

    def __init__(
        self, terraform: FakeTerraform | None = None, *, judge: Judge | None = None, observer: Observer | None = None
    ) -> None:
        self.now = NOW
        self.live = FakeLive()
        self.world = fake_world(
            platform(),
            first(instance(SERVICE), "c1"),
            terraform=terraform or ServiceTerraform(),
            live=self.live,
            observer=observer or FakeObserver(),
            judge=judge,
            admitted=1,
            now=lambda: self.now,
        )
        self.records = fake_records(self.world)

    def add(self, record: Record) -> None:
        """Set a record, without a write."""
        self.records[record.key] = record

    @property
    def orders(self) -> Record:
        """Return the service's record."""
        return self.records[ORDERS]

    async def visit(self) -> Record:
        """Run one pass of the service and set the clock to the next visit. Returns the record."""
        await reconcile(ORDERS, self.world)
        at = next_visit(self.orders, self.world.limits.pace, now=self.now, rng=self.world.rng)
        assert at is not None
        self.now = at
        return self.orders

    async def pass_interval(self) -> Record:
        """Run the visits of the service as they come due, until its interval is over. Returns the record."""
        end = self.now + self.orders.instance.policy.interval
        while self.now < end:
            await self.visit()
        return self.orders


def platform(at: datetime = NOW - timedelta(hours=1)) -> Record:
    """Return the record of the platform, applied at that time."""
    record = first(instance(PLATFORM, needs=()), "c0")
    return fold(
        record,
        Desired("p1", record.instance.source_digest, "c0"),
        Applying(Intent("pass", "p1", "p", False, at), Base("platform", "sha256:1", {})),
        Applied({"platform": placeholder_platform(DEVELOP)}, None),
        now=at,
    )
