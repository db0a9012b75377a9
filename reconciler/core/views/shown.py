"""The status of an instance as readers see it: derived from all that its record knows.

A record keeps what the last plan found and the headline of the last pass. Both are right for what Git asked at that
time, and neither says that ECS took a version back or that Git asks for something else by now.
"""

from collections.abc import Mapping

from desired_state.service import ServiceSpec
from reconciler.core.record.model import Record
from reconciler.core.status.promotion import is_built_from_git
from reconciler.core.vocabulary import Reason, Sync

_PENDING = {Sync.IN_SYNC: Sync.PENDING, Sync.DRIFTED: Sync.PENDING_AND_DRIFTED}


def sync(record: Record) -> Sync:
    """Return the sync state. It is never `InSync` while Git asks for something that is not in force."""
    return _PENDING.get(record.sync, record.sync) if _is_pending(record) else record.sync


def _is_pending(record: Record) -> bool:
    moved = record.removed is not None or not is_built_from_git(record)
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
