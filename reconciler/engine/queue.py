"""The queue: an asyncio shell around the schedule.

The wake-up is an event that is checked again in a loop, never a queue item: a wish that arrives while a worker is being
woken cannot get lost.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from desired_state.instance import Key
from reconciler.core.schedule.visits import Pacing, Schedule, Visit

_LONGEST_SLEEP = timedelta(seconds=10)
_JUMP = timedelta(seconds=2)  # less is a clock that is kept right in small steps


class Closed(Exception):
    """The queue gives out no more work."""


class Queue:
    """Due keys, one visit per key at a time."""

    def __init__(
        self,
        now: Callable[[], datetime],
        pacing: Pacing[Key] | None = None,
        *,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create an empty queue. `steady` is a clock that cannot be set, in seconds: it reveals a jump of the other
        clock.
        """
        self._now, self._steady = now, steady
        self._last = (now(), steady())
        self._schedule: Schedule[Key] = Schedule(pacing=pacing)
        self._changed = asyncio.Event()
        self._closed = False

    def add(self, key: Key, at: datetime | None = None, *, urgency: int = 0, trigger: str) -> None:
        """Visit the key no later than `at`, or now."""
        self._schedule.add(key, at or self._now(), urgency=urgency, trigger=trigger)
        self._changed.set()

    async def take(self) -> tuple[Key, Visit]:
        """Return the next visit that is due; `done` must follow. Raises: Closed."""
        while True:
            if self._closed:
                raise Closed
            self._changed.clear()
            self._follow_clock()
            if taken := self._schedule.take(self._now()):
                self._changed.set()
                return taken
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._until_next().total_seconds()):
                    await self._changed.wait()

    def done(self, key: Key) -> None:
        """End the visit."""
        self._schedule.done(key)
        self._changed.set()

    def drop(self, key: Key) -> None:
        """Drop a pending visit of an instance that is gone."""
        self._schedule.drop(key)

    def close(self) -> None:
        """Give out no more work. Pending visits are dropped; the records bring them back at the next start."""
        self._closed = True
        self._changed.set()

    @property
    def depth(self) -> int:
        """Return how many visits wait."""
        return self._schedule.depth

    def deferred(self) -> Iterable[tuple[Key, Visit]]:
        """Return the visits that are due and deferred by the pacing."""
        return self._schedule.deferred(self._now())

    def _follow_clock(self) -> None:
        """Shift the visits when the clock was set back, or they would come too late.

        A clock set ahead makes them early, which does no harm.
        """
        (then, since), (now, steady) = self._last, (self._now(), self._steady())
        self._last = (now, steady)
        jump = now - then - timedelta(seconds=steady - since)
        if jump < -_JUMP:
            self._schedule.shift(jump)

    def _until_next(self) -> timedelta:
        at = self._schedule.next_at()
        if at is None:
            return _LONGEST_SLEEP
        return min(max(at - self._now(), timedelta(milliseconds=5)), _LONGEST_SLEEP)
