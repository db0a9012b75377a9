"""An engine whose Terraform, AWS and clock a test plays: what a plan says, what ECS says, and when time passes."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from desired_state.instance import Key
from reconciler.core.inputs import placeholder_platform
from reconciler.core.live import LiveService, RolloutState
from reconciler.core.ports.judge import Judge
from reconciler.core.ports.observer import Observer
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.record.model import Base, Record
from reconciler.core.record.runs import Holder, Intent
from reconciler.core.schedule.next_visit import next_visit
from reconciler.core.status.advance import first
from reconciler.core.status.events import Applied, Applying, Desired
from reconciler.engine.passes.reconcile import reconcile
from reconciler.engine.world import Limits, World
from tests.core.documents import document
from tests.core.instances import DEVELOP, IMAGE, NOW, PLATFORM, SERVICE, fold, instance
from tests.engine.fakes import REDACTOR, records_of

ORDERS = Key("develop", "orders")
HEALTHY = LiveService(IMAGE, IMAGE, RolloutState.COMPLETED, "td:1", running=2, desired=2)
Change = Mapping[str, Any]


@dataclass
class FakeEngine:
    """Surroundings and clock of one service on an applied platform. `planned` is what every plan would change; an
    apply empties it, unless `breaks_again` is what it would change after that."""

    planned: Sequence[Change] = ()
    breaks_again: Sequence[Change] = ()
    live: LiveService = HEALTHY
    failure: TerraformFailed | None = None
    judge: Judge | None = None
    now: datetime = NOW
    applies: int = 0
    said: list[str] = field(default_factory=list)
    version: str = "1.11.4"
    observer: Observer | None = None
    me: Holder = field(default_factory=lambda: Holder("reconciler@host"))

    def __post_init__(self) -> None:
        anything = cast(Any, self)
        observer = cast(Observer, self.observer or self)
        self.records = records_of(anything, observer=observer, now=lambda: self.now)
        self.world = World(
            **dict.fromkeys(
                ("terraform", "prerequisites", "first_tasks", "locks", "store", "trees"),
                anything,
            ),
            live=anything,
            observer=observer,
            protection=anything,
            records=self.records,
            redactor=REDACTOR,
            environments={"develop": DEVELOP},
            limits=Limits(),
            now=lambda: self.now,
            rng=random.Random(0),
            admission=asyncio.Semaphore(1),
            judge=self.judge,
        )
        self.has(platform())
        self.has(first(instance(SERVICE), "c1"))

    def has(self, record: Record) -> None:
        """The engine knows this record."""
        self.records[record.key] = record

    @property
    def orders(self) -> Record:
        """The service's record."""
        return self.world.records[ORDERS]

    async def visit(self) -> Record:
        """One pass over the service; then the clock stands where the next is due."""
        await reconcile(ORDERS, self.world)
        at = next_visit(self.orders, self.world.limits.pace, now=self.now, rng=self.world.rng)
        assert at is not None
        self.now = at
        return self.orders

    async def interval_passes(self) -> Record:
        """Visits as they come due, until the service's interval is over."""
        end = self.now + self.orders.instance.policy.interval
        while self.now < end:
            await self.visit()
        return self.orders

    @asynccontextmanager
    async def workspace(self, run: Any) -> AsyncIterator["FakeEngine"]:
        yield self

    @asynccontextmanager
    async def during_apply(self) -> AsyncIterator[None]:
        yield

    async def plan(self, *, destroy: bool) -> Mapping[str, Any]:
        return document(*self.planned)

    async def apply(self) -> Mapping[str, Any]:
        self.applies += 1
        if self.failure:
            raise self.failure
        self.planned = self.breaks_again
        return {"task_definition_arn": f"td:{self.applies}"}

    async def service(self, *_: Any) -> LiveService:
        return self.live

    async def missing(self, *_: Any) -> Sequence[str]:
        return ()

    async def load(self) -> Mapping[Key, Record]:
        return dict(self.world.records)

    async def append(self, visit: Any) -> None: ...

    async def put(self, tree_id: str, tree: Any) -> None: ...

    async def delete(self, record: Record) -> None: ...

    async def save(self, record: Record) -> None: ...

    async def keep(self, name: str, text: str) -> None: ...

    async def read(self, *_: Any) -> None: ...

    def has_begun(self) -> bool:
        return True

    def pass_ended(self, visit: Any) -> None: ...

    def visit_started(self, seconds: float) -> None: ...

    def record_changed(self, *_: Any, **__: Any) -> None: ...

    def log(self, event: str, **fields: Any) -> None:
        self.said.append(event)


def platform(at: datetime = NOW - timedelta(hours=1)) -> Record:
    """The record of the platform, applied an hour ago."""
    record = first(instance(PLATFORM, needs=()), "c0")
    return fold(
        record,
        Desired("p1", record.instance.source_digest, "c0"),
        Applying(Intent("pass", "p1", "p", False, at), Base("platform", "sha256:1", {})),
        Applied({"platform": placeholder_platform(DEVELOP)}, None),
        now=at,
    )
