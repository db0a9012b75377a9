"""A provider process of the pool: its sessions and calls, and whether it must be replaced.

This is the state; the pool takes the decisions. A process is ended only while it is idle: bound to no session and in
no call.
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
    """A run's call in flight on a process. `displaced`: the call was cancelled here and must be made on another."""

    run: object
    call: Any
    displaced: bool = False


@dataclass(slots=True, eq=False)
class PooledProvider:
    """One process and its use.

    `seat`: the run that may apply on it; `claimed`: a run is configuring it or has; `draining`: the reason for taking
    no new sessions, or empty; `stopped`: it was sent `Stop`; `born` and `used`: monotonic clock, in seconds."""

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
        """Return whether it accepts new sessions."""
        return self.process.alive and not self.draining and self.end_reason is None

    @property
    def idle(self) -> bool:
        """Return whether it can be ended without affecting a run."""
        return not self.sessions and not self.flights and not (self.claimed and not self.key)

    @contextlib.contextmanager
    def flight(self, run: object, call: Any, on_end: Callable[["PooledProvider"], None]) -> Iterator[Flight]:
        """Keep the process in use during one call; `on_end` is called afterwards."""
        flight = Flight(run, call)
        self.flights.add(flight)
        self.calls += 1
        self.used = time.monotonic()
        try:
            yield flight
        finally:
            self.flights.discard(flight)
            self.used = time.monotonic()
            on_end(self)

    def replacement_reason(self, limits: Limits, now: float) -> str:
        """Return the limit that the process has reached (expired, age, calls, rss), or an empty text."""
        expires = self.place.expires
        if expires is not None and expires <= datetime.now(UTC):
            return "expired"
        if now - self.born > limits.age_seconds:
            return "age"
        if self.calls > limits.calls:
            return "calls"
        return "rss" if resident(self.process.pid) > limits.rss_bytes else ""
