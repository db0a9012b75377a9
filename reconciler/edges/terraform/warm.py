"""The hook for a warm provider: what it adds to a run's environment, and its loss.

A warm provider only saves time. If it does not come, dies or leaves badly, that is one warning and a plain run, never a
failure.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from reconciler.edges.process.threads import in_thread
from reconciler.provider.client import WarmProvider
from reconciler.provider.package import AWS, Binary, PackageNotFound, locate, read_lock

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


class WarmRuns:
    """Attach every workspace that has the AWS provider.

    The binary is the one that Terraform installed in the workspace or finds in a mirror, and it must match the root's
    lock file. A root without the AWS provider, or a provider that is not installed yet, runs plainly.
    """

    def __init__(self, provider: WarmProvider, mirrors: Sequence[Path]) -> None:
        self._provider, self._mirrors = provider, tuple(mirrors)

    @asynccontextmanager
    async def __call__(self, root: Path, environment: Mapping[str, str]) -> AsyncIterator[Mapping[str, str]]:
        """What to add to the run's environment; nothing for a plain run. Raises: PackageUnverified."""
        binary = await in_thread(self._binary, root)
        if binary is None:
            yield {}
            return
        async with self._provider.attach(binary=binary, environment=environment, workspace=root) as attachment:
            yield attachment.environment

    def _binary(self, root: Path) -> Binary | None:
        lock = root / ".terraform.lock.hcl"
        locked = read_lock(lock.read_text()).get(AWS) if lock.is_file() else None
        if locked is None:
            return None
        try:
            return locate([root / ".terraform" / "providers", *self._mirrors], locked)
        except PackageNotFound:
            return None
