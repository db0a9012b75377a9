"""What one pass can reach: the ports, the records, and the one way to change a record.

`settle` folds an event, redacted, into the record as it is at that moment, not as the pass last saw it: a person or a
new commit may have changed it meanwhile. Writes of one key are in order; a record is written before anybody is told.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from desired_state.instance import Key
from reconciler.core.decide.verdict import VerdictLimits
from reconciler.core.environment import Environment
from reconciler.core.ports.aws import Attribution, FirstTasks, Live, Prerequisites, Protection
from reconciler.core.ports.judge import Judge
from reconciler.core.ports.observer import Observer
from reconciler.core.ports.orphans import States
from reconciler.core.ports.store import Reports, Store, TreeArchive
from reconciler.core.ports.terraform import Locks, Terraform
from reconciler.core.record.freeze import Frozen
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.schedule.next_visit import Pace, Random
from reconciler.core.status.advance import advance
from reconciler.core.status.events import Event
from reconciler.core.status.redaction import redacted
from reconciler.core.views import drift_report
from reconciler.engine.freezes import Freezing

_REPORT_TAKES = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Limits:
    """What is configured once for all instances."""

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
    trees: TreeArchive
    reports: Reports
    observer: Observer
    redactor: Redactor
    environments: Mapping[str, Environment]
    limits: Limits
    now: Callable[[], datetime]
    rng: Random
    admission: asyncio.Semaphore
    protection: Protection
    attribution: Attribution | None = None
    judge: Judge | None = None
    states: States | None = None
    records: dict[Key, Record] = field(default_factory=dict)
    committed_at: dict[str, datetime] = field(default_factory=dict)
    applying: set[Key] = field(default_factory=set)
    freezing: Freezing = field(default_factory=Freezing)
    promoting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _locks: defaultdict[Key, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    @asynccontextmanager
    async def apply_of(self, key: Key) -> AsyncIterator[None]:
        """For the length of an apply, its records included: a stop waits for it, and nobody else stops the daemon.

        Raises: Frozen, for what was frozen since it was decided.
        """
        if freeze := self.freezing.of(key.environment):
            raise Frozen(freeze)
        self.applying.add(key)
        try:
            async with self.protection.during_apply():
                yield
        finally:
            self.applying.discard(key)

    async def settle(self, key: Key, event: Event) -> Record:
        """Fold the event into the record, write it, tell. Raises: KeyError, StoreConflict."""
        async with self._locks[key]:
            old, now = self.records[key], self.now()
            new = advance(old, redacted(event, self.redactor), now=now, retry_limit=self.limits.retry_limit)
            if new == old:
                return old
            new = await self._write(old, new)
        for name, text in drift_report.due(old, new, event, now):
            await self._keep(name, text)
        return new

    async def begin(self, record: Record) -> Record:
        """Start the record of an instance seen for the first time. Raises: StoreConflict."""
        async with self._locks[record.key]:
            return await self._write(None, record)

    async def forget(self, key: Key) -> bool:
        """Drop the record of an instance whose state is empty; not when its manifest is back. Raises: StoreConflict."""
        async with self._locks[key]:
            record = self.records[key]
            if record.removed is None:
                return False
            await self.store.delete(record)
            del self.records[key]
            self.observer.record_changed(record, None, commit_at=None)
            return True

    async def _keep(self, name: str, text: str) -> None:
        """Write a report. Whatever keeps that from working is logged: a report must not stand in the way of healing."""
        try:
            async with asyncio.timeout(_REPORT_TAKES.total_seconds()):
                await self.reports.keep(name, text)
        except Exception as trouble:
            self.observer.log("report_failed", report=name, error=str(trouble) or type(trouble).__name__)

    async def _write(self, old: Record | None, new: Record) -> Record:
        new = new.replace(version=(old.version if old else 0) + 1)
        await self.store.save(new)
        self.records[new.key] = new
        self.observer.record_changed(old, new, commit_at=self.committed_at.get(new.applied_commit or ""))
        return new
