"""Locks by key that use no memory when they are free.

A long-lived process sees ever new keys, so a lock exists only while a task holds it or waits for it.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator


class KeyedLock:
    """Locks with at most one holder for each key."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._locks)

    @contextlib.asynccontextmanager
    async def acquired(self, key: str) -> AsyncIterator[None]:
        """Acquire the lock of a key for the duration of the context."""
        self._users[key] += 1
        try:
            async with self._locks.setdefault(key, asyncio.Lock()):
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._locks[key]
