"""The state in the fold: the one that the record knows, the one that was found instead, and the decision between them.

A lost state ends what was said about the instance: no plan of it, no approval and no sync status stay.
"""

import dataclasses
from datetime import datetime

from reconciler.core.record.model import Record
from reconciler.core.record.state import FromEmpty, KnownState, StateSeen
from reconciler.core.status import drift
from reconciler.core.status.conditions import idle, ready
from reconciler.core.status.events import StateMissed
from reconciler.core.vocabulary import Reason, Sync


def planned(record: Record, seen: StateSeen | None, now: datetime) -> Record:
    """Return the record after a plan was made from that state, which is the known one from now on."""
    if seen is None:
        return record
    old = record.state
    state = KnownState(seen, from_empty=old.from_empty, adopted=old.adopted) if old else KnownState(seen)
    if old and old.was_written_since(seen):  # a difference need not come from the root any more
        record = record.replace(unsettled=None)
    return _found_again(record.replace(state=state), now)


def matched(record: Record, seen: StateSeen | None) -> Record:
    """Return the record once the instance matches: permissions to create or to adopt are used up."""
    state = KnownState(seen) if seen else record.state and KnownState(record.state.seen)
    return record.replace(state=state)


def missed(record: Record, event: StateMissed, now: datetime) -> Record:
    """Return the record when its state is lost: it waits for an operator, and every visit looks again."""
    old = record.state or KnownState(event.known)
    record = doubted(idle(record), Reason.STATE_LOST).replace(
        state=dataclasses.replace(old, found=event.found), requested_at=None, running=None, unlock=None
    )
    return ready(record, now, False, Reason.STATE_LOST, event.message)


def doubted(record: Record, reason: Reason) -> Record:
    """Return the record without what was said of a state that is lost: Terraform may notice that before a plan."""
    if reason != Reason.STATE_LOST:
        return record
    return record.replace(sync=Sync.UNKNOWN, plan=None, approval=None, checked_at=None)


def adopted(record: Record, now: datetime) -> Record:
    """Return the record with the state that was found as the known one; nothing is known to match it."""
    if record.state is None or record.state.found is None:
        return record
    state = KnownState(record.state.found, adopted=True)
    return _found_again(drift.gone(record.replace(state=state, applied_digest=None)), now)


def allowed(record: Record, permission: FromEmpty | None) -> Record:
    """Return the record with the permission to start from an empty state, which nothing is known to match."""
    if record.state is None or permission is None:
        return record
    state = dataclasses.replace(record.state, from_empty=permission)
    return drift.gone(record.replace(state=state, applied_digest=None))


def _found_again(record: Record, now: datetime) -> Record:
    if record.reason != Reason.STATE_LOST:
        return record
    return ready(record, now, False, Reason.PROGRESSING, "its state is known again; planned from it")
