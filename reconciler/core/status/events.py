"""What can happen to an instance, as values. `reconciler.core.status.advance.advance` folds them into its record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from desired_state.instance import Instance
from reconciler.core.live import LiveService
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import Plan
from reconciler.core.record.consent import Approval, Rejection, WindowOverride
from reconciler.core.record.model import Base, Record, Response
from reconciler.core.record.runs import Intent, Running
from reconciler.core.vocabulary import Reason


@dataclass(frozen=True, slots=True)
class Accepted:
    """A valid manifest for the instance was read."""

    instance: Instance
    commit: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """The manifest exists but cannot be used; the last good one stays in force."""

    message: str


@dataclass(frozen=True, slots=True)
class Removed:
    """The manifest is gone from a snapshot that could be read as a whole. `guard` says why a person must confirm."""

    guard: str | None


@dataclass(frozen=True, slots=True)
class PassHeld:
    """The pass ended before Terraform ran."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class TreeAdmitted:
    """The instance may take the root tree that Git asks for; `asked` says that a person wants it now."""

    asked: bool = False


@dataclass(frozen=True, slots=True)
class TreeHeldBack:
    """The instance stays with the root tree that its state was built from, and why."""

    message: str


@dataclass(frozen=True, slots=True)
class Desired:
    """The desired digest of this visit is known, and which manifest of which commit it was computed from."""

    digest: str
    source: str
    commit: str


@dataclass(frozen=True, slots=True)
class Starting:
    """Terraform is about to run and to lock the state."""

    running: Running


@dataclass(frozen=True, slots=True)
class LockedOut:
    """Terraform ended without the lock. `before`: the run that had not ended when this one began, if there was any."""

    before: Running | None


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan was read. `response` is what is done about drift, once a look `confirm_after` the first confirms it."""

    plan: Plan
    finding: DriftFinding
    response: Response = "report"
    confirm_after: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Attributed:
    """It is known who made the drift: a named session."""

    who: str


@dataclass(frozen=True, slots=True)
class FoundInSync:
    """The plan was empty: the state matches the desired digest."""

    base: Base
    outputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The plan is not applied: it waits for approval, for its window, or is only reported."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Applying:
    """An apply is about to start, from `base`; None for a destroy, which needs the base it already has."""

    intent: Intent
    base: Base | None


@dataclass(frozen=True, slots=True)
class LockObserved:
    """The apply that runs was seen to hold this state lock."""

    lock_id: str


@dataclass(frozen=True, slots=True)
class Applied:
    """The apply succeeded."""

    outputs: Mapping[str, Any]
    image: str | None


@dataclass(frozen=True, slots=True)
class Failed:
    """A phase failed for a reason of the closed list. `of_apply`: it was the apply, which has ended by that."""

    reason: Reason
    message: str
    of_apply: bool = False


@dataclass(frozen=True, slots=True)
class RolloutObserved:
    """What ECS says of the service now."""

    live: LiveService
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class OverrideUsed:
    """A visit that began with this override of its windows has come to its end."""

    override: WindowOverride


@dataclass(frozen=True, slots=True)
class ReconcileRequested:
    """A pass was requested; with `override`, outside the change windows too."""

    override: WindowOverride | None = None


@dataclass(frozen=True, slots=True)
class Suspended:
    """The instance is to be left alone until it is resumed."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The instance is to be reconciled again."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A plan was approved; this ends an earlier rejection."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class Rejected:
    """A plan was rejected; this ends an earlier approval."""

    rejection: Rejection


@dataclass(frozen=True, slots=True)
class PruneConfirmed:
    """The prune of a removed instance was confirmed."""


@dataclass(frozen=True, slots=True)
class UnlockRequested:
    """The state lock with this id is to be broken."""

    lock_id: str


@dataclass(frozen=True, slots=True)
class RenameStarted:
    """The state of that former name begins to move here; None: it was put back where it came from."""

    source: str | None


@dataclass(frozen=True, slots=True)
class RenameFinished:
    """The state of that former name is here alone; `old` is the record that it had, None where none is known."""

    source: str
    old: Record | None


Event = (
    Accepted
    | Invalid
    | Removed
    | PassHeld
    | TreeAdmitted
    | TreeHeldBack
    | Desired
    | Starting
    | LockedOut
    | Planned
    | Attributed
    | FoundInSync
    | Waiting
    | Applying
    | LockObserved
    | Applied
    | Failed
    | RolloutObserved
    | OverrideUsed
    | ReconcileRequested
    | Suspended
    | Resumed
    | Approved
    | Rejected
    | PruneConfirmed
    | UnlockRequested
    | RenameStarted
    | RenameFinished
)
