"""The surroundings of a pass: the ports, the records, the limits."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from desired_state.instance import Key
from desired_state.tenants.tenant import Tenants
from reconciler.core.decide.verdict import VerdictLimits
from reconciler.core.environment import Environment
from reconciler.core.floor import NO_FLOOR, Floor
from reconciler.core.ports.aws import Attribution, FirstTasks, Live, Prerequisites, Protection
from reconciler.core.ports.judge import Judge
from reconciler.core.ports.observer import Observer
from reconciler.core.ports.orphans import States
from reconciler.core.ports.store import Store, TreeArchive
from reconciler.core.ports.tasks import JobRuns, OneOffTasks
from reconciler.core.ports.terraform import Locks, Terraform
from reconciler.core.ports.upkeep import Upkeep
from reconciler.core.record.freeze import Frozen
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.schedule.next_visit import Pace, Random
from reconciler.engine.freezes import Freezing
from reconciler.engine.records import Records


@dataclass(frozen=True, slots=True)
class Limits:
    """Settings that are the same for all instances."""

    pace: Pace = field(default_factory=Pace)
    verdict: VerdictLimits = field(default_factory=VerdictLimits)
    retry_limit: int = 10
    rollout_timeout: timedelta = timedelta(minutes=15)
    prune_limit_percent: int = 20
    calls_per_hour: int = 72_000
    max_in_flight: int = 5


@dataclass(slots=True)
class World:
    """The engine's surroundings. `admission` bounds how many Terraform runs go on at once."""

    terraform: Terraform
    live: Live
    prerequisites: Prerequisites
    first_tasks: FirstTasks
    locks: Locks
    store: Store
    records: Records
    trees: TreeArchive
    observer: Observer
    redactor: Redactor
    environments: Mapping[str, Environment]
    limits: Limits
    now: Callable[[], datetime]
    rng: Random
    admission: asyncio.Semaphore
    protection: Protection
    states: States
    attribution: Attribution | None = None
    judge: Judge | None = None
    upkeep: Upkeep | None = None
    tenants: Tenants | None = None
    tasks: OneOffTasks | None = None
    runs: JobRuns | None = None
    applying: set[Key] = field(default_factory=set)
    freezing: Freezing = field(default_factory=Freezing)
    promoting: asyncio.Lock = field(default_factory=asyncio.Lock)
    routing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def floor(self, environment: str) -> Floor:
        """Return the floor of an environment; one without limits for an environment that is not configured any more."""
        known = self.environments.get(environment)
        return known.floor if known else NO_FLOOR

    @asynccontextmanager
    async def apply_of(self, key: Key) -> AsyncIterator[None]:
        """Protect an apply, its records included: a stop of the daemon waits for it, and the host may not stop it.

        Raises: Frozen, when the environment was frozen after the verdict.
        """
        if freeze := self.freezing.of(key.environment):
            raise Frozen(freeze)
        self.applying.add(key)
        try:
            async with self.protection.during_apply():
                yield
        finally:
            self.applying.discard(key)
