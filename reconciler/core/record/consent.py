"""What an instance was given leave to do, as its record keeps it: use a root tree, or apply outside its window."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_LASTS = timedelta(hours=1)  # an override that no visit used up does not open a window days later


@dataclass(frozen=True, slots=True)
class Promoted:
    """`tree_id` is the newest root tree that the instance was let to take, `settled` whether it came to rest with it.

    `held` says why the tree that Git asks for is kept from it meanwhile; None while nothing is. `asked`: a person let
    it through, so it counts for nobody and waits for nobody."""

    tree_id: str
    settled: bool = False
    held: str | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class WindowOverride:
    """A person lets one visit apply outside the change windows, and says why. That visit uses it up."""

    by: str
    reason: str
    at: datetime

    def is_open(self, now: datetime) -> bool:
        """True while it can still be used."""
        return now - self.at < _LASTS

    def describe(self) -> str:
        """The override in a phrase."""
        return f"outside its window, by {self.by}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody agreed to exactly the plan with this digest."""

    plan_digest: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Rejection:
    """Somebody refused exactly the plan with this digest, so nobody is asked for it again."""

    plan_digest: str
    by: str
    at: datetime
