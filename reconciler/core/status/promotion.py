"""Promotion in the fold: which root tree an instance may take, and whether it settled with it.

A root change is a tree id that instances ask for and do not run yet. All that is known of it is in their records: which
instance may take it, which one settled with it, which one became `Degraded`. So the decision is a function of the
records, and the same after a restart. An instance that never ran takes what it finds: it has no older tree to stay on.
"""

import dataclasses
from datetime import datetime

from desired_state.instance import Instance, digest_source
from reconciler.core.record.consent import Promoted
from reconciler.core.record.model import Condition, Record
from reconciler.core.status.conditions import ready
from reconciler.core.vocabulary import ConditionType, Health, Reason

_CALM = frozenset({Reason.IN_SYNC, Reason.APPLIED})


def wants_tree(record: Record) -> bool:
    """Return whether Git asks for another tree of the same root than the one that the state was built from."""
    base, instance = record.base, record.instance
    if base is None or record.applied_at is None or base.root != instance.root:
        return False
    return base.tree_id != instance.tree_id


def admitted(record: Record) -> bool:
    """Return whether the instance may take the tree that Git asks for."""
    return record.promoted is not None and record.promoted.tree_id == record.instance.tree_id


def settled(record: Record) -> bool:
    """Return whether the instance settled with the tree that Git asks for, or never ran an older one."""
    return not wants_tree(record) and (
        not admitted(record) or (record.promoted is not None and record.promoted.settled)
    )


def failed_with_tree(record: Record) -> bool:
    """Return whether an instance that may take the tree is `Degraded` with it, or fails to apply it.

    One that was `Degraded` before, and may be fixed by the tree, has to have applied it first.
    """
    if not admitted(record) or record.promoted is None:
        return False
    degraded = record.health == Health.DEGRADED and not wants_tree(record) and record.intent is None
    return degraded or (record.failures is not None and not record.promoted.settled)


def with_tree(instance: Instance, tree_id: str) -> Instance:
    """Return the instance as Git asks for it, with another tree of its root."""
    source = digest_source(
        kind=instance.kind,
        key=instance.key,
        labels=instance.labels,
        spec=instance.spec,
        tree_id=tree_id,
        former=instance.former,
    )
    return dataclasses.replace(instance, tree_id=tree_id, source_digest=source)


def changes_service(record: Record, new: Instance) -> bool:
    """Return whether Git asks for another service. A changed root tree is no such change: it may be held back."""
    old = record.instance
    return new.kind == "Service" and with_tree(new, old.tree_id).source_digest != old.source_digest


def is_built_from_git(record: Record) -> bool:
    """Return whether the state was built from what Git asks for, or from as much of it as the instance may take now."""
    instance, base, promoted = record.instance, record.base, record.promoted
    if promoted and promoted.held and base:
        instance = with_tree(instance, base.tree_id)
    return record.applied_source == instance.source_digest


def admit_tree(record: Record, *, asked: bool) -> Record:
    """Return the record of an instance that may take the tree that Git asks for."""
    if admitted(record) and not asked:
        return record
    return record.replace(promoted=Promoted(record.instance.tree_id, asked=asked))


def hold_back_tree(record: Record, why: str) -> Record:
    """Return the record of an instance that stays with the tree that its state was built from."""
    tree_id = record.base.tree_id if record.base else record.instance.tree_id
    return record.replace(promoted=Promoted(tree_id, settled=True, held=why))


def update_promotion(before: Record, after: Record, now: datetime) -> Record:
    """Return the record with what an event means for its tree: it settled, or the reason that held it back is gone.

    Otherwise its headline says that the tree is held back, unless there is something worse to report.
    """
    promoted = after.promoted
    if promoted is None:
        return after
    if promoted.held and not wants_tree(after):
        promoted = dataclasses.replace(promoted, held=None)
    if not promoted.settled and _rests(after, promoted.tree_id):
        promoted = dataclasses.replace(promoted, settled=True)
    after = after if promoted == after.promoted else after.replace(promoted=promoted)
    headline = after.condition(ConditionType.READY)
    if headline is None:
        return after
    if promoted.held and headline.reason in {*_CALM, Reason.ROLLOUT_HELD}:
        return _headed(after, before.condition(ConditionType.READY), headline, promoted.held, now)
    if promoted.held is None and headline.reason == Reason.ROLLOUT_HELD:
        return ready(after, now, headline.status, Reason.IN_SYNC, "")
    return after


def _headed(record: Record, old: Condition | None, new: Condition, why: str, now: datetime) -> Record:
    """Return the record with this headline and the age of an equal one."""
    since = old.since if old and (old.status, old.reason) == (new.status, Reason.ROLLOUT_HELD) else now
    headline = Condition(ConditionType.READY, new.status, Reason.ROLLOUT_HELD, why, since)
    return record.replace(conditions={**record.conditions, ConditionType.READY: headline})


def _rests(record: Record, tree_id: str) -> bool:
    applied = record.base is not None and record.base.tree_id == tree_id and record.applied_digest is not None
    calm = record.intent is None and record.failures is None
    return applied and calm and (record.health == Health.HEALTHY or record.reason == Reason.AWAITING_FIRST_IMAGE)
