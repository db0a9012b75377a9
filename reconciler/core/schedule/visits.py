"""When each key is next due.

`Schedule` holds keys, never events: at most one pending visit a key and at most one running, so that many wishes
become one visit and a wish during a run is never lost. `next_visit` turns a record into the time of its next visit;
failure counts live in the record, so they survive a restart.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)
_Key = TypeVar("_Key", contravariant=True)

_SHARE = 4  # one start in so many goes to who waits longest, as soon as anybody waits too long


class Pacing(Protocol[_Key]):
    """Who holds back visits that are due."""

    def not_before(self, key: _Key, visit: "Visit") -> datetime | None:
        """Until when; None when the visit may start as soon as it is due."""
        ...

    def started(self, key: _Key, visit: "Visit", now: datetime) -> None:
        """The visit starts now."""
        ...

    def shift(self, by: timedelta) -> None:
        """The clock was set."""
        ...


@dataclass(frozen=True, slots=True)
class Visit:
    """A wish to visit a key no later than `at`. Greater urgency goes first, then who asked first."""

    at: datetime
    urgency: int
    order: int
    trigger: str


@dataclass(slots=True)
class Schedule(Generic[K]):
    """At most one pending visit per key, and at most one running.

    Changes go before checks, but nobody starves: while a visit is due for longer than `patience`, at least one start in
    four goes to the one that is due for longest. Of n keys each starts within 4 n starts after its patience is over.
    """

    patience: timedelta = timedelta(minutes=10)
    pacing: Pacing[K] | None = None
    _pending: dict[K, Visit] = field(default_factory=dict)
    _running: set[K] = field(default_factory=set)
    _counter: int = 0
    _passed_over: int = 0

    def add(self, key: K, at: datetime, *, urgency: int = 0, trigger: str = "interval") -> None:
        """Ask for a visit no later than `at`. Sooner wins, and so does more urgent."""
        known = self._pending.get(key)
        if known and known.at <= at and known.urgency >= urgency:
            return
        if known:
            trigger = trigger if at < known.at else known.trigger
            at, urgency = min(at, known.at), max(urgency, known.urgency)
        self._counter += 1
        self._pending[key] = Visit(at, urgency, known.order if known else self._counter, trigger)

    def take(self, now: datetime) -> tuple[K, Visit] | None:
        """Start the most urgent visit that is due, or the one that waits for longest when its turn has come.

        No visit starts whose key is already being visited, or that is held back: its `at` then is when it may start.
        """
        due = [(key, visit) for key, visit in self._ready() if self._starts(key, visit) <= now]
        if not due:
            return None
        key, visit = min(due, key=lambda entry: (-entry[1].urgency, entry[1].at, entry[1].order))
        oldest = min(due, key=lambda entry: (entry[1].at, entry[1].order))
        if oldest[0] == key or now - oldest[1].at < self.patience:
            self._passed_over = 0
        elif self._passed_over < _SHARE - 1:
            self._passed_over += 1
        else:
            (key, visit), self._passed_over = oldest, 0
        del self._pending[key]
        self._running.add(key)
        startable = self._starts(key, visit)
        if self.pacing:
            self.pacing.started(key, visit, now)
        return key, replace(visit, at=startable)

    def done(self, key: K) -> None:
        """The visit ended; a wish that came meanwhile may start now."""
        self._running.remove(key)

    def shift(self, by: timedelta) -> None:
        """The clock was set: what was due in an hour is still due in an hour."""
        self._pending = {key: replace(visit, at=visit.at + by) for key, visit in self._pending.items()}
        if self.pacing:
            self.pacing.shift(by)

    def drop(self, key: K) -> None:
        """Forget a pending wish; a running visit is not touched."""
        self._pending.pop(key, None)

    def next_at(self) -> datetime | None:
        """When the next visit may start, if nothing new is asked for."""
        return min((self._starts(key, visit) for key, visit in self._ready()), default=None)

    @property
    def depth(self) -> int:
        """How many visits wait."""
        return len(self._pending)

    def deferred(self, now: datetime) -> Iterator[tuple[K, Visit]]:
        """The visits that are due and that the pacing does not let start yet."""
        return ((key, visit) for key, visit in self._ready() if visit.at <= now < self._starts(key, visit))

    def _starts(self, key: K, visit: Visit) -> datetime:
        """When the visit may start at the earliest."""
        held = self.pacing.not_before(key, visit) if self.pacing else None
        return max(visit.at, held) if held else visit.at

    def _ready(self) -> Iterator[tuple[K, Visit]]:
        return ((key, visit) for key, visit in self._pending.items() if key not in self._running)
