"""The status of an instance as readers see it: sync state, headline and conditions, derived from its whole record.

A record keeps what the last plan found and the headline of the last pass. Both are right for what Git asked at that
time, and neither says that ECS took a version back or that Git asks for something else by now, which may be unreadable.
"""

import dataclasses
from collections.abc import Mapping

from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.record.model import Condition, Record
from reconciler.core.status.promotion import is_built_from_git
from reconciler.core.vocabulary import ConditionType, Reason, Sync

_PENDING = {Sync.IN_SYNC: Sync.PENDING, Sync.DRIFTED: Sync.PENDING_AND_DRIFTED}


def sync(record: Record) -> Sync:
    """Return the sync state. It is never `InSync` while Git asks for something that is not in force."""
    return _PENDING.get(record.sync, record.sync) if _is_pending(record) else record.sync


def headline(record: Record) -> Condition | None:
    """Return the condition that sums up the instance: its `Ready`, which is never true while it is stalled.

    A rejected manifest goes first: nothing else that is found is about what Git asks for now.
    """
    ready, stalled = record.condition(ConditionType.READY), _rejected(record) or record.condition(ConditionType.STALLED)
    if stalled is None:
        return ready
    if stalled.reason is Reason.INVALID_MANIFEST and ready and not ready.status:
        message = f"{stalled.message}; what is effective: {ready.reason}: {ready.message}".removesuffix(": ")
        return dataclasses.replace(stalled, type=ConditionType.READY, status=False, message=message)
    if stalled.reason is Reason.INVALID_MANIFEST or (ready and ready.status):
        return dataclasses.replace(stalled, type=ConditionType.READY, status=False)
    return ready


def conditions(record: Record) -> Mapping[ConditionType, Condition]:
    """Return the conditions, with the headline as `Ready`."""
    found = headline(record)
    return {**record.conditions, ConditionType.READY: found} if found else record.conditions


def has_reason(record: Record, reason: str) -> bool:
    """Return whether this is a reason of the instance: the one that is shown, the last pass's, or that of a stall."""
    found = (headline(record), record.condition(ConditionType.READY), record.condition(ConditionType.STALLED))
    return any(condition is not None and condition.reason == reason for condition in found)


def _rejected(record: Record) -> Condition | None:
    if found := record.rejected:
        return Condition(ConditionType.STALLED, True, Reason.INVALID_MANIFEST, found.message, found.since)
    stalled = record.condition(ConditionType.STALLED)  # all that a former version wrote of it
    return stalled if stalled and stalled.reason is Reason.INVALID_MANIFEST else None


def _is_pending(record: Record) -> bool:
    moved = record.removed is not None or not is_built_from_git(record) or _rejected(record) is not None
    return moved or _was_rolled_back(record) or _awaits_image_of_git(record)


def _was_rolled_back(record: Record) -> bool:
    ended = record.rollout.ended if record.rollout else None
    return Reason.ROLLED_BACK in {ended, record.reason}


def _awaits_image_of_git(record: Record) -> bool:
    """Return whether the state was built with the placeholder because the tag in Git was not pushed yet."""
    spec = record.instance.spec
    if not isinstance(spec, ServiceSpec) or spec.image is None or record.base is None:
        return False
    image = record.base.variables.get("image")
    return isinstance(image, Mapping) and image.get("uri") is None
