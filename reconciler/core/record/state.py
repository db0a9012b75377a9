"""The state of an instance as its record knows it: where it is kept, which one it is, and what was found instead."""

from dataclasses import dataclass
from datetime import datetime

from reconciler.core.plan.state_file import StateVersion


@dataclass(frozen=True, slots=True)
class StatePlace:
    """The place of a state: its object in S3 and its lock table, in the account and region of its resources."""

    account: str
    region: str
    bucket: str
    object: str
    lock_table: str | None = None

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.object}"


@dataclass(frozen=True, slots=True)
class StateSeen:
    """A state as a pass saw it: its place and its version."""

    place: StatePlace
    version: StateVersion


@dataclass(frozen=True, slots=True)
class FromEmpty:
    """A permission to create an instance from an empty state, with its author and reason, until that was applied."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class KnownState:
    """The state that is the instance's own, as it was last seen.

    `found` is the state that a pass found instead, until an operator decides. `adopted`: an operator accepted another
    state, and nothing was applied to it since.
    """

    seen: StateSeen
    found: StateSeen | None = None
    from_empty: FromEmpty | None = None
    adopted: bool = False

    def was_written_since(self, seen: StateSeen) -> bool:
        """Return whether `seen` is another version, which somebody else wrote: each apply records the one it left."""
        return self.seen != seen
