"""The pool of provider processes: the assignment of sessions, and the start, replacement and end of processes.

A process is configured exactly once, by the request that defines its identity, and serves every session with that
identity. At most one run applies on a process; it has the process's seat. So a `Stop` can be sent to the provider
itself, which then returns the resources created so far, as it does for plain terraform. A process that reached a limit
is drained before it is ended. While all processes are in use, callers wait.

    PoolExhausted     no process became free within the time limit
    IdentityChanged   credentials changed before a run needed a further process of its identity
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from reconciler.provider.counters import Counters
from reconciler.provider.keyed_lock import KeyedLock
from reconciler.provider.processes.identity import Configured, Place
from reconciler.provider.processes.limits import Limits
from reconciler.provider.processes.memory import MIB, concurrency, memory_limit, private
from reconciler.provider.processes.pooled import PooledProvider
from reconciler.provider.processes.process import SERVICE, start_provider
from reconciler.provider.protocol.wire import has_errors

CONFIGURE = "Configure"
_CONFIGURE_DIAGNOSTICS = 1
_SHARED_BYTES = 700 * MIB  # the pages of the program, terraform and this process: used once in all
_UNMEASURED_BYTES = 150 * MIB
_MOST_PROCESSES = 32
_MAINTENANCE_SECONDS = 1.0


class PoolExhausted(Exception):
    """No process became free within the time limit."""


class IdentityChanged(Exception):
    """A further process of that identity cannot be configured any more."""


class Pool:
    """All provider processes of this warm provider."""

    def __init__(self, limits: Limits, *, sockets: Path, empty: Path, counters: Counters) -> None:
        self.limits = limits
        self.providers: set[PooledProvider] = set()
        self._sockets, self._empty, self._counters = sockets, empty, counters
        self._starting = 0
        self._changed = asyncio.Condition()
        self._locks = KeyedLock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def process_limit(self) -> int:
        """Return the largest number of processes: the configured one, or as many as fit into the memory."""
        if self.limits.processes:
            return self.limits.processes
        size = max((private(p.process.pid) for p in self.providers), default=_UNMEASURED_BYTES)
        fit = concurrency(cores=_MOST_PROCESSES, memory=memory_limit(), fixed=_SHARED_BYTES, each=size, per_core=1)
        return min(fit, _MOST_PROCESSES)

    async def any_process(self, place: Place) -> PooledProvider:
        """Return a process of a place, for calls that need no configuration.

        Use it without another await in between: while it is idle it may be ended.
        Raises ProviderFailed, PoolExhausted."""
        async with self._locks.acquired(place.key):
            return self._in_place(place) or await self._start(place)

    async def configure(
        self, identify: Callable[[], Configured], session: object
    ) -> tuple[PooledProvider | None, bytes]:
        """Bind a session to the process of its identity. Returns the process and the response to `Configure`.

        The process is None if the provider rejected the configuration; the response then has the reason and is not
        kept. `identify` is called before and after: if a file changed in between, only this session uses the process.
        Raises ProviderFailed, PoolExhausted, grpc.RpcError.
        """
        wanted = identify()
        key = wanted.key(CONFIGURE)
        async with self._locks.acquired(key):
            found = next((p for p in self.providers if p.key == key and p.open), None)
            self._counters.answers[CONFIGURE, "hit" if found else "miss"] += 1
            if found is None:
                found, answer = await self._configure_new(wanted, key)
                if found is None:
                    return None, answer
                if identify() != wanted:
                    found.draining, found.key = "files changed", f"{key} {found.process.pid}"
            found.sessions.add(session)
            return found, found.answer

    async def seat(
        self, provider: PooledProvider, run: str, identify: Callable[[], Configured], session: object
    ) -> PooledProvider:
        """Bind the session to a process of the same identity whose seat this run has or gets. Returns that process.

        Raises ProviderFailed, PoolExhausted, IdentityChanged, grpc.RpcError.
        """
        async with self._locks.acquired(f"{run} {provider.key}"):
            found = await self._seat(provider, run, identify)
            found.seat = run
            if found is not provider:
                found.sessions.add(session)
                self.unbind(provider, session)
            return found

    async def _seat(self, provider: PooledProvider, run: str, identify: Callable[[], Configured]) -> PooledProvider:
        deadline = time.monotonic() + self.limits.wait_seconds
        while True:
            usable = [p for p in self.providers if p.key == provider.key and p.process.alive and not p.stopped]
            candidates = [p for p in usable if p.seat == run] or [p for p in usable if p.seat is None]
            if candidates:
                return provider if provider in candidates else candidates[0]
            if self._has_room():
                wanted = identify()
                if wanted.key(CONFIGURE) != provider.key:
                    raise IdentityChanged("credentials or configuration files changed during the run: run it again")
                added, _ = await self._configure_new(wanted, provider.key)
                if added is None:
                    raise IdentityChanged("the provider rejected a configuration that it had accepted: run it again")
                return added
            await self._wait_for_change(deadline)

    def stop(self, provider: PooledProvider) -> None:
        """Mark a process that is sent `Stop`: it gets no new sessions."""
        provider.stopped, provider.draining = True, "stopped"

    def unbind(self, provider: PooledProvider, session: object) -> None:
        """Remove a session from a process, and end the process if it is drained."""
        provider.sessions.discard(session)
        self.end_if_drained(provider)

    def release(self, run: str, directory: str) -> None:
        """Free the seats of a run that ended, and drain processes in its directory, which may be replaced now."""
        for provider in list(self.providers):
            provider.seat = None if provider.seat == run else provider.seat
            if provider.place.directory == directory:
                provider.draining = provider.draining or "directory left"
            self.end_if_drained(provider)

    def end_if_drained(self, provider: PooledProvider) -> None:
        """End a process if it is drained and idle, and wake waiting callers."""
        if provider.draining and provider.idle:
            self._end(provider, provider.draining)
        self._task(self._notify())

    async def maintain(self) -> None:
        """Drain processes that reached a limit and end idle ones; runs until it is cancelled."""
        while True:
            await asyncio.sleep(_MAINTENANCE_SECONDS)
            now = time.monotonic()
            for provider in list(self.providers):
                provider.draining = provider.draining or provider.replacement_reason(self.limits, now)
                if provider.idle and (provider.draining or now - provider.used > self.limits.idle_seconds):
                    self._end(provider, provider.draining or "idle")

    async def close(self) -> None:
        """End every process, and wait until all are gone."""
        for provider in list(self.providers):
            self._end(provider, "closed")
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _configure_new(self, wanted: Configured, key: str) -> tuple[PooledProvider | None, bytes]:
        """Configure a process that is not configured yet. Returns it (None if it rejected) and its response."""
        async with self._locks.acquired(wanted.place.key):
            spare = self._in_place(wanted.place, unclaimed=True) or await self._start(wanted.place)
            spare.claimed = True  # even if this fails, it must not be configured again
        try:
            with self._counters.phase("configure"):
                answer = bytes(await spare.process.unary(SERVICE + CONFIGURE, wanted.request))
            refused = has_errors(answer, _CONFIGURE_DIAGNOSTICS)
        except BaseException:
            self._end(spare, "not configured")
            raise
        if refused:
            self._end(spare, "refused")
            return None, answer
        spare.configured, spare.key, spare.answer = wanted, key, answer
        return spare, answer

    def _in_place(self, place: Place, *, unclaimed: bool = False) -> PooledProvider | None:
        """Return an open process of a place, preferably an unclaimed one, or None."""
        found = [p for p in self.providers if p.open and p.place.key == place.key and not (unclaimed and p.claimed)]
        return min(found, key=lambda p: p.claimed, default=None)

    async def _start(self, place: Place) -> PooledProvider:
        deadline = time.monotonic() + self.limits.wait_seconds
        while not self._has_room():
            await self._wait_for_change(deadline)
        self._starting += 1
        try:
            with self._counters.phase("start"):
                process = await start_provider(
                    place, sockets=self._sockets, empty=self._empty, seconds=self.limits.start_seconds
                )
        finally:
            self._starting -= 1
        provider = PooledProvider(process, place)
        self.providers.add(provider)
        self._counters.started += 1
        self._task(self._watch(provider))
        return provider

    def _has_room(self) -> bool:
        """Return whether one more process may be started; at the limit, end the least recently used idle one first."""
        if len(self.providers) + self._starting < self.process_limit:
            return True
        idle = min((p for p in self.providers if p.idle), key=lambda p: (p.claimed, p.used), default=None)
        if idle is None:
            return False
        self._end(idle, "evicted")
        return len(self.providers) + self._starting < self.process_limit

    async def _wait_for_change(self, deadline: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())), self._changed:
                await self._changed.wait()
        except TimeoutError:
            message = f"all {self.process_limit} provider processes stayed in use: run again, or allow more"
            raise PoolExhausted(message) from None

    async def _watch(self, provider: PooledProvider) -> None:
        """Wait for the end of a process, and record a crash if the pool did not end it."""
        how = await provider.process.wait()
        if provider.end_reason is None:
            provider.end_reason = how
            self.providers.discard(provider)
            self._counters.ends["crashed"] += 1
            provider.ended.set()
            await provider.process.end()
        provider.ended.set()
        await self._notify()

    def _end(self, provider: PooledProvider, reason: str) -> None:
        if provider in self.providers:
            self.providers.discard(provider)
            provider.end_reason = f"the provider process {provider.process.pid} was stopped ({reason})"
            self._counters.ends[reason] += 1
            self._task(provider.process.end())

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
