"""Terraform: workspaces and state locks, as Protocols, and the values that cross the border.

Expected failures of Terraform cross as `TerraformFailed` with a reason from the closed list.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from desired_state.instance import Key
from desired_state.kinds.adoption import Import
from reconciler.core.environment import Environment
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.record.runs import Holder
from reconciler.core.vocabulary import Reason


@dataclass(frozen=True, slots=True)
class Run:
    """The content of a workspace: the root's tree and its variables, in one environment.

    `root` is the folder under `terraform/roots`; the tree is fetched by id from the `TreeArchive`. The next plan
    imports `imports`, as far as the state does not hold them, in the role of the `tenant`, if there is one.
    """

    key: Key
    root: str
    tree_id: str
    variables: Mapping[str, Any]
    environment: Environment
    imports: tuple[Import, ...] = ()
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class LockInfo:
    """A state lock, as the backend reports it."""

    id: str
    who: str
    operation: str
    created: str


class TerraformFailed(Exception):
    """Terraform failed.

    `reason` is one of InitFailed, PlanFailed, ApplyFailed, StateLocked, StateConflict, Interrupted,
    InvalidConfiguration; `message` is redacted, short and says what to do when that is known. `died`: it was killed, so
    that its state may lack some of its work.
    """

    died = False

    def __init__(self, reason: Reason, message: str, *, lock: LockInfo | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.lock = lock


class Workspace(Protocol):
    """One instance's private copy of its root, initialised against its state; open for one pass."""

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        """Plan, and keep the plan file for `apply`. Returns the document of `terraform show -json`, with Terraform's
        warnings, if there are any, as the list of texts `warnings`.

        Two keys are added to it: `provider_versions`, the root's providers as a text, and, when something moved
        outside, `provider_schemas` with the types that moved, as `terraform providers schema -json` has it.

        Raises: TerraformFailed (PlanFailed, StateLocked, Interrupted, InvalidConfiguration).
        """
        ...

    async def planned_state(self) -> StateVersion:
        """Return the version of the stored state that the last plan was made from. Raises: TerraformFailed."""
        ...

    async def plan_of_state(self) -> Mapping[str, Any]:
        """Plan the root against the stored state, without asking AWS. Returns the document; nothing is kept of it.

        It says what the root asks for where the state does not have it. Raises: TerraformFailed.
        """
        ...

    async def apply(self) -> Mapping[str, Any]:
        """Apply the plan of this workspace. Returns the root's outputs by name (plain values, no sensitive ones).

        Runs to its end even when the pass is cancelled, within the drain limit. Raises: TerraformFailed (ApplyFailed,
        StateLocked, StateConflict, Interrupted).
        """
        ...

    def has_begun(self) -> bool:
        """Return whether the apply has begun to change something: from then to its end it holds the state's lock."""
        ...

    async def unlock(self, lock_id: str) -> None:
        """Break that lock of the state; `Locks` reads afterwards whether it is gone."""
        ...

    async def is_empty(self) -> bool:
        """Return whether the state holds no resource."""
        ...

    async def read_state(self) -> str:
        """Return the stored state, secrets included; one without a lineage when there is none.

        Raises: TerraformFailed.
        """
        ...

    async def write_state(self, state: str) -> None:
        """Write the state. Terraform refuses one of another lineage, or one that is not newer.

        Raises: TerraformFailed (StateConflict, StateLocked).
        """
        ...


class Terraform(Protocol):
    """Terraform, run for one instance at a time."""

    @property
    def version(self) -> str:
        """Return Terraform's own version, such as `1.11.4`."""
        ...

    def workspace(self, run: Run) -> AbstractAsyncContextManager[Workspace]:
        """Build (or reuse) the instance's workspace and initialise it.

        Raises on entry: TerraformFailed (InitFailed; StateLocked when another process still works in it).
        """
        ...


class Locks(Protocol):
    """The locks of states, and their holders."""

    @property
    def me(self) -> Holder:
        """Return this daemon as a lock holder."""
        ...

    async def read(self, key: Key, environment: Environment) -> LockInfo | None:
        """Return the lock of a state as it is now, None when it is free. Raises: LiveUnavailable."""
        ...

    async def is_dead(self, holder: Holder, *, certain: bool) -> bool:
        """Return whether no Terraform of that holder can still run. The caller holds the instance's workspace.

        Unless it is `certain` that the lock was the daemon's, a Terraform that an engineer runs on this machine counts
        too.
        """
        ...
