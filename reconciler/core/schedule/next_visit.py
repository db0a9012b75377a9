"""When an instance is visited next, as a function of its record: failure counts live there and survive a restart."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from reconciler.core.floor import NO_FLOOR, Floor
from reconciler.core.live import LiveService
from reconciler.core.record.model import Record
from reconciler.core.status.drift import unconfirmed
from reconciler.core.status.promotion import is_built_from_git
from reconciler.core.vocabulary import Health, Reason, Sync


class Random(Protocol):
    """The part of `random.Random` that jitter needs."""

    def uniform(self, a: float, b: float) -> float:
        """Return a number between the two."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """The configured distances between visits."""

    retry_base: timedelta = timedelta(seconds=30)
    retry_cap: timedelta = timedelta(minutes=30)
    rollout_poll: timedelta = timedelta(seconds=15)
    image_poll: timedelta = timedelta(seconds=30)
    recheck: timedelta = timedelta(minutes=5)
    lock_poll: timedelta = timedelta(seconds=30)
    confirm: timedelta = timedelta(seconds=30)


def backoff(count: int, pace: Pace, rng: Random) -> timedelta:
    """Return the delay before a retry, with equal jitter: half is fixed, half is drawn, so that failures spread.

    `count` is the number of consecutive failures, at least 1.
    """
    doublings: int = 2 ** min(count - 1, 30)
    full = min(pace.retry_base * doublings, pace.retry_cap)
    return full / 2 + full / 2 * rng.uniform(0, 1)


def spread(interval: timedelta, rng: Random) -> timedelta:
    """Return the interval, at most 10 % earlier, so that instances that started together drift apart."""
    return interval * rng.uniform(0.9, 1)


def first_urgency(record: Record) -> int:
    """Return the urgency of the first visit after a start: recoveries, then changes from Git, then drift checks."""
    if record.intent:
        return 3
    return 0 if is_built_from_git(record) and not record.removed else 2


def next_visit(record: Record, pace: Pace, *, now: datetime, rng: Random, floor: Floor = NO_FLOOR) -> datetime | None:
    """Return when to visit again, None when only a change or an operator brings it back."""
    interval = now + spread(floor.interval_of(record.instance.policy), rng)
    match record.reason:
        case Reason.SUSPENDED:
            return None
        case Reason.STATE_LOCKED | Reason.LOCK_ORPHANED | Reason.INTERRUPTED | Reason.RECOVERING:
            return now + spread(pace.lock_poll, rng)
        case Reason.DEPENDENCY_NOT_READY | Reason.STATE_LOST:
            return now + spread(pace.recheck, rng)
        case Reason.AWAITING_FIRST_IMAGE:
            return min(interval, now + pace.image_poll)
        case Reason.PROGRESSING:
            return min(interval, now + pace.rollout_poll)
    if record.failures and record.reason != Reason.RETRIES_EXHAUSTED:
        exhausted = any(condition.reason == Reason.RETRIES_EXHAUSTED for condition in record.conditions.values())
        return interval if exhausted else now + backoff(record.failures.count, pace, rng)
    if unconfirmed(record):
        return min(interval, now + pace.confirm)
    if record.health == Health.DEGRADED or record.reason == Reason.ROLLOUT_HELD:
        return min(interval, now + pace.recheck)
    return interval


def is_fresh(
    record: Record, digest: str, *, now: datetime, live: LiveService | None = None, floor: Floor = NO_FLOOR
) -> bool:
    """Return whether Terraform need not run: the desired digest is applied and the last check is recent enough.

    A check in the future does not count: after a clock was ahead and was set right, the next checks must still come.
    Neither does one of a service that was healthy and is now found with another image, or not at all, nor a check of
    another digest: a change that was denied, and is taken back in Git, is pending until a plan shows that it is gone.
    """
    if record.applied_digest != digest or record.checked_at is None or record.requested_at or record.intent:
        return False
    if unconfirmed(record) or record.approval or record.sync is Sync.PENDING:
        return False
    if live and live.runs_another_image and record.health == Health.HEALTHY:
        return False
    return timedelta(0) <= now - record.checked_at < floor.interval_of(record.instance.policy) * 0.85
