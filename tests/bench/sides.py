"""The two ways to run terraform that are compared: plainly, and attached to the warm provider as the daemon does it.

The warm side pays for everything it needs: looking at the lock file, attaching and detaching are within its wall time,
anew for each command, though the daemon attaches once for all commands of a pass. A run that should be warm and is
not ends the bench: nothing is compared with itself.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from reconciler.edges.terraform.warm import WarmRuns
from reconciler.provider.client import WarmProvider
from tests.bench.measure import Cost, Unexpected, cpu_of, run
from tests.bench.stage import Stage


class Side(Protocol):
    """A way to run terraform."""

    @property
    def name(self) -> str:
        """`plain` or `warm`."""

    async def terraform(self, root: Path, *arguments: str, code: int = 0) -> Cost:
        """Run a terraform command there. Raises: Unexpected."""

    def shared(self) -> float:
        """The CPU seconds that its processes have spent so far for all runs."""


class Plain:
    """The CLI alone."""

    name = "plain"

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def terraform(self, root: Path, *arguments: str, code: int = 0) -> Cost:
        """Run a terraform command there. Raises: Unexpected."""
        command = [self._stage.terraform, *arguments]
        return await run(command, directory=root, environment=self._stage.environment, code=code, extra={})

    def shared(self) -> float:
        """Nothing lives on."""
        return 0.0


class Warm:
    """The CLI attached to a warm provider."""

    name = "warm"

    def __init__(self, stage: Stage, provider: WarmProvider) -> None:
        self._stage, self._provider = stage, provider
        self._runs = WarmRuns(provider, stage.mirrors)

    async def terraform(self, root: Path, *arguments: str, code: int = 0) -> Cost:
        """Attach, run a terraform command there, detach. Raises: Unexpected."""
        began = time.monotonic()
        command, environment = [self._stage.terraform, *arguments], self._stage.environment
        async with self._runs(root, environment) as extra:
            if not extra:
                raise Unexpected("the warm provider did not take the run")
            cost = await run(command, directory=root, environment=environment, code=code, extra=extra)
        return replace(cost, wall=time.monotonic() - began)

    def shared(self) -> float:
        """The warm provider's own process and its provider processes."""
        return cpu_of([self._provider.pid] if self._provider.pid else [])


async def alone(side: Side, root: Path, *arguments: str, code: int = 0) -> Cost:
    """A run while no other goes on, so that what the warm provider spends meanwhile is spent on it."""
    before = side.shared()
    cost = await side.terraform(root, *arguments, code=code)
    return replace(cost, shared=side.shared() - before)
