"""The consent that every change of an environment needs: its mode, an approval of exactly this plan, its windows.

Plans of Terraform and moves of states ask the same functions, so that neither is done where the other would wait.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from desired_state.instance import Key
from desired_state.policy import Mode, Policy
from reconciler.core.decide.renames import source_of
from reconciler.core.environment import Environment
from reconciler.core.floor import Floor
from reconciler.core.record.consent import Rejection
from reconciler.core.record.model import Record


def effective_mode(treatment: Policy, environment: Environment) -> Mode:
    """Return the stricter of the manifest's mode and the environment's floor."""
    return environment.floor.effective_mode(treatment.mode).mode


def is_approved(digest: str, record: Record, valid_for: timedelta, now: datetime) -> bool:
    """Return whether the plan with this digest was approved, and the approval has not expired."""
    approval = record.approval
    return approval is not None and approval.plan_digest == digest and now - approval.at < valid_for


def rejection_of(digest: str, record: Record) -> Rejection | None:
    """Return the rejection of the plan with this digest."""
    return record.rejection if record.rejection and record.rejection.plan_digest == digest else None


def expired_approval(digest: str, record: Record) -> str:
    """Return the phrase that an earlier approval of this digest has expired; empty without one.

    To be asked of plans that are not approved.
    """
    expired = record.approval is not None and record.approval.plan_digest == digest
    return f"; the approval of {record.approval.by} has expired" if record.approval and expired else ""


def explain_rejection(record: Record, rejection: Rejection) -> str:
    """Describe a rejection, with the command that lifts it."""
    return (
        f"rejected by {rejection.by} at {rejection.at:%Y-%m-%d %H:%M} UTC: not offered again until"
        f" the plan changes; `reconciler approve {record.key}` approves it after all"
    )


def has_windows(record: Record, records: Mapping[Key, Record], floor: Floor) -> bool:
    """Return whether the instance, or the former name whose state it takes over, waits for change windows."""
    source = source_of(record)
    former = records.get(source) if source else None
    return any(floor.has_windows(each.instance.policy) for each in (record, former) if each)


def outside_windows(record: Record, treatment: Policy, environment: Environment, now: datetime) -> bool:
    """Return whether a change has to wait for a window, and no operator opened one for this pass of the record."""
    override = record.window_override
    if override and override.is_open(now):
        return False
    return not environment.floor.is_open(treatment, now)
