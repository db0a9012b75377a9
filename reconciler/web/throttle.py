"""Slow down clients whose credentials are wrong: a short delay for each failure, then no answer but 429 for a while.

Memory is bounded: the addresses that failed longest ago are forgotten first. So is waiting: beyond some delayed
answers at once, further ones are given without delay and count as always.
"""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

FREE = 3
LIMIT = 20
WINDOW = 60.0
LONGEST = 2.0
ADDRESSES = 1024
WAITING = 64


@dataclass(slots=True)
class _Failures:
    count: int
    since: float


@dataclass(slots=True)
class Throttle:
    """Failures by client address within a window; `clock` counts seconds."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    _failed: OrderedDict[str, _Failures] = field(default_factory=OrderedDict)
    _waiting: int = 0

    def retry_after(self, address: str) -> int | None:
        """Return the seconds until an address may try again; None when it may now."""
        found = self._current(address)
        if found is None or found.count < LIMIT:
            return None
        return max(1, math.ceil(found.since + WINDOW - self.clock()))

    async def failed(self, address: str) -> None:
        """Count a failure, and wait the longer the more there were."""
        found = self._current(address) or _Failures(0, self.clock())
        found.count += 1
        self._failed[address] = found
        self._failed.move_to_end(address)
        while len(self._failed) > ADDRESSES:
            self._failed.popitem(last=False)
        if found.count > FREE and self._waiting < WAITING:
            self._waiting += 1
            try:
                await self.sleep(min(0.1 * 2 ** (found.count - FREE - 1), LONGEST))
            finally:
                self._waiting -= 1

    def _current(self, address: str) -> _Failures | None:
        found = self._failed.get(address)
        if found and self.clock() - found.since >= WINDOW:
            del self._failed[address]
            return None
        return found
