"""What one pass can reach: the ports, the records, and the one way to change a record.

`settle` folds an event into the record as it is at that moment, not as the pass last saw it: a person or a new commit
may have changed it meanwhile. Writes of one key are in order; a record is written before anybody is told.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from desired_state.instance import Key
from reconciler.core.events import Event
from reconciler.core.ports import Environment, FirstTasks, Live, Observer, Prerequisites, Store, Terraform, TreeArchive
from reconciler.core.record import Record
from reconciler.core.redact import Redactor
from reconciler.core.schedule import Pace, Random
from reconciler.core.status import advance


@dataclass(frozen=True, slots=True)
class Limits:
    """What is configured once for all instances."""

    pace: Pace = field(default_factory=Pace)
    retry_limit: int = 10
    rollout_timeout: timedelta = timedelta(minutes=15)
    prune_limit_percent: int = 20


@dataclass(slots=True)
class World:
    """The engine's surroundings. `admission` bounds how many Terraform runs go on at once."""

    terraform: Terraform
    live: Live
    prerequisites: Prerequisites
    first_tasks: FirstTasks
    store: Store
    trees: TreeArchive
    observer: Observer
    redactor: Redactor
    environments: Mapping[str, Environment]
    limits: Limits
    now: Callable[[], datetime]
    rng: Random
    admission: asyncio.Semaphore
    records: dict[Key, Record] = field(default_factory=dict)
    committed_at: dict[str, datetime] = field(default_factory=dict)
    applying: set[Key] = field(default_factory=set)
    _locks: defaultdict[Key, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def settle(self, key: Key, event: Event) -> Record:
        """Fold the event into the record, write it, tell. Raises: KeyError, StoreConflict."""
        async with self._locks[key]:
            old = self.records[key]
            new = advance(old, event, now=self.now(), retry_limit=self.limits.retry_limit)
            if new == old:
                return old
            return await self._write(old, new)

    async def begin(self, record: Record) -> Record:
        """Start the record of an instance seen for the first time. Raises: StoreConflict."""
        async with self._locks[record.key]:
            return await self._write(None, record)

    async def forget(self, key: Key) -> None:
        """Drop the record of an instance whose state is empty. Raises: StoreConflict."""
        async with self._locks[key]:
            record = self.records[key]
            await self.store.delete(record)
            del self.records[key]
            self.observer.moved(record, None, commit_at=None)

    async def _write(self, old: Record | None, new: Record) -> Record:
        new = new.replace(version=(old.version if old else 0) + 1)
        await self.store.save(new)
        self.records[new.key] = new
        self.observer.moved(old, new, commit_at=self.committed_at.get(new.applied_commit or ""))
        return new
