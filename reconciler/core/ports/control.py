"""What people, the API and the metrics may ask of the running daemon, as a Protocol and its values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from desired_state.document import Problem
from desired_state.instance import Key
from reconciler.core.ports.orphans import Orphan
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Pass, Record


class Action(StrEnum):
    """What a person can ask for, by command or API."""

    RECONCILE = "reconcile"
    SUSPEND = "suspend"
    RESUME = "resume"
    APPROVE = "approve"
    ADOPT = "adopt"
    REJECT = "reject"
    PRUNE = "prune"
    UNLOCK = "unlock"


class ActionRefused(Exception):
    """The action does not fit the instance as it is now; the message says why and what would."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """Where the manifests stand."""

    commit: str | None
    fetched_at: datetime | None
    error: str | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Beat:
    """How alive the daemon is. `loop_age` is the time since the controller's loop last turned; `behind` says by account
    how late the drift check is that the budget of AWS calls holds back for longest."""

    loop_age: timedelta
    ready: bool
    stopping: bool
    running: Mapping[Key, timedelta]
    queued: int
    behind: Mapping[str, timedelta] = field(default_factory=dict)


class Control(Protocol):
    """The daemon as its HTTP API sees it."""

    def records(self) -> Sequence[Record]:
        """Every record, by key."""
        ...

    def record(self, key: Key) -> Record | None:
        """One record."""
        ...

    def source(self) -> SourceStatus:
        """The manifests' state."""
        ...

    def beat(self) -> Beat:
        """Liveness and readiness."""
        ...

    async def history(self, key: Key, *, limit: int) -> Sequence[Pass]:
        """The newest passes first."""
        ...

    async def orphans(self, environment: str | None) -> Sequence[Orphan]:
        """States without a manifest or a record, of one environment or all.

        Raises: KeyError for an unknown environment, ActionRefused, LiveUnavailable.
        """
        ...

    def freezes(self) -> Sequence[Freeze]:
        """What is frozen, and by whom."""
        ...

    async def freeze(self, environment: str | None, *, by: str, reason: str) -> Freeze:
        """Apply nothing in an environment, or anywhere, until it is lifted. Raises: KeyError for an unknown one."""
        ...

    async def unfreeze(self, environment: str | None, *, by: str) -> Freeze:
        """Lift that freeze and no other. Raises: KeyError for an unknown environment, ActionRefused."""
        ...

    async def act(
        self,
        key: Key,
        action: Action,
        *,
        by: str,
        digest: str | None = None,
        lock_id: str | None = None,
        override_window: str | None = None,
    ) -> Record:
        """Do it. `override_window` is why a pass may apply outside the windows.

        Raises: KeyError for an unknown instance, ActionRefused.
        """
        ...
