"""The one writer of the audit.

An act is written before it takes effect, and is refused when that fails: nothing is done that cannot be recorded. What
has happened already (a refusal, the end of an apply) is written as soon as the store takes it. Each entry is one line
of the log too.
"""

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from desired_state.instance import Key
from reconciler.core.decide.consents import causes, outcome
from reconciler.core.ports.control import ActionRefused
from reconciler.core.ports.observer import Observer
from reconciler.core.ports.store import AuditTrail
from reconciler.core.record.audit import (
    APPLY,
    DAEMON,
    OF_DAEMON,
    Act,
    AuditEntry,
    AuditFilter,
    Cause,
    Result,
    entry_id,
    first_id,
)
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Intent
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.views.audit import audit_entry
from reconciler.core.visible import plainly

RETENTION = timedelta(days=365)
_TICK = timedelta(microseconds=1)
_UNWRITTEN_KEPT = 1000
_SEARCHED = 200
_LONGEST_NAME, _LONGEST_DETAIL = 120, 500
_NOT_RECORDED = "the audit cannot be written, so nothing was done; the daemon's log says why, try again later"


class Audit:
    """Writes and reads entries. Their times increase, so that their order is that of the acts."""

    def __init__(
        self,
        trail: AuditTrail,
        observer: Observer,
        redactor: Redactor,
        *,
        now: Callable[[], datetime],
        retention: timedelta = RETENTION,
    ) -> None:
        self._trail, self._observer, self._redactor = trail, observer, redactor
        self._now, self._retention = now, retention
        self._last: datetime | None = None
        self._writing = asyncio.Lock()
        self._unwritten: deque[AuditEntry] = deque(maxlen=_UNWRITTEN_KEPT)
        self._started: dict[Key, AuditEntry | None] = {}  # by instance, the entry of the apply that runs now

    async def load(self) -> None:
        """Continue after the last entry that an earlier process stored. Raises: StoreFailed."""
        for newest in await self._trail.entries(AuditFilter(), limit=1):
            self._last = newest.at

    async def page(self, wanted: AuditFilter, *, limit: int, before: str | None = None) -> Sequence[AuditEntry]:
        """Return the newest entries first, of those before the entry `before`. Raises: StoreFailed."""
        since = first_id(self._now() - self._retention)
        return await self._trail.entries(wanted, limit=limit, before=before, since=since)

    @asynccontextmanager
    async def of_accepted(self, act: Act) -> AsyncIterator[None]:
        """Write the act, then let the block carry it out. Raises: ActionRefused when it cannot be written."""
        try:
            entry = await self._write(act, "accepted")
        except Exception as failure:
            self._observer.crashed("audit", action=act.action, subject=act.subject)
            self._later(act, "refused", _NOT_RECORDED)
            raise ActionRefused(_NOT_RECORDED, code="not_recorded") from failure
        try:
            yield
        except Exception as failure:
            await self._late(act, "failed", f"{type(failure).__name__}: {failure}", (_cause(entry),))
            raise

    async def refused(self, act: Act, why: str) -> None:
        """Write an act that was refused; later, when the store fails now."""
        await self._late(act, "refused", why)

    async def begins(self, record: Record, intent: Intent) -> None:
        """Write that an apply begins which people consented to. Raises: StoreFailed; nothing is applied then."""
        key = record.key
        if record.intent and (left := await self._running(key)):
            await self._late(left.act, "unknown", "the daemon was stopped before the end was known", left.follows)
        self._started[key] = None
        if not causes(record, intent, ()):
            return
        known = await self.page(AuditFilter((str(key),)), limit=_SEARCHED)
        options = ("destroy",) if intent.destroys else ()
        commit = record.desired_commit or record.accepted_commit
        act = Act(APPLY, str(key), DAEMON, OF_DAEMON, digest=intent.plan_digest, commit=commit, options=options)
        self._started[key] = await self._write(act, "started", causes(record, intent, known))

    async def ended(self, key: Key, after: Record | None) -> None:
        """Write what that apply came to; later, when the store fails now. Never raises."""
        try:
            started = await self._running(key)
        except Exception:
            self._observer.crashed("audit", action=APPLY, subject=str(key))
            return
        self._started.pop(key, None)
        if started:
            await self._late(started.act, *outcome(after), started.follows)

    async def flush(self) -> None:
        """Write the entries that the store did not take yet. Never raises."""
        async with self._writing:
            try:
                while self._unwritten:
                    entry = self._unwritten[0]
                    await self._trail.keep_entry(entry, until=entry.at + self._retention)
                    if self._unwritten[0] is entry:  # unless too many came meanwhile
                        self._unwritten.popleft()
            except Exception:
                self._observer.crashed("audit", entries=len(self._unwritten))

    async def _running(self, key: Key) -> AuditEntry | None:
        """Return the entry of the apply that runs, or that an earlier process began."""
        if key in self._started:
            return self._started[key]
        newest = await self.page(AuditFilter((str(key),), action=APPLY), limit=1)
        return next((entry for entry in newest if entry.result == "started"), None)

    async def _write(self, act: Act, result: Result, follows: tuple[Cause, ...] = ()) -> AuditEntry:
        async with self._writing:
            entry = self._entry(act, result, "", follows)
            await self._trail.keep_entry(entry, until=entry.at + self._retention)
        self._log(entry)
        return entry

    async def _late(self, act: Act, result: Result, detail: str, follows: tuple[Cause, ...] = ()) -> None:
        self._later(act, result, detail, follows)
        await self.flush()

    def _later(self, act: Act, result: Result, detail: str, follows: tuple[Cause, ...] = ()) -> None:
        entry = self._entry(act, result, detail, follows)
        self._unwritten.append(entry)
        self._log(entry)

    def _entry(self, act: Act, result: Result, detail: str, follows: tuple[Cause, ...]) -> AuditEntry:
        at = self._now()
        self._last = at = at if self._last is None else max(at, self._last + _TICK)
        said = plainly(" ".join(self._redactor.text(detail).split()), _LONGEST_DETAIL)
        return AuditEntry(entry_id(at, uuid.uuid4().hex[:8]), at, self._redacted(act), result, said, follows)

    def _redacted(self, act: Act) -> Act:
        """Return an act as it may be stored: without secrets, and its subject, which may be invented, readable."""
        redact = self._redactor.text
        return replace(
            act,
            action=plainly(redact(act.action), _LONGEST_NAME),
            subject=plainly(redact(act.subject), _LONGEST_NAME),
            by=redact(act.by),
            reason=act.reason and redact(act.reason),
            digest=act.digest and redact(act.digest),
            options=tuple(map(redact, act.options)),
        )

    def _log(self, entry: AuditEntry) -> None:
        """Write the one log line of an entry, without its empty fields."""
        fields = {name: value for name, value in audit_entry(entry).items() if value not in (None, "", [])}
        self._observer.log("audit", **fields)


def _cause(entry: AuditEntry) -> Cause:
    return Cause(entry.id, entry.act.by, entry.act.proof)
