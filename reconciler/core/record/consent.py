"""Permissions recorded on an instance: a root tree to take, an apply outside its windows, decisions on plans."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_LASTS = timedelta(hours=1)  # an override that no visit used up does not open a window days later


@dataclass(frozen=True, slots=True)
class Promoted:
    """`tree_id` is the newest root tree that the instance may take; `settled` says that it is applied and healthy.

    `held` is the reason why the tree that Git asks for is held back, None while it is not. `asked`: an operator let the
    instance through, so it takes no place in the rollout and waits for none.
    """

    tree_id: str
    settled: bool = False
    held: str | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class WindowOverride:
    """A permission to apply outside the change windows in one pass, with its author and reason. That pass uses
    it up.
    """

    by: str
    reason: str
    at: datetime

    def is_open(self, now: datetime) -> bool:
        """Return whether it can still be used."""
        return now - self.at < _LASTS

    def describe(self) -> str:
        """Describe the override in a phrase."""
        return f"outside its window, by {self.by}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's approval of exactly the plan with this digest."""

    plan_digest: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Rejection:
    """A person's rejection of exactly the plan with this digest, so that it is not offered again."""

    plan_digest: str
    by: str
    at: datetime
