"""Classification of a plan: pending changes from Git, drift in AWS, or both.

One normal plan answers both questions. At the applied digest a planned change is drift when something moved: Terraform
lists it among the outside changes (`resource_drift`), or an earlier plan of the same desired state was empty. That list
also has what no plan would repair, without noise: attributes that providers compute, counts that an autoscaler owns,
revisions that a pipeline registers. A change that is planned right after an apply without any move comes from the root.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from desired_state.kinds.policy import Ignore
from reconciler.core.plan.equivalence import both_nothing, same_members, same_protocol
from reconciler.core.plan.model import UNKNOWN, Change, Plan, spots
from reconciler.core.plan.outside.outdated import split
from reconciler.core.plan.outside.schema import ResourceSchemas
from reconciler.core.plan.paths import covers, head, names, steps
from reconciler.core.plan.summary import operation
from reconciler.core.vocabulary import Reason, Sync

# Attributes that something outside of the state owns by design, which neither a schema nor a reference tells. Source of
# the first four: the notes on `lifecycle` and on these attributes in the documentation of the AWS provider.
_OWNED_ELSEWHERE: Mapping[str, frozenset[str]] = {
    # Schedules set them. What a plan would change of them is drift all the same: a schedule in force is an input.
    "aws_appautoscaling_target": frozenset({"min_capacity", "max_capacity"}),
    "aws_default_network_acl": frozenset({"subnet_ids"}),  # AWS: every subnet that names no other
    "aws_dynamodb_table": frozenset({"read_capacity", "write_capacity"}),  # autoscaling
    "aws_ecs_service": frozenset({"desired_count", "task_definition"}),  # autoscaling; pipelines
    "aws_ssm_parameter": frozenset({"value"}),  # the pointer that builds move: terraform/modules/pipeline
}
_TAINTED = "replace_because_tainted"  # by hand: no attribute needs to differ
# `tags_all` is `tags` with the provider's `default_tags`: a change of either is told there. No root sets the other two,
# although the provider's SDK declares `id` as optional for every resource.
_DERIVED = frozenset({"tags_all", "id", "arn"})


@dataclass(frozen=True, slots=True)
class DriftFinding:
    """The sync state of a plan, and its drift: the reason, and what changed on which resources.

    The attributes of `drifted` map to the applied value and the value that was found. `harmless`: the plan has changes,
    but each of them is ignored by a rule or changes no meaning. `outside` is all that Terraform says changed outside of
    it, without noise, whether or not it counts as drift; only the state does not know the part `outdated`, and
    `unexplained` says whether there is another part. `unsettled` is planned at the applied digest, and no move explains
    it.
    """

    sync: Sync
    reason: Reason | None
    drifted: tuple[Change, ...]
    harmless: bool = False
    outside: tuple[Change, ...] = ()
    unsettled: tuple[Change, ...] = ()
    outdated: tuple[Change, ...] = ()
    unexplained: bool = False


def classify(
    plan: Plan,
    *,
    applied_digest: str | None,
    desired_digest: str,
    ignore: Sequence[Ignore],
    rolled_back: bool,
    now: datetime,
    unsettled: Collection[str] | None = None,
    of_state: Plan | None = None,
    other_provider: bool = False,
) -> DriftFinding:
    """Classify the plan: pending changes, drift, or both.

    An unknown applied digest counts as a change in Git, because nothing is known to have been applied. `rolled_back`:
    ECS returned the service to its previous task definition; that difference is a failed rollout, not drift.
    `unsettled`: no plan was empty since the last apply; the spots at which the root is known to differ from itself.
    `of_state` and `other_provider` tell what only the state does not know, see `reconciler.core.plan.outside.outdated`.
    """
    outside = changed_outside(plan, ignore, now)
    moves, outdated = split(outside, of_state, plan, other_provider=other_provider)
    found = _classified(plan, moves, applied_digest, desired_digest, ignore, rolled_back, now, unsettled)
    return replace(found, outside=outside, outdated=outdated, unexplained=bool(moves))


def _classified(
    plan: Plan,
    moves: tuple[Change, ...],
    applied_digest: str | None,
    desired_digest: str,
    ignore: Sequence[Ignore],
    rolled_back: bool,
    now: datetime,
    unsettled: Collection[str] | None,
) -> DriftFinding:
    if rolled_back or plan.imports:  # a resource that is yet to be adopted cannot have drifted
        return DriftFinding(Sync.PENDING, None, ())
    if applied_digest == desired_digest and not plan.partial:
        found = _at_rest(plan, tuple(_meaningful(plan, ignore, now)), moves, unsettled)
        if not plan.has_bookkeeping or found.reason not in {None, Reason.UNMANAGED_ADDITION}:
            return found
    if plan.is_empty and not plan.partial:
        return DriftFinding(Sync.IN_SYNC, None, ())
    if moves and applied_digest is not None:
        return DriftFinding(Sync.PENDING_AND_DRIFTED, _reason(moves), moves)
    return DriftFinding(Sync.PENDING, None, ())


def _at_rest(
    plan: Plan, planned: tuple[Change, ...], moves: tuple[Change, ...], unsettled: Collection[str] | None
) -> DriftFinding:
    """Classify the plan of what was applied already; `planned` are the changes that change a meaning."""
    repairs = tuple(_as_drift(change) for change in planned if not spots([change]) <= set(unsettled or ()))
    if repairs and (unsettled is None or moves or any(_has_moved(change, plan.drift) for change in planned)):
        return DriftFinding(Sync.DRIFTED, _reason(repairs), repairs)
    harmless = bool(plan.changes) and not (planned or plan.outputs or plan.others)
    if moves:
        return DriftFinding(Sync.DRIFTED, Reason.UNMANAGED_ADDITION, moves, harmless, unsettled=planned)
    return DriftFinding(Sync.PENDING if planned else Sync.IN_SYNC, None, (), harmless, unsettled=planned)


def _has_moved(planned: Change, drift: Iterable[Change]) -> bool:
    """Return whether Terraform saw the resource change outside where the plan would change it."""
    return any(
        moved.address == planned.address and (moved.deletes or not _heads(moved).isdisjoint(_heads(planned)))
        for moved in drift
    )


def _heads(change: Change) -> frozenset[str]:
    return frozenset(map(head, change.attributes))


def classify_destroy(plan: Plan, *, ignore: Sequence[Ignore], now: datetime) -> DriftFinding:
    """Classify the plan of a destroy: every change is pending, whatever the applied digest is."""
    return DriftFinding(Sync.PENDING, None, (), outside=changed_outside(plan, ignore, now))


def changed_outside(plan: Plan, ignore: Sequence[Ignore], now: datetime) -> tuple[Change, ...]:
    """Return what Terraform says changed outside of it, without noise."""
    return tuple(_normalised(plan, ignore, now))


def _reason(changes: Iterable[Change]) -> Reason:
    gone = any(change.actions == ("delete",) for change in changes)
    return Reason.MISSING_RESOURCE if gone else Reason.OUT_OF_BAND_CHANGE


def _meaningful(plan: Plan, ignore: Sequence[Ignore], now: datetime) -> Iterable[Change]:
    changes = (change for change in plan.changes if not change.is_bookkeeping)
    return (change for change in _without_ignored(changes, ignore, now) if _changes_meaning(change, plan.schemas))


def _changes_meaning(change: Change, schemas: ResourceSchemas) -> bool:
    """Return whether a planned change differs in more than notation, and in more than what follows from notation."""
    if operation(change.actions) not in {"update", "replace"} or change.reason == _TAINTED:
        return True
    return any(
        _differs(path, old, new) and not (new == UNKNOWN and _is_owned(change.type, path, schemas))
        for path, (old, new) in change.attributes.items()
    )


def _differs(path: str, old: Any, new: Any) -> bool:
    """Return whether two values differ in meaning. Whatever remains of normalised container definitions does."""
    if path.startswith("container_definitions."):
        return True
    return not both_nothing(old, new) and not same_protocol(path, old, new)


def _as_drift(change: Change) -> Change:
    """Turn a planned repair into what happened in AWS. Values that follow from other values are left out."""
    change = replace(change, previous=None, reason=None, replace_paths=())
    if change.actions == ("create",):
        return replace(change, actions=("delete",), attributes={})
    if change.actions == ("delete",):
        return replace(change, actions=("create",), attributes={})
    turned = {path: (new, old) for path, (old, new) in change.attributes.items() if _differs(path, old, new)}
    known = {path: values for path, values in turned.items() if values[0] != UNKNOWN}
    return replace(change, actions=("update",), attributes=known or turned)


def _normalised(plan: Plan, ignore: Sequence[Ignore], now: datetime) -> Iterable[Change]:
    for change in _without_ignored(plan.drift, ignore, now):
        attributes = {
            path: (old, new)
            for path, (old, new) in change.attributes.items()
            if not _is_noise(change, path, old, new, plan.schemas)
        }
        if attributes or change.deletes:
            yield replace(change, attributes=attributes)


def _is_noise(change: Change, path: str, old: Any, new: Any, schemas: ResourceSchemas) -> bool:
    attribute = head(path)
    return (
        _is_owned(change.type, path, schemas)
        or attribute in change.watched
        or not _differs(path, old, new)
        or same_members(change.before.get(attribute), change.after.get(attribute))
    )


def _is_owned(kind: str, path: str, schemas: ResourceSchemas) -> bool:
    attribute, owned = head(path), _OWNED_ELSEWHERE.get(kind, frozenset())
    return attribute in _DERIVED or attribute in owned or schemas.is_computed(kind, steps(path))


def _without_ignored(changes: Iterable[Change], ignore: Sequence[Ignore], now: datetime) -> Iterable[Change]:
    """Yield changes without what a rule ignores until its end date; a rule past that date ignores nothing."""
    rules = [rule for rule in ignore if now.date() <= rule.until]
    for change in changes:
        mine = [rule.path for rule in rules if names(rule.address, change.address)]
        attributes = {
            path: values
            for path, values in change.attributes.items()
            if not any(covers(ignored, path) for ignored in mine)
        }
        if attributes or change.actions != ("update",):
            yield replace(change, attributes=attributes)
