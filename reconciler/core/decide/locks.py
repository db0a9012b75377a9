"""Ownership of a state lock. A lock is broken only when a record proves that it is ours, or an operator names its id.

Terraform writes into a lock who took it (`user@host`), for which operation and when. That alone proves little: an
engineer on the same machine has the same name. So the record says which lock an apply was seen to hold and, for a run
that ended before that was seen, who ran and since when. Whether the holder is dead is a separate question, which the
engine asks.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reconciler.core.ports.terraform import LockInfo
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Holder

_SECOND = timedelta(seconds=1)  # Terraform's times are compared in whole seconds


@dataclass(frozen=True, slots=True)
class Ours:
    """The lock of one of our runs. `certain`: its id was recorded; else name and time fit a run that never ended."""

    holder: Holder
    certain: bool


@dataclass(frozen=True, slots=True)
class NamedByOperator:
    """An operator named this lock's id and asked to break it."""


@dataclass(frozen=True, slots=True)
class NotOurs:
    """Nothing in the record proves that the lock is ours."""


def judge(lock: LockInfo, record: Record) -> Ours | NamedByOperator | NotOurs:
    """Judge whose lock it is, as far as the instance's record shows."""
    if record.unlock == lock.id:
        return NamedByOperator()
    intent = record.intent
    if intent and intent.holder and intent.lock_id:
        if intent.lock_id == lock.id:
            return Ours(intent.holder, certain=True)
        intent = None  # the apply held another lock: it says nothing of this one
    for trace in (intent, record.running):
        if trace and trace.holder and trace.holder.who == lock.who and _taken(lock, trace.at):
            return Ours(trace.holder, certain=False)
    return NotOurs()


def _taken(lock: LockInfo, since: datetime) -> bool:
    """Return whether the lock was taken at that time or later."""
    created = created_at(lock)
    return created is not None and created >= since - _SECOND


def created_at(lock: LockInfo) -> datetime | None:
    """Return when the lock was taken; None when it does not say.

    Terraform writes RFC 3339 into the lock, and Go's own notation into messages; both are UTC and agree in their first
    19 characters.
    """
    try:
        return datetime.fromisoformat(lock.created[:19].replace(" ", "T")).replace(tzinfo=UTC)
    except ValueError:
        return None


def explain(lock: LockInfo, record: Record, *, ours: bool) -> str:
    """Describe a lock that stays, for the instance's condition."""
    since = f"by {lock.who or 'an unknown holder'} since {lock.created or 'an unknown time'}"
    what = f"the state is locked {since} ({lock.operation or 'unknown operation'}, {lock.id})"
    why = (
        "it looks like the daemon's own, but its holder may still be running" if ours else "the daemon did not take it"
    )
    return f"{what}; {why}. Once its holder is gone: `reconciler unlock {record.key} --lock-id {lock.id}`"
