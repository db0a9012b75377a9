"""The hook for a warm provider: what it adds to a run's environment, and its loss.

A warm provider only saves time. If it does not come, dies or leaves badly, that is one warning and a plain run, never a
failure.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

# Given the root's directory and the run's environment, what attaches the run to a provider that is already there.
Attach = Callable[[Path, Mapping[str, str]], AbstractAsyncContextManager[Mapping[str, str]]]

_COMES_WITHIN = 60.0
_LEAVES_WITHIN = 10.0


class Attachment:
    """One workspace's tie to the warm provider; without one, or once released, it adds nothing."""

    def __init__(
        self, warm: Attach | None, root: Path, environment: Mapping[str, str], *, warn: Callable[[str], None]
    ) -> None:
        self._warm, self._root, self._plain, self._warn = warm, root, environment, warn
        self._extra: Mapping[str, str] = {}
        self._stack = AsyncExitStack()

    @property
    def active(self) -> bool:
        """True while a warm provider stands in."""
        return bool(self._extra)

    @property
    def environment(self) -> dict[str, str]:
        """The environment for the next command."""
        return {**self._plain, **self._extra}

    async def release(self, reason: str) -> None:
        """Go on without it."""
        self._warn(f"the warm provider failed, running plainly: {reason}")
        await self._leave()

    async def __aenter__(self) -> Self:
        if self._warm is not None:
            try:
                async with asyncio.timeout(_COMES_WITHIN):
                    self._extra = await self._stack.enter_async_context(self._warm(self._root, self._plain))
            except Exception as error:
                self._warn(f"no warm provider, running plainly: {_told(error)}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave()

    async def _leave(self) -> None:
        self._extra = {}
        try:
            async with asyncio.timeout(_LEAVES_WITHIN):
                await self._stack.aclose()
        except Exception as error:
            self._warn(f"the warm provider was not left properly: {_told(error)}")


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__
