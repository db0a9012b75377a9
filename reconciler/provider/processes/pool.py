"""The provider processes: which one serves whom, and when one is started, replaced or ended.

Rules. A process is configured exactly once, by the request that makes its identity, and serves every session with
that identity. On one process at most one run applies (it has the seat), so that a `Stop` can reach the provider
itself, which then answers with what it has created so far, as it does for plain terraform. A worn-out process is
drained first. When all are taken, a caller waits for its turn.

    PoolExhausted    no process became free within the time
    IdentityMoved    credentials changed while a run needed another process of the same identity
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
_SHARED_BYTES = 700 * MIB  # the program's own pages, terraform and this process: held once, whatever the number
_UNMEASURED_BYTES = 150 * MIB
_MOST_PROCESSES = 32
_TEND_SECONDS = 1.0


class PoolExhausted(Exception):
    """All processes stayed busy."""


class IdentityChanged(Exception):
    """Another process of that identity cannot be made any more."""


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
    def most(self) -> int:
        """How many processes there may be."""
        if self.limits.processes:
            return self.limits.processes
        held = max((private(p.process.pid) for p in self.providers), default=_UNMEASURED_BYTES)
        fit = concurrency(cores=_MOST_PROCESSES, memory=memory_limit(), fixed=_SHARED_BYTES, each=held, per_core=1)
        return min(fit, _MOST_PROCESSES)

    async def anywhere(self, place: Place) -> PooledProvider:
        """A process of that place for questions that need no configuration. Use it at once. Raises as `configure`."""
        async with self._locks.acquired(place.key):
            return self._in_place(place) or await self._start(place)

    async def configure(
        self, identify: Callable[[], Configured], session: object
    ) -> tuple[PooledProvider | None, bytes]:
        """Bind a session to the process of its identity, and the provider's answer to `Configure`.

        The process is None when the provider refused; the answer then says why, and is not kept.
        `identify` is asked before and after: when a file changed meanwhile, the process serves this session only.
        Raises: ProviderFailed, PoolExhausted, grpc.RpcError.
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
        self, held: PooledProvider, run: str, identify: Callable[[], Configured], session: object
    ) -> PooledProvider:
        """A process of the same identity on which this run alone applies; the session moves there.

        Raises: ProviderFailed, PoolExhausted, IdentityMoved, grpc.RpcError.
        """
        async with self._locks.acquired(f"{run} {held.key}"):
            found = await self._seat(held, run, identify)
            found.seat = run
            if found is not held:
                found.sessions.add(session)
                self.unbind(held, session)
            return found

    async def _seat(self, held: PooledProvider, run: str, identify: Callable[[], Configured]) -> PooledProvider:
        deadline = time.monotonic() + self.limits.wait_seconds
        while True:
            usable = [p for p in self.providers if p.key == held.key and p.process.alive and not p.stopped]
            candidates = [p for p in usable if p.seat == run] or [p for p in usable if p.seat is None]
            if candidates:
                return held if held in candidates else candidates[0]
            if self._has_room():
                wanted = identify()
                if wanted.key(CONFIGURE) != held.key:
                    raise IdentityChanged("credentials or configuration files changed during the run; run it again")
                made, _ = await self._configure_new(wanted, held.key)
                if made is None:
                    raise IdentityChanged("the provider refused a configuration that it had accepted; run it again")
                return made
            await self._wait_for_change(deadline)

    def stop(self, provider: PooledProvider) -> None:
        """Take no more sessions on a process that is told to stop."""
        provider.stopped, provider.draining = True, "stopped"

    def unbind(self, provider: PooledProvider, session: object) -> None:
        """The session no longer uses the process."""
        provider.sessions.discard(session)
        self.end_if_drained(provider)

    def leave(self, run: str, directory: str) -> None:
        """A run is over: its seats are free, and what works in its directory goes, since that may be replaced now."""
        for provider in list(self.providers):
            provider.seat = None if provider.seat == run else provider.seat
            if provider.place.directory == directory:
                provider.draining = provider.draining or "directory left"
            self.end_if_drained(provider)

    def end_if_drained(self, provider: PooledProvider) -> None:
        """Something became free: end a drained process, wake who waits."""
        if provider.draining and provider.idle:
            self._end(provider, provider.draining)
        self._task(self._notify())

    async def tend(self) -> None:
        """Watch over age and idleness, for ever."""
        while True:
            await asyncio.sleep(_TEND_SECONDS)
            now = time.monotonic()
            for provider in list(self.providers):
                provider.draining = provider.draining or provider.worn_out(self.limits, now)
                if provider.idle and (provider.draining or now - provider.used > self.limits.idle_seconds):
                    self._end(provider, provider.draining or "idle")

    async def close(self) -> None:
        """End every process."""
        for provider in list(self.providers):
            self._end(provider, "closed")
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _configure_new(self, wanted: Configured, key: str) -> tuple[PooledProvider | None, bytes]:
        """Configure a process that nobody configured yet."""
        async with self._locks.acquired(wanted.place.key):
            spare = self._in_place(wanted.place, unclaimed=True) or await self._start(wanted.place)
            spare.claimed = True  # configured at most once, whatever happens next
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
        """An open process of a place, an unconfigured one if there is."""
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
        """True when one more process may be started, after ending the idle one that was longest unused, if need be."""
        if len(self.providers) + self._starting < self.most:
            return True
        idle = min((p for p in self.providers if p.idle), key=lambda p: (p.claimed, p.used), default=None)
        if idle is None:
            return False
        self._end(idle, "evicted")
        return len(self.providers) + self._starting < self.most

    async def _wait_for_change(self, deadline: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())), self._changed:
                await self._changed.wait()
        except TimeoutError:
            raise PoolExhausted(f"all {self.most} provider processes stayed busy; run again, or allow more") from None

    async def _watch(self, provider: PooledProvider) -> None:
        """Remember how a process ended that was not asked to."""
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
            provider.end_reason = f"the provider process {provider.process.pid} was ended ({reason})"
            self._counters.ends[reason] += 1
            self._task(provider.process.end())

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
