"""The budget of AWS calls for drift checks, one per account.

A drift check is a pass that only time calls for. Drift checks of one account start at a distance from each other: each
takes its expected cost, and the next may start when the budget has grown back. So within any hour the checks that start
cost no more than the budget and the last of them. Passes for Git, an operator or a rollout are neither deferred nor
counted.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.core.floor import NO_FLOOR, Floor
from reconciler.core.record.model import Record
from reconciler.core.schedule.next_visit import is_fresh
from reconciler.core.status.drift import unconfirmed
from reconciler.core.status.promotion import is_built_from_git
from reconciler.core.vocabulary import Reason

# A refresh of the service module was measured to make 1.6 calls a resource (`tests/terraform/test_on_the_stand_in.py`
# holds it below this); the state, its lock, the rollout and the attribution of drift come on top of it.
_CALLS_PER_RESOURCE = 2
_CALLS_PER_LOOK = 10
_HOUR = timedelta(hours=1)
# An operator or a rollout waits for the next pass, or the pass ends before it costs anything.
_AWAITED = frozenset(
    {
        Reason.AWAITING_FIRST_IMAGE,
        Reason.DEPENDENCY_NOT_READY,
        Reason.INTERRUPTED,
        Reason.LOCK_ORPHANED,
        Reason.PROGRESSING,
        Reason.RECOVERING,
        Reason.STATE_LOCKED,
        Reason.SUSPENDED,
        Reason.TENANT_DENIED,
    }
)


@dataclass(slots=True)
class Budget:
    """When the next drift check of each account may start."""

    calls_per_hour: int
    _opens: dict[str, datetime] = field(default_factory=dict)

    def opens(self, account: str) -> datetime | None:
        """Return when the next drift check of the account may start; None before the first one."""
        return self._opens.get(account)

    def spend(self, account: str, calls: int, now: datetime) -> None:
        """Start a drift check that is expected to make so many calls."""
        self._opens[account] = now + _HOUR * calls / self.calls_per_hour

    def shift(self, by: timedelta) -> None:
        """Follow a clock that was set."""
        self._opens = {account: at + by for account, at in self._opens.items()}


def expected_calls(resources: int) -> int:
    """Return how many AWS calls a drift check of so many resources makes."""
    return _CALLS_PER_LOOK + _CALLS_PER_RESOURCE * resources


def is_drift_check(record: Record, at: datetime, floor: Floor = NO_FLOOR) -> bool:
    """Return whether only time calls for the instance's pass at that time, and Terraform will run in it."""
    if record.applied_digest is None or record.applied_digest != record.desired_digest:
        return False
    if record.removed or record.intent or record.failures or record.requested_at or record.approval:
        return False
    if unconfirmed(record) or record.reason in _AWAITED:
        return False
    return not is_fresh(record, record.applied_digest, now=at, floor=floor) and is_built_from_git(record)
