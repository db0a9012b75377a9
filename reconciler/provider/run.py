"""One terraform run, its connections, and the calls it has in flight.

Terraform opens a connection for each provider configuration it uses (an alias is one), and each of them is configured
on its own. So a connection, not the run, is bound to a process. What a connection does with the processes behind it
is decided here: which one a call goes to, when it moves, what a `Stop` means.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.provider.control import Ask
from reconciler.provider.processes.credentials import fingerprint, names_relative_file, runs_programs
from reconciler.provider.processes.identity import Configured, Place, provider_environment, works_in_directory
from reconciler.provider.processes.pool import CONFIGURE, IdentityChanged, Pool
from reconciler.provider.processes.pooled import Flight, PooledProvider
from reconciler.provider.protocol.msgpack import MalformedValue, texts
from reconciler.provider.protocol.usage import words
from reconciler.provider.protocol.wire import nested

# These change something or hold something open: they need the seat of their process.
SEATED = frozenset({"ApplyResourceChange", "OpenEphemeralResource", "InvokeAction"})
_STOP_SECONDS = 10.0


@dataclass(slots=True, eq=False)
class Run:
    """A run with its open connections. `trouble` is what went wrong that is worth a retry."""

    id: str
    ask: Ask
    pool: Pool
    sessions: set["Session"] = field(default_factory=set)
    trouble: str | None = None

    def used(self) -> frozenset[str] | None:
        """The words of its configuration; None when the full schema is needed. Reads files."""
        if self.ask.full_schema:
            return None
        data = self.ask.data_directory
        found = words(Path(self.ask.directory), Path(data) if data else None)
        return None if found is None else found | frozenset(self.ask.types)

    def cancel(self) -> int:
        """Cancel the calls it has in flight; how many."""
        flights = self.flights()
        for _, flight in flights:
            flight.call.cancel()
        return len(flights)

    def flights(self) -> list[tuple[PooledProvider, Flight]]:
        """Its calls on their way, and where."""
        return [(p, flight) for p in self.pool.providers for flight in p.flights if flight.run is self]


@dataclass(slots=True, eq=False)
class Session:
    """One connection of a run."""

    run: Run
    provider: PooledProvider | None = None
    identify: Callable[[], Configured] | None = None
    flights: set[Flight] = field(default_factory=set)  # the calls of this connection
    switching: asyncio.Lock = field(default_factory=asyncio.Lock)
    ended: bool = False
    _words: frozenset[str] | None = None
    _read: bool = False

    async def read(self) -> frozenset[str] | None:
        """The run's words, read once for a connection, away from the loop."""
        if not self._read:
            self._words, self._read = await asyncio.to_thread(self.run.used), True
        return self._words

    def place(self, mentioned: Iterable[str] = ()) -> Place:
        """Where this connection's provider is to run."""
        ask, directory = self.run.ask, Path(self.run.ask.directory)
        bound = works_in_directory(self._words) or names_relative_file(directory, mentioned)
        narrow = provider_environment(ask.environment)
        whole = runs_programs(dict(narrow), directory, mentioned)
        environment = provider_environment(ask.environment, whole=True) if whole else narrow
        return Place(ask.binary, ask.package, environment, ask.directory if bound else None)

    def identified(self, request: bytes, value: tuple[int, ...]) -> Configured:
        """The identity that a request asks for; `value` leads to its msgpack value."""
        try:
            mentioned = list(texts(nested(request, *value)))
        except MalformedValue:
            mentioned = []
        place = self.place(mentioned)
        files = fingerprint(dict(place.environment), Path(self.run.ask.directory), mentioned)
        return Configured(place, files, request)

    async def configure(self, request: bytes) -> bytes:
        """Answer `Configure`: bind this connection to a process."""
        identify = lambda: self.identified(request, (2, 1))  # noqa: E731 - kept to ask again when the session moves
        self._unbind()
        self.provider, answer = await self.run.pool.configure(identify, self)
        self.identify = identify
        if self.ended:
            self._unbind()
        return answer

    async def target(self, method: str) -> PooledProvider:
        """The process that a call goes to. Use it at once."""
        if self.provider is None or self.identify is None:
            return await self.run.pool.anywhere(self.place())
        seated = method in SEATED
        provider = self.provider
        if provider.seat == self.run.id or (not seated and not provider.stopped):
            return provider
        async with self.switching:
            return await self._move(seated=seated, identify=self.identify)

    async def _move(self, *, seated: bool, identify: Callable[[], Configured]) -> PooledProvider:
        """Go to another process of the same identity, or take the seat of this one."""
        provider = self.provider
        if provider is None or provider.seat == self.run.id:
            return provider or await self.run.pool.anywhere(self.place())
        if seated:
            self.provider = await self.run.pool.seat(provider, self.run.id, identify, self)
        elif provider.stopped:
            if identify().key(CONFIGURE) != provider.key:
                raise IdentityChanged("credentials or configuration files changed during the run; run it again")
            moved, _ = await self.run.pool.configure(identify, self)
            if moved is None:
                raise IdentityChanged("the provider refused a configuration that it had accepted; run it again")
            self.run.pool.unbind(provider, self)
            self.provider = moved
        if self.ended:
            self._unbind()
            raise asyncio.CancelledError
        return self.provider or provider

    async def stop(self, method: str, request: bytes) -> bytes:
        """Answer `Stop`: tell the provider where this run has a process to itself, else cancel its calls."""
        seats = set()
        for provider, flight in self.run.flights():
            if provider.seat == self.run.id:
                seats.add(provider)
            else:
                flight.call.cancel()
        answer = b""
        for provider in seats:
            self.run.pool.stop(provider)
            for flight in [f for f in provider.flights if f.run is not self.run]:
                flight.displaced = True  # it changes nothing, so it can be asked again
                flight.call.cancel()
            async with asyncio.timeout(_STOP_SECONDS):
                answer = bytes(await provider.process.unary(method, request))
        return answer

    def end(self) -> None:
        """The connection is gone: cancel what it had in flight and free its process."""
        self.ended = True
        for flight in list(self.flights):
            flight.call.cancel()
        self.run.sessions.discard(self)
        self._unbind()

    def _unbind(self) -> None:
        if self.provider is not None:
            self.run.pool.unbind(self.provider, self)
        self.provider = None


@dataclass(slots=True)
class OwnedRun:
    """A run with its owner: `orphan_since` is set once the owner is gone (monotonic clock, in seconds)."""

    run: Run
    orphan_since: float | None = None
