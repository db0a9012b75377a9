"""A provider process in the pool: who uses it, and for how long it may go on.

The pool decides, this remembers. The rule: a process is ended only when it is idle, that is, bound to no session and
in no call.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from reconciler.provider.processes.identity import Configured, Place
from reconciler.provider.processes.limits import Limits
from reconciler.provider.processes.memory import resident
from reconciler.provider.processes.process import ProviderProcess


@dataclass(slots=True, eq=False)
class Flight:
    """A run's call on its way to a process. `displaced` says that it is to be asked again elsewhere."""

    run: object
    call: Any
    displaced: bool = False


@dataclass(slots=True, eq=False)
class PooledProvider:
    """One process and its use. `seat` is the run that applies on it; `draining` says why it takes no new
    sessions; `stopped` that it was told to stop."""

    process: ProviderProcess
    place: Place
    configured: Configured | None = None
    key: str = ""
    answer: bytes = b""
    sessions: set[object] = field(default_factory=set)
    seat: str | None = None
    claimed: bool = False
    draining: str = ""
    stopped: bool = False
    flights: set[Flight] = field(default_factory=set)
    calls: int = 0
    born: float = field(default_factory=time.monotonic)
    used: float = field(default_factory=time.monotonic)
    end_reason: str | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def open(self) -> bool:
        """True when new sessions may come to it."""
        return self.process.alive and not self.draining and self.end_reason is None

    @property
    def idle(self) -> bool:
        """True when ending it hurts nobody."""
        return not self.sessions and not self.flights and not (self.claimed and not self.key)

    @contextlib.contextmanager
    def flight(self, run: object, call: Any, landed: Callable[["PooledProvider"], None]) -> Iterator[Flight]:
        """Hold the process for one call; `landed` is told when it ends."""
        flight = Flight(run, call)
        self.flights.add(flight)
        self.calls += 1
        self.used = time.monotonic()
        try:
            yield flight
        finally:
            self.flights.discard(flight)
            self.used = time.monotonic()
            landed(self)

    def worn_out(self, limits: Limits, now: float) -> str:
        """Why it is to be replaced, if it is."""
        expires = self.place.expires
        if expires is not None and expires <= datetime.now(UTC):
            return "expired"
        if now - self.born > limits.age_seconds:
            return "age"
        if self.calls > limits.calls:
            return "calls"
        return "rss" if resident(self.process.pid) > limits.rss_bytes else ""
