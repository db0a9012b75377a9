"""The running daemon as the API and the metrics see it, and the actions that callers may request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from desired_state.instance import Key
from desired_state.reading.document import Problem
from reconciler.core.floor import Floor
from reconciler.core.ports.orphans import Orphan
from reconciler.core.ports.tasks import TaskSeen
from reconciler.core.principal import Principal
from reconciler.core.record.audit import Act, AuditEntry, AuditFilter
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Pass, Record


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Start a pass now and forget earlier failures.

    `override_window` is the reason to apply outside the windows, `from_empty` the reason to create a lost instance
    anew from an empty state.
    """

    override_window: str | None = None
    from_empty: str | None = None


@dataclass(frozen=True, slots=True)
class Suspend:
    """Leave the instance alone until it is resumed."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Reconcile a suspended instance again."""


@dataclass(frozen=True, slots=True)
class Approve:
    """Approve the plan with this digest."""

    digest: str


@dataclass(frozen=True, slots=True)
class Adopt:
    """Approve the plan with this digest, which imports and changes nothing else."""

    digest: str


@dataclass(frozen=True, slots=True)
class AdoptState:
    """Accept the state that was found as the instance's own."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Reject the plan with this digest; without one, the plan that waits."""

    digest: str | None = None


@dataclass(frozen=True, slots=True)
class ConfirmPrune:
    """Destroy what a removed manifest left."""


@dataclass(frozen=True, slots=True)
class Unlock:
    """Break the state lock with this id; without one, check the lock again."""

    lock_id: str | None = None


Action = Reconcile | Suspend | Resume | Approve | Adopt | AdoptState | Reject | ConfirmPrune | Unlock

# The names of the actions in the API and on the command line.
ACTIONS: Mapping[str, type[Action]] = {
    "adopt": Adopt,
    "adopt-state": AdoptState,
    "approve": Approve,
    "prune": ConfirmPrune,
    "reconcile": Reconcile,
    "reject": Reject,
    "resume": Resume,
    "suspend": Suspend,
    "unlock": Unlock,
}


class ActionRefused(Exception):
    """The action does not fit the instance as it is now; the message says why, and what to do instead.

    `code` is the API's error code; `own_change` is a matter of who asks. `current` is the digest of the plan that
    waits, where the action named another one.
    """

    def __init__(
        self,
        message: str,
        *,
        code: Literal["refused", "no_plan", "plan_moved", "own_change", "reason_missing", "not_recorded"] = "refused",
        current: str | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.current = current


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """The state of the manifests' source."""

    commit: str | None
    fetched_at: datetime | None
    error: str | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Beat:
    """The daemon's liveness.

    `loop_age` is the time since the controller's loop last ran; `behind` is, by account, how late the drift check is
    that the budget of AWS calls defers for longest.
    """

    loop_age: timedelta
    ready: bool
    stopping: bool
    running: Mapping[Key, timedelta]
    queued: int
    behind: Mapping[str, timedelta] = field(default_factory=dict)


class Control(Protocol):
    """The daemon as its HTTP API sees it."""

    def records(self) -> Sequence[Record]:
        """Return every record, by key."""
        ...

    def record(self, key: Key) -> Record | None:
        """Return one record."""
        ...

    def floor(self, environment: str) -> Floor:
        """Return the floor of an environment; one without limits for an environment that is not configured any more."""
        ...

    def source(self) -> SourceStatus:
        """Return the state of the source."""
        ...

    def beat(self) -> Beat:
        """Return liveness and readiness."""
        ...

    async def history(self, key: Key, *, limit: int) -> Sequence[Pass]:
        """Return passes, the newest first."""
        ...

    async def orphans(self, environment: str | None) -> Sequence[Orphan]:
        """Return states without a manifest and without a record, of one environment or all.

        Raises: KeyError for an unknown environment, ActionRefused, LiveUnavailable.
        """
        ...

    def freezes(self) -> Sequence[Freeze]:
        """Return the freezes in effect."""
        ...

    async def audit(self, wanted: AuditFilter, *, limit: int, before: str | None = None) -> Sequence[AuditEntry]:
        """Return entries of the audit, the newest first, of those before the entry with the id `before`."""
        ...

    async def refused(self, act: Act, why: str) -> None:
        """Record an act that was refused before it reached this control."""
        ...

    async def freeze(self, environment: str | None, *, by: Principal, reason: str, peer: str = "") -> Freeze:
        """Stop all applies in an environment, or in all of them.

        `peer`, here and below, is where the request came from. Raises: KeyError for an unknown environment,
        ActionRefused.
        """
        ...

    async def run_task(
        self, key: Key, command: Sequence[str], *, by: Principal, reason: str | None = None, peer: str = ""
    ) -> str:
        """Start a one-off task of a service or a job. Returns its id.

        Raises: KeyError for an unknown instance, ActionRefused.
        """
        ...

    async def task(self, key: Key, task: str, after: str | None) -> TaskSeen:
        """Return a one-off task as it is now. Raises: KeyError for an unknown instance, ActionRefused."""
        ...

    async def unfreeze(
        self, environment: str | None, *, by: Principal, reason: str | None = None, peer: str = ""
    ) -> Freeze:
        """Lift that freeze and no other. Raises: KeyError for an unknown environment, ActionRefused."""
        ...

    async def act(
        self, key: Key, action: Action, *, by: Principal, reason: str | None = None, peer: str = ""
    ) -> Record:
        """Carry out the action. Returns the record afterwards.

        Raises: KeyError for an unknown instance, ActionRefused.
        """
        ...
