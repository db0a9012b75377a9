"""Events of an instance's life, as values. `reconciler.core.status.advance.advance` folds them into its record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from desired_state.instance import Instance
from reconciler.core.floor import NO_FLOOR, Floor
from reconciler.core.live import LastRun, LiveService
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import Plan
from reconciler.core.plan.summary import PlanSummary
from reconciler.core.record.consent import Approval, Authorship, Consent, Rejection, WindowOverride
from reconciler.core.record.model import Base, Record, Response
from reconciler.core.record.routes import Rule
from reconciler.core.record.runs import Intent, Running
from reconciler.core.record.state import FromEmpty, StateSeen
from reconciler.core.vocabulary import Reason


@dataclass(frozen=True, slots=True)
class Accepted:
    """A valid manifest for the instance was read, of a tenant if there are any.

    `authors` are the commits that changed it since the last one.
    """

    instance: Instance
    commit: str
    tenant: str | None = None
    authors: tuple[Authorship, ...] | None = None


@dataclass(frozen=True, slots=True)
class Invalid:
    """The manifest exists but cannot be used; the last good one stays effective."""

    message: str


@dataclass(frozen=True, slots=True)
class Removed:
    """The manifest is gone from a snapshot that was read completely.

    `guard` is why the prune needs a confirmation, `renamed_to` the manifest that claims the name in the same commit.
    """

    guard: str | None
    renamed_to: str | None = None
    authors: tuple[Authorship, ...] | None = None


@dataclass(frozen=True, slots=True)
class PassHeld:
    """The pass ended before Terraform ran."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class TreeAdmitted:
    """The instance may take the root tree that Git asks for; `asked` says that an operator requested it."""

    asked: bool = False


@dataclass(frozen=True, slots=True)
class TreeHeldBack:
    """The instance stays with the root tree that its state was built from, for a reason."""

    message: str


@dataclass(frozen=True, slots=True)
class RuleChosen:
    """The rule of the load balancer that the next apply makes; `why` it is not the one of the manifest. `slot`: which
    of the rules of the service."""

    rule: Rule | None
    why: str | None = None
    slot: str = ""


@dataclass(frozen=True, slots=True)
class Desired:
    """The desired digest of this pass is known, and the manifest and commit that it was computed from."""

    digest: str
    source: str
    commit: str


@dataclass(frozen=True, slots=True)
class Starting:
    """Terraform is about to run and to lock the state."""

    running: Running


@dataclass(frozen=True, slots=True)
class LockedOut:
    """Terraform ended without the lock. `before`: the run that had not ended when this one began, if there was one."""

    before: Running | None


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan was read. `response` is what is done about drift once a second check, `confirm_after` the first, confirms
    it. `state` is the state that it was made from.
    """

    plan: Plan
    finding: DriftFinding
    response: Response = "report"
    confirm_after: timedelta = timedelta(seconds=30)
    state: StateSeen | None = None


@dataclass(frozen=True, slots=True)
class StateMissed:
    """The known state is not there: `found` was found instead."""

    known: StateSeen
    found: StateSeen
    message: str


@dataclass(frozen=True, slots=True)
class StateAdopted:
    """An operator accepted the state that was found as the instance's own."""


@dataclass(frozen=True, slots=True)
class Attributed:
    """The author of the drift is known: a named session."""

    who: str


@dataclass(frozen=True, slots=True)
class FoundInSync:
    """The plan was empty: the state matches the desired digest. `refreshed`: these providers wrote it anew.

    `state` is then what they left.
    """

    base: Base
    outputs: Mapping[str, Any]
    refreshed: str = ""
    state: StateSeen | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """The plan is not applied: it waits for approval, for its window, or is only reported. `move`: that of a rename.

    `keeps_approval`: it is approved by somebody, and others have to approve it too.
    """

    reason: Reason
    message: str
    move: PlanSummary | None = None
    keeps_approval: bool = False


@dataclass(frozen=True, slots=True)
class Applying:
    """An apply is about to start, from `base`; None for a destroy, which needs the base it already has."""

    intent: Intent
    base: Base | None


@dataclass(frozen=True, slots=True)
class LockObserved:
    """The running apply was seen to hold this state lock."""

    lock_id: str


@dataclass(frozen=True, slots=True)
class Applied:
    """The apply succeeded, with these versions of the providers, and left this state."""

    outputs: Mapping[str, Any]
    image: str | None
    state: StateSeen | None = None
    providers: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """A phase failed for a reason of the closed list. `of_apply`: Terraform reported the end of the apply itself."""

    reason: Reason
    message: str
    of_apply: bool = False


@dataclass(frozen=True, slots=True)
class RolloutObserved:
    """ECS reported the state of the service. `floor` is that of its environment."""

    live: LiveService
    timeout: timedelta
    floor: Floor = NO_FLOOR


@dataclass(frozen=True, slots=True)
class RunObserved:
    """Step Functions reported the last run of a job that has ended; None: there is none, or it is not known."""

    run: LastRun | None


@dataclass(frozen=True, slots=True)
class OverrideUsed:
    """A pass that began with this override of its windows has ended."""

    override: WindowOverride


@dataclass(frozen=True, slots=True)
class ReconcileRequested:
    """A pass was requested; with `override`, outside the change windows too, and with `from_empty`, from no state."""

    override: WindowOverride | None = None
    from_empty: FromEmpty | None = None


@dataclass(frozen=True, slots=True)
class Suspended:
    """The instance is to be left alone until it is resumed."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The instance is to be reconciled again."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A plan was approved; this ends an earlier rejection. `consent` is the part of the person who approved it."""

    approval: Approval
    consent: Consent | None = None


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
    """The state of that former name begins to move here; None: it was returned to that name."""

    source: str | None


@dataclass(frozen=True, slots=True)
class RenameFinished:
    """The state of that former name is here alone; `old` is its record, None where none is known."""

    source: str
    old: Record | None
    state: StateSeen | None = None


Event = (
    Accepted | Invalid | Removed | PassHeld | TreeAdmitted | TreeHeldBack | RuleChosen | Desired | Starting |
    LockedOut | Planned | StateMissed | StateAdopted | Attributed | FoundInSync | Waiting | Applying | LockObserved
    | Applied | Failed | RolloutObserved | RunObserved | OverrideUsed | ReconcileRequested | Suspended | Resumed |
    Approved | Rejected | PruneConfirmed | UnlockRequested | RenameStarted | RenameFinished
)  # fmt: skip
