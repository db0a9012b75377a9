"""The verdict: what to do about a plan and about drift. A reason to wait is a value too."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from desired_state.instance import Key
from reconciler.core.decide.consent import (
    consents,
    effective_mode,
    expired_approval,
    explain_rejection,
    is_enough,
    missing_approvals,
    outside_windows,
    rejection_of,
)
from reconciler.core.environment import Environment
from reconciler.core.live import LiveService, RolloutState
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import Plan, describe, spots
from reconciler.core.plan.summary import UNNAMED, PlanSummary
from reconciler.core.policy import adoption, principals, removal, serving
from reconciler.core.policy import rules as policy
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Record, Response
from reconciler.core.status import recovery, refresh
from reconciler.core.status.drift import is_same, never_settles, repair_count, unconfirmed
from reconciler.core.status.events import Waiting
from reconciler.core.vocabulary import ConditionType, Reason, Sync
from reconciler.core.wording import first_few

_SPOTS = 5


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """AWS is as Git wants it."""


@dataclass(frozen=True, slots=True)
class Apply:
    """Apply this plan now. A plan without changes only writes the state."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """AWS is as Git wants it, and only the state does not know: apply the empty plan, so that it learns."""


@dataclass(frozen=True, slots=True)
class AwaitApproval:
    """The plan's digest needs an approval first; `agreed` are the people who approve it already."""

    message: str
    agreed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Show the plan and apply nothing."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class ConfirmDrift:
    """Drift was seen for the first time; a second drift check has to confirm it."""


Verdict = NothingToDo | Apply | Refresh | AwaitApproval | Report


@dataclass(frozen=True, slots=True)
class VerdictLimits:
    """Limits of a verdict. `repairs`: of the same drift within a day; `approval`: how long an approval is valid."""

    repairs: int = 3
    approval: timedelta = timedelta(days=1)
    rules: policy.Rules = field(default_factory=policy.Rules)


def verdict(
    plan: Plan,
    finding: DriftFinding,
    record: Record,
    environment: Environment,
    *,
    image: str | None,
    now: datetime,
    limits: VerdictLimits = VerdictLimits(),
    objection: str | None = None,
    freeze: Freeze | None = None,
) -> Verdict:
    """Decide what to do about a plan. The plan of a destroy is decided here too; its gate was the prune gate.

    `image` is the image that the plan would run, `objection` the reason why the external policy check denies the plan,
    `freeze` the freeze of the environment.
    """
    found = _without_freeze(plan, finding, record, environment, image, now, limits, objection)
    if freeze and isinstance(found, Apply):
        return Report(Reason.FROZEN, f"{describe(plan)}; {freeze.describe()}")
    return NothingToDo() if freeze and isinstance(found, Refresh) else found


def _without_freeze(
    plan: Plan,
    finding: DriftFinding,
    record: Record,
    environment: Environment,
    image: str | None,
    now: datetime,
    limits: VerdictLimits,
    objection: str | None,
) -> Verdict:
    if plan.partial:
        return Report(Reason.PLAN_FAILED, f"{describe(plan)}; {plan.partial}: only a whole plan is applied")
    mode = effective_mode(record.instance.policy, environment)
    if mode != "observe" and recovery.is_unrecorded(plan, finding.outside, record):
        return Apply()
    if mode != "observe" and refresh.is_due(record, plan, finding):
        return Refresh()
    if plan.is_empty or finding.harmless:
        return NothingToDo()
    if refused := _refused(plan, record, limits, objection):
        return refused
    if mode == "observe":
        return Report(Reason.OBSERVED, f"{describe(plan)}; the mode is observe, so nothing is applied")
    if record.rollout and repeats_rollback(record, image):
        return Report(Reason.ROLLED_BACK, record.rollout.message)
    approved = is_enough(consents(plan.digest, record, limits.approval, now), environment)
    if not approved and (stop := _without_consent(plan, finding, record, environment, limits, now)):
        return stop
    if outside_windows(record, record.instance.policy, environment, now):
        return Report(Reason.OUTSIDE_WINDOW, f"{describe(plan)}; waits for its change window")
    return Apply()


def _refused(plan: Plan, record: Record, limits: VerdictLimits, objection: str | None) -> Report | None:
    """Return why no approval could make this plan acceptable; None when nothing forbids it."""
    key = str(record.key)
    if denied := policy.violations(plan, limits.rules, key):
        return Report(Reason.POLICY_DENIED, f"{describe(plan)}; {policy.explain(denied, key)}")
    if objection:
        return Report(Reason.POLICY_DENIED, f"{describe(plan)}; {objection}")
    if refused := principals.refusal(plan) or removal.refusal(plan) or serving.refusal(plan):
        return Report(Reason.POLICY_DENIED, f"{describe(plan)}; {refused}")
    if not record.attempted and (refused := adoption.refusal(plan)):
        return Report(Reason.ADOPTION_REFUSED, f"{describe(plan)}; {refused}")
    return None


def waiting(found: AwaitApproval | Report, move: PlanSummary | None = None) -> Waiting:
    """Return the event of a plan that is not applied; `move` is the plan of a rename."""
    if isinstance(found, AwaitApproval):
        return Waiting(Reason.AWAITING_APPROVAL, found.message, move, keeps_approval=bool(found.agreed))
    return Waiting(found.reason, found.message, move)


def response(found: Verdict) -> Response:
    """Return what a verdict means for drift: a repair, a wait, or a report only."""
    match found:
        case Apply():
            return "heal"
        case AwaitApproval() | Report(Reason.OUTSIDE_WINDOW | Reason.FROZEN):
            return "wait"
        case _:
            return "report"


def confirm_first(found: Verdict, record: Record) -> Verdict | ConfirmDrift:
    """Return the verdict, unless it concerns drift that was seen only once. `record` already holds this plan.

    Changes from Git do not wait for a second check, and neither does a plan that changes nothing.
    """
    if record.sync == Sync.DRIFTED and unconfirmed(record) and not isinstance(found, NothingToDo):
        return ConfirmDrift()
    return found


def skips_confirmation(record: Record, live: LiveService | None) -> bool:
    """Return whether an operator requested a pass over a service that ECS rolled back, so that no second check is
    needed.
    """
    return record.requested_at is not None and live is not None and live.rollout == RolloutState.ROLLED_BACK


def plan_waits(record: Record) -> bool:
    """Return whether a plan waits, so that its reason is the headline instead of the state of the rollout.

    Drift that was seen once, or that no plan would repair, makes nothing wait.
    """
    if record.sync != Sync.DRIFTED or record.drift is None:
        return record.sync != Sync.IN_SYNC
    return record.drift.confirmed is not None and record.drift.reason != Reason.UNMANAGED_ADDITION


def _fight(finding: DriftFinding, record: Record, limits: VerdictLimits, now: datetime) -> Report | None:
    """Return a report that ends repairs of drift that keeps coming back; None while repairs may go on.

    Something else keeps changing it and has to be found. Time alone does not restart the repairs.
    """
    if finding.sync != Sync.DRIFTED:
        return None
    moved = [change.summary() for change in finding.drifted]
    stalled = record.condition(ConditionType.STALLED)
    goes_on = stalled is not None and stalled.reason == Reason.DRIFT_FIGHT and is_same(record.drift, moved)
    times = repair_count(record, moved, now)
    if times < limits.repairs and not goes_on:
        return None
    places = ", ".join(change.address for change in finding.drifted[:3])
    return Report(
        Reason.DRIFT_FIGHT,
        f"{places}: came back {max(times, limits.repairs)} times within a day after repairs; find out what"
        f" changes it, then `reconciler reconcile {record.key}`",
    )


def _without_consent(
    plan: Plan, finding: DriftFinding, record: Record, environment: Environment, limits: VerdictLimits, now: datetime
) -> AwaitApproval | Report | None:
    """Return why a plan without approval is not applied; None when it needs none."""
    if never_settles(record, finding):
        return Report(Reason.NEVER_SETTLES, _differs_from_itself(plan, finding, record.key))
    if rejection := rejection_of(plan.digest, record):
        return Report(Reason.REJECTED, f"{describe(plan)}; {explain_rejection(record, rejection)}")
    if why := _needs_approval(plan, record, environment, limits):
        agreed = consents(plan.digest, record, limits.approval, now)
        again = missing_approvals(agreed, environment) if agreed else expired_approval(plan.digest, record)
        command = "adopt" if plan.imports else "approve"
        return AwaitApproval(
            f"{describe(plan)}; {why}{again}; `reconciler {command} {record.key}` applies exactly this plan",
            tuple(one.by for one in agreed),
        )
    return _fight(finding, record, limits, now)


def _differs_from_itself(plan: Plan, finding: DriftFinding, key: Key) -> str:
    return (
        f"{describe(plan)}; the root differs from itself right after its own apply, although nothing changed in AWS:"
        f" {first_few(sorted(spots(finding.unsettled)), _SPOTS)}. Use a value there that is the same in every plan,"
        f" unlike `timestamp()` and `uuid()`; `reconciler reconcile {key}` applies it once more"
    )


def _needs_approval(plan: Plan, record: Record, environment: Environment, limits: VerdictLimits) -> str | None:
    if record.prune_confirmed and environment.floor.approvals == 1:
        return None
    if plan.imports:
        return adoption.what_changes(plan)
    if not record.attempted and plan.existing:
        return "its state exists but the daemon has no record of it, so the first plan needs approval"
    if record.state and record.state.adopted:
        return "its state was adopted and may lack what exists, so its first plan needs approval"
    if record.intent and not record.removed and any(change.deletes for change in plan.changes):
        return "recovering from an apply that did not report its end, and this destroys or replaces something"
    if not record.removed and (twice := recovery.silent_duplicates(plan, record)):
        return recovery.explain_duplicates(twice)
    if effective_mode(record.instance.policy, environment) == "approve":
        return "the mode is approve"
    if any(UNNAMED in entry.actions for entry in plan.others):
        return "Terraform does not say what it would change"
    if dead := principals.approval_reason(plan):
        return dead
    anew = record.state is not None and record.state.from_empty is not None
    applied = record.applied_at is not None and not anew
    return policy.approval_reason(plan, limits.rules, pruning=record.removed is not None, applied=applied)


def repeats_rollback(record: Record, image: str | None) -> bool:
    """Return whether the plan would repeat the rollout that ECS rolled back: same desired state, same image."""
    rollout = record.rollout
    return (
        rollout is not None
        and rollout.ended == Reason.ROLLED_BACK
        and rollout.desired_digest == record.desired_digest
        and rollout.image == image
    )
