"""Locks by name that leave nothing behind.

A long-lived process meets new keys for ever, so a lock exists only while somebody holds it or waits for it.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator


class KeyedLock:
    """One holder at a time for each key."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._locks)

    @contextlib.asynccontextmanager
    async def acquired(self, key: str) -> AsyncIterator[None]:
        """Hold the lock of a key."""
        self._users[key] += 1
        try:
            async with self._locks.setdefault(key, asyncio.Lock()):
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._locks[key]
