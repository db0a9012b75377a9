"""The records in memory, and the one writer of records.

A record changes only by an event that is folded into it, redacted, as the record is at that moment and not as a pass
read it earlier: an operator or a new commit may have changed it in between. Writes of one key are in order, and a
record is in the store before any observer is told.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from desired_state.instance import Key
from reconciler.core.ports.observer import Observer
from reconciler.core.ports.store import Reports, Store
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.advance import advance
from reconciler.core.status.events import Applying, Event
from reconciler.core.status.redaction import redacted
from reconciler.core.views import drift_report
from reconciler.engine.audit import RETENTION, Audit

_REPORT_TIMEOUT = timedelta(seconds=15)


class Records(Mapping[Key, Record]):
    """Every record by key. Reading is free; `begin`, `advance` and `forget` are the only ways to change one."""

    def __init__(
        self,
        store: Store,
        reports: Reports,
        observer: Observer,
        redactor: Redactor,
        *,
        now: Callable[[], datetime],
        retry_limit: int = 10,
        audit_retention: timedelta = RETENTION,
    ) -> None:
        self.audit = Audit(store, observer, redactor, now=now, retention=audit_retention)
        self._store, self._reports, self._observer, self._redactor = store, reports, observer, redactor
        self._now, self._retry_limit = now, retry_limit
        self._known: dict[Key, Record] = {}
        self._committed_at: dict[str, datetime] = {}
        self._locks: defaultdict[Key, asyncio.Lock] = defaultdict(asyncio.Lock)

    def __getitem__(self, key: Key) -> Record:
        """Return the record. Raises: KeyError."""
        return self._known[key]

    def __iter__(self) -> Iterator[Key]:
        """Iterate over the keys, in no order."""
        return iter(self._known)

    def __len__(self) -> int:
        """Count the records."""
        return len(self._known)

    async def load(self) -> None:
        """Read every record that an earlier process stored. Raises: StoreFailed."""
        await self.audit.load()
        self._known.update(await self._store.load())

    def remember_commit(self, commit: str, at: datetime) -> None:
        """Keep the time of a commit as long as a record may be measured by it."""
        used = {name for record in self._known.values() for name in (record.desired_commit, record.accepted_commit)}
        self._committed_at = {name: when for name, when in self._committed_at.items() if name in used} | {commit: at}

    async def begin(self, record: Record) -> Record:
        """Store the first record of an instance. Returns it with its version. Raises: StoreConflict."""
        async with self._locks[record.key]:
            return await self._write(None, record)

    async def advance(self, key: Key, event: Event) -> Record:
        """Fold an event into the record, store it, tell the observer. Returns the record afterwards.

        The beginning of an apply that people consented to is in the audit first. Raises: KeyError, StoreConflict.
        """
        async with self._locks[key]:
            old, now = self._known[key], self._now()
            new = advance(old, redacted(event, self._redactor), now=now, retry_limit=self._retry_limit)
            if new == old:
                return old
            if isinstance(event, Applying):
                await self.audit.begins(old, event.intent)
            new = await self._write(old, new)
            if old.intent and new.intent is None:
                await self.audit.ended(key, new)
        for name, text in drift_report.due(old, new, event, now):
            await self._keep(name, text)
        return new

    async def forget(self, key: Key) -> bool:
        """Delete the record of an instance whose state is empty. Returns False when its manifest is back.

        Raises: KeyError, StoreConflict.
        """
        async with self._locks[key]:
            record = self._known[key]
            if record.removed is None:
                return False
            await self._store.delete(record)
            del self._known[key]
            if record.intent:
                await self.audit.ended(key, None)
            self._observer.record_changed(record, None, commit_at=None)
            return True

    async def _keep(self, name: str, text: str) -> None:
        """Write a report. A failure is logged and no more: a report must not stand in the way of a repair."""
        try:
            async with asyncio.timeout(_REPORT_TIMEOUT.total_seconds()):
                await self._reports.keep(name, text)
        except Exception as failure:
            self._observer.log("report_failed", report=name, error=str(failure) or type(failure).__name__)

    async def _write(self, old: Record | None, new: Record) -> Record:
        new = new.replace(version=(old.version if old else 0) + 1)
        await self._store.save(new)
        self._known[new.key] = new
        self._observer.record_changed(old, new, commit_at=self._committed_at.get(new.applied_commit or ""))
        return new
