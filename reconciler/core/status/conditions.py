"""Conditions set and taken back, by the parts of the fold and by nobody else.

A condition keeps the time at which it became what it is: `since` moves only with its status or its reason.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from reconciler.core.record.model import Condition, Record
from reconciler.core.vocabulary import ConditionType, Reason


def with_condition(
    record: Record, now: datetime, kind: ConditionType, status: bool, reason: Reason, message: str
) -> Record:
    """The record with this condition."""
    old = record.conditions.get(kind)
    since = old.since if old and (old.status, old.reason) == (status, reason) else now
    return record.replace(conditions={**record.conditions, kind: Condition(kind, status, reason, message, since)})


def ready(record: Record, now: datetime, status: bool, reason: Reason, message: str) -> Record:
    """The record with this headline."""
    return with_condition(record, now, ConditionType.READY, status, reason, message)


def without_conditions(
    record: Record, *kinds: ConditionType, only: Collection[Reason] | None = None
) -> Mapping[ConditionType, Condition]:
    """The conditions that are left without these kinds; with `only`, without those of these reasons."""
    return {
        kind: condition
        for kind, condition in record.conditions.items()
        if kind not in kinds or (only is not None and condition.reason not in only)
    }


def idle(record: Record) -> Record:
    """The record of an instance at which nobody works now."""
    return record.replace(conditions=without_conditions(record, ConditionType.RECONCILING))
