"""Set and clear conditions; used by the fold only.

A condition keeps the time since it holds: `since` changes only with its status or its reason.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from reconciler.core.record.model import Condition, Record
from reconciler.core.vocabulary import ConditionType, Reason


def with_condition(
    record: Record, now: datetime, kind: ConditionType, status: bool, reason: Reason, message: str
) -> Record:
    """Return the record with this condition."""
    old = record.conditions.get(kind)
    since = old.since if old and (old.status, old.reason) == (status, reason) else now
    return record.replace(conditions={**record.conditions, kind: Condition(kind, status, reason, message, since)})


def ready(record: Record, now: datetime, status: bool, reason: Reason, message: str) -> Record:
    """Return the record with this headline."""
    return with_condition(record, now, ConditionType.READY, status, reason, message)


def without_conditions(
    record: Record, *kinds: ConditionType, only: Collection[Reason] | None = None
) -> Mapping[ConditionType, Condition]:
    """Return the conditions without these kinds; with `only`, without those of these reasons."""
    return {
        kind: condition
        for kind, condition in record.conditions.items()
        if kind not in kinds or (only is not None and condition.reason not in only)
    }


def idle(record: Record) -> Record:
    """Return the record of an instance without a pass in progress."""
    return record.replace(conditions=without_conditions(record, ConditionType.RECONCILING))
