"""One terraform run, its connections, and its calls in flight.

Terraform opens a connection for each provider configuration that it uses (an alias is one) and configures each of them
separately. So a connection, not the run, is bound to a process. This module decides which process a call goes to, when
a connection changes to another process, and how `Stop` is handled.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.provider.control import AttachRequest
from reconciler.provider.processes.credentials import fingerprint, names_relative_file, runs_programs
from reconciler.provider.processes.identity import Configured, Place, provider_environment, works_in_directory
from reconciler.provider.processes.pool import CONFIGURE, IdentityChanged, Pool
from reconciler.provider.processes.pooled import Flight, PooledProvider
from reconciler.provider.protocol.msgpack import MalformedValue, texts
from reconciler.provider.protocol.usage import words
from reconciler.provider.protocol.wire import nested

# These change resources or keep one open: they need the seat of their process.
SEATED = frozenset({"ApplyResourceChange", "OpenEphemeralResource", "InvokeAction"})
_STOP_SECONDS = 10.0


@dataclass(slots=True, eq=False)
class Run:
    """A run with its open connections. `trouble` is a failure after which a retry of the run can succeed."""

    id: str
    request: AttachRequest
    pool: Pool
    sessions: set["Session"] = field(default_factory=set)
    trouble: str | None = None

    def used(self) -> frozenset[str] | None:
        """Return the words of its configuration, or None if it needs the full schema. Reads files; blocking."""
        if self.request.full_schema:
            return None
        data = self.request.data_directory
        found = words(Path(self.request.directory), Path(data) if data else None)
        return None if found is None else found | frozenset(self.request.types)

    def cancel(self) -> int:
        """Cancel its calls in flight. Returns their number."""
        flights = self.flights()
        for _, flight in flights:
            flight.call.cancel()
        return len(flights)

    def flights(self) -> list[tuple[PooledProvider, Flight]]:
        """Return its calls in flight, each with the process that serves it."""
        return [(p, flight) for p in self.pool.providers for flight in p.flights if flight.run is self]


@dataclass(slots=True, eq=False)
class Session:
    """One connection of a run, bound to a process once it is configured."""

    run: Run
    provider: PooledProvider | None = None
    identify: Callable[[], Configured] | None = None
    flights: set[Flight] = field(default_factory=set)  # the calls of this connection
    switching: asyncio.Lock = field(default_factory=asyncio.Lock)
    ended: bool = False
    _words: frozenset[str] | None = None
    _read: bool = False

    async def read(self) -> frozenset[str] | None:
        """Return the run's words (see `Run.used`), read once per connection and in a thread."""
        if not self._read:
            self._words, self._read = await asyncio.to_thread(self.run.used), True
        return self._words

    def place(self, mentioned: Iterable[str] = ()) -> Place:
        """Return the place for this connection's provider; `mentioned` are the strings in its configuration."""
        request, directory = self.run.request, Path(self.run.request.directory)
        bound = works_in_directory(self._words) or names_relative_file(directory, mentioned)
        narrow = provider_environment(request.environment)
        whole = runs_programs(dict(narrow), directory, mentioned)
        environment = provider_environment(request.environment, whole=True) if whole else narrow
        return Place(request.binary, request.package, environment, request.directory if bound else None)

    def identified(self, request: bytes, value: tuple[int, ...]) -> Configured:
        """Return the identity that a request defines; `value` is the path of field numbers to its msgpack value."""
        try:
            mentioned = list(texts(nested(request, *value)))
        except MalformedValue:
            mentioned = []
        place = self.place(mentioned)
        files = fingerprint(dict(place.environment), Path(self.run.request.directory), mentioned)
        return Configured(place, files, request)

    async def configure(self, request: bytes) -> bytes:
        """Handle `Configure`: bind this connection to a process. Returns the response. Raises as `Pool.configure`."""
        identify = lambda: self.identified(request, (2, 1))  # noqa: E731 - called again when the session changes its process
        self._unbind()
        self.provider, answer = await self.run.pool.configure(identify, self)
        self.identify = identify
        if self.ended:
            self._unbind()
        return answer

    async def target(self, method: str) -> PooledProvider:
        """Return the process for a call. Use it without another await in between. Raises as `Pool.seat`."""
        if self.provider is None or self.identify is None:
            return await self.run.pool.any_process(self.place())
        seated = method in SEATED
        provider = self.provider
        if provider.seat == self.run.id or (not seated and not provider.stopped):
            return provider
        async with self.switching:
            return await self._change_process(seated=seated, identify=self.identify)

    async def _change_process(self, *, seated: bool, identify: Callable[[], Configured]) -> PooledProvider:
        """Bind to another process of the same identity, or take the seat of the present one. Raises as `Pool.seat`."""
        provider = self.provider
        if provider is None or provider.seat == self.run.id:
            return provider or await self.run.pool.any_process(self.place())
        if seated:
            self.provider = await self.run.pool.seat(provider, self.run.id, identify, self)
        elif provider.stopped:
            if identify().key(CONFIGURE) != provider.key:
                raise IdentityChanged("credentials or configuration files changed during the run: run it again")
            other, _ = await self.run.pool.configure(identify, self)
            if other is None:
                raise IdentityChanged("the provider rejected a configuration that it had accepted: run it again")
            self.run.pool.unbind(provider, self)
            self.provider = other
        if self.ended:
            self._unbind()
            raise asyncio.CancelledError
        return self.provider or provider

    async def stop(self, method: str, request: bytes) -> bytes:
        """Handle `Stop`: forward it to processes whose seat the run has, and cancel its calls on others.

        Returns the response. Raises TimeoutError if a provider does not respond in time, grpc.RpcError."""
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
                flight.displaced = True  # it changes no resources, so it can be repeated
                flight.call.cancel()
            async with asyncio.timeout(_STOP_SECONDS):
                answer = bytes(await provider.process.unary(method, request))
        return answer

    def end(self) -> None:
        """Handle the end of the connection: cancel its calls in flight and free its process."""
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
    """A run, and the time at which its caller's connection ended (`orphan_since`: monotonic clock, in seconds)."""

    run: Run
    orphan_since: float | None = None
