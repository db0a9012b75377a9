"""The attachment of a workspace to the warm provider: the variables that it adds to a run, and its loss.

A warm provider only saves time. If it does not attach, dies or cannot be released, the daemon logs one warning and runs
without it; no run fails for that.
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

# From the root's directory and the run's environment: the variables that attach the run to a running provider.
Attach = Callable[[Path, Mapping[str, str]], AbstractAsyncContextManager[Mapping[str, str]]]

_ATTACH_SECONDS = 60.0
_RELEASE_SECONDS = 10.0


class Attachment:
    """One workspace's attachment to the warm provider; without one, or once released, it adds nothing."""

    def __init__(
        self, warm: Attach | None, root: Path, environment: Mapping[str, str], *, warn: Callable[[str], None]
    ) -> None:
        self._warm, self._root, self._plain, self._warn = warm, root, environment, warn
        self._extra: Mapping[str, str] = {}
        self._stack = AsyncExitStack()

    @property
    def active(self) -> bool:
        """True while a warm provider serves the run."""
        return bool(self._extra)

    @property
    def environment(self) -> dict[str, str]:
        """The environment for the next command."""
        return {**self._plain, **self._extra}

    async def release(self, reason: str) -> None:
        """Continue without the warm provider."""
        self._warn(f"the warm provider failed, so the run continues without it: {reason}")
        await self._detach()

    async def __aenter__(self) -> Self:
        if self._warm is not None:
            try:
                async with asyncio.timeout(_ATTACH_SECONDS):
                    self._extra = await self._stack.enter_async_context(self._warm(self._root, self._plain))
            except Exception as error:
                self._warn(f"the warm provider did not attach, so the run continues without it: {_text(error)}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._detach()

    async def _detach(self) -> None:
        self._extra = {}
        try:
            async with asyncio.timeout(_RELEASE_SECONDS):
                await self._stack.aclose()
        except Exception as error:
            self._warn(f"the warm provider was not released: {_text(error)}")


def _text(error: Exception) -> str:
    return str(error) or type(error).__name__


class WarmRuns:
    """Attaches every workspace that has the AWS provider.

    The binary is the one that Terraform installed in the workspace or finds in a mirror, and it must match the root's
    lock file. A root without the AWS provider, or with one that is not installed yet, runs without the warm provider.
    """

    def __init__(self, provider: WarmProvider, mirrors: Sequence[Path]) -> None:
        self._provider, self._mirrors = provider, tuple(mirrors)

    @asynccontextmanager
    async def __call__(self, root: Path, environment: Mapping[str, str]) -> AsyncIterator[Mapping[str, str]]:
        """Yield the variables to add to the run; none without the warm provider. Raises: PackageUnverified."""
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
