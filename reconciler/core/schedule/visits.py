"""Pending visits: when each key is next due.

`Schedule` holds keys, never events: at most one pending visit per key and at most one running, so that many wishes
become one visit and a wish during a run is never lost.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)
_Key = TypeVar("_Key", contravariant=True)

_SHARE = 4  # one start in four goes to the visit that waits longest, as soon as one waits too long


class Pacing(Protocol[_Key]):
    """A source of delays for visits that are due."""

    def not_before(self, key: _Key, visit: "Visit") -> datetime | None:
        """Return when the visit may start at the earliest; None when it may start as soon as it is due."""
        ...

    def started(self, key: _Key, visit: "Visit", now: datetime) -> None:
        """Take note that the visit starts now."""
        ...

    def shift(self, by: timedelta) -> None:
        """Follow a clock that was set."""
        ...


@dataclass(frozen=True, slots=True)
class Visit:
    """A wish to visit a key no later than `at`. Greater urgency goes first, then the earlier wish."""

    at: datetime
    urgency: int
    order: int
    trigger: str


@dataclass(slots=True)
class Schedule(Generic[K]):
    """At most one pending visit per key, and at most one running.

    Changes go before drift checks, but no key starves: while a visit is due for longer than `patience`, at least one
    start in four goes to the one that is due for longest. Of n keys each starts within 4 n starts after its patience is
    over.
    """

    patience: timedelta = timedelta(minutes=10)
    pacing: Pacing[K] | None = None
    _pending: dict[K, Visit] = field(default_factory=dict)
    _running: set[K] = field(default_factory=set)
    _counter: int = 0
    _passed_over: int = 0

    def add(self, key: K, at: datetime, *, urgency: int = 0, trigger: str = "interval") -> None:
        """Request a visit no later than `at`. The earlier time and the greater urgency of old and new wish count."""
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

        A visit does not start while its key is being visited or the visit is deferred. The `at` of the returned visit
        is when it could have started.
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
        """End a running visit; a wish that came meanwhile may start now."""
        self._running.remove(key)

    def shift(self, by: timedelta) -> None:
        """Follow a clock that was set: what was due in an hour is still due in an hour."""
        self._pending = {key: replace(visit, at=visit.at + by) for key, visit in self._pending.items()}
        if self.pacing:
            self.pacing.shift(by)

    def drop(self, key: K) -> None:
        """Drop a pending visit; a running one is not touched."""
        self._pending.pop(key, None)

    def next_at(self) -> datetime | None:
        """Return when the next visit may start, if nothing new is requested."""
        return min((self._starts(key, visit) for key, visit in self._ready()), default=None)

    @property
    def depth(self) -> int:
        """Return how many visits wait."""
        return len(self._pending)

    def deferred(self, now: datetime) -> Iterator[tuple[K, Visit]]:
        """Yield the visits that are due and deferred by the pacing."""
        return ((key, visit) for key, visit in self._ready() if visit.at <= now < self._starts(key, visit))

    def _starts(self, key: K, visit: Visit) -> datetime:
        """Return when the visit may start at the earliest."""
        held = self.pacing.not_before(key, visit) if self.pacing else None
        return max(visit.at, held) if held else visit.at

    def _ready(self) -> Iterator[tuple[K, Visit]]:
        return ((key, visit) for key, visit in self._pending.items() if key not in self._running)
