"""The verdict on a move: may the state of a former name go to the instance that claims it?

A move takes a state away from a name. It is held by everything that holds an apply, for both names, and it needs an
approval where the removal of the former name would need a consent.
"""

from datetime import datetime, timedelta

from desired_state.tenants.tenant import Tenants
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
from reconciler.core.decide.gate import STATEFUL_KINDS
from reconciler.core.decide.renames import is_moving
from reconciler.core.decide.tenancy import tenant_of
from reconciler.core.decide.verdict import Apply, AwaitApproval, Report
from reconciler.core.environment import Environment
from reconciler.core.plan.summary import PlanSummary, phrase
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Record
from reconciler.core.vocabulary import Reason


def refusal(record: Record, old: Record | None, tenants: Tenants | None) -> str | None:
    """Return why the record may never take over the state of `old`, whatever is approved; None when it may."""
    if old is None:
        return None
    if old.instance.kind != record.instance.kind:
        return (
            f"its former name {old.key} is a {old.instance.kind} and not a {record.instance.kind}: only a manifest of"
            " the same kind takes over its state. Remove `formerName`, or change the kind"
        )
    if tenant_of(old, tenants) != tenant_of(record, tenants):
        return f"its former name {old.key} belongs to another tenant: remove `formerName`"
    if record.instance.kind in {"Service", "Job"} and old.instance.former:
        first = old.instance.former
        return (
            f"{old.key} is still called {first} in AWS, where a name cannot be changed, and would be replaced under"
            f" another name. Name it {old.key.name} with `formerName: {first}` again"
        )
    return None


def move_verdict(
    record: Record,
    old: Record | None,
    plan: PlanSummary,
    environment: Environment,
    *,
    now: datetime,
    valid_for: timedelta,
    freeze: Freeze | None,
) -> Apply | AwaitApproval | Report:
    """Decide whether the state that `plan` lists moves to the record now. `old` is the record of the former name.

    A move that has begun needs no second approval. Neither does one that is undone because the manifest is gone.
    `valid_for` is how long an approval is valid.
    """
    what = _describe(plan)
    if effective_mode(record.instance.policy, environment) == "observe":
        return Report(Reason.OBSERVED, f"{what}; the mode is observe, so nothing is moved")
    if old and old.suspended:
        return Report(Reason.DEPENDENCY_NOT_READY, f"{what}; {old.key} is suspended: `reconciler resume {old.key}`")
    agreed = consents(plan.digest, record, valid_for, now)
    if not is_moving(record) and not is_enough(agreed, environment):
        if rejection := rejection_of(plan.digest, record):
            return Report(Reason.REJECTED, f"{what}; {explain_rejection(record, rejection)}")
        if why := _needs_approval(record, old, environment):
            again = missing_approvals(agreed, environment) if agreed else expired_approval(plan.digest, record)
            return AwaitApproval(
                f"{what}; {why}{again}; `reconciler approve {record.key}` moves exactly this state",
                tuple(one.by for one in agreed),
            )
    treatments = [record.instance.policy, *([old.instance.policy] if old else [])]
    if any(outside_windows(record, treatment, environment, now) for treatment in treatments):
        return Report(Reason.OUTSIDE_WINDOW, f"{what}; waits for its change window")
    return Report(Reason.FROZEN, f"{what}; {freeze.describe()}") if freeze else Apply()


def _describe(plan: PlanSummary) -> str:
    source = next((note for change in plan.changes for note in change.notes), "from its former name")
    return f"{phrase(change.actions for change in plan.changes)} {source}"


def _needs_approval(record: Record, old: Record | None, environment: Environment) -> str | None:
    if effective_mode(record.instance.policy, environment) == "approve":
        return "the mode is approve"
    if old is None:
        return "the daemon has no record of that state, so nothing says that it may be taken"
    if old.renamed_to != record.key.name:
        return f"{old.key} was not renamed to {record.key.name} by the commit that removed it"
    treatment = old.instance.policy
    if old.instance.kind in STATEFUL_KINDS:
        return f"the state of a {old.instance.kind} takes another name only after an approval"
    if not environment.floor.prune:
        return f"nothing in {environment.name} is pruned (`floor.prune` in the configuration)"
    if not treatment.prune:
        return f"the manifest of {old.key} said `prune: false`"
    if treatment.suspend or treatment.mode != "auto":
        said = "suspend: true" if treatment.suspend else f"mode: {treatment.mode}"
        return f"the manifest of {old.key} said `{said}`"
    return None
