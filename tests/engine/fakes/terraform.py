"""Fakes of `reconciler.core.ports.terraform`."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.ports.terraform import LockInfo, Run, Workspace
from reconciler.core.record.runs import Holder
from tests.core.documents import document


class FakeWorkspace:
    """A workspace whose plan changes nothing. Reading or writing its state fails: a test that does so overrides it."""

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        return document()

    async def planned_state(self) -> StateVersion:
        return StateVersion()

    async def plan_of_state(self) -> Mapping[str, Any]:
        return document()

    async def apply(self) -> Mapping[str, Any]:
        return {}

    def has_begun(self) -> bool:
        return True

    async def unlock(self, lock_id: str) -> None:
        raise NotImplementedError

    async def is_empty(self) -> bool:
        raise NotImplementedError

    async def read_state(self) -> str:
        raise NotImplementedError

    async def write_state(self, state: str) -> None:
        raise NotImplementedError


class FakeTerraform:
    """Opens a `FakeWorkspace` for every run; a test overrides `open` for another one."""

    version = "1.11.4"

    async def open(self, run: Run) -> Workspace:
        """Return the workspace of this run. Raises: TerraformFailed, as an initialisation does."""
        return FakeWorkspace()

    @asynccontextmanager
    async def workspace(self, run: Run) -> AsyncIterator[Workspace]:
        yield await self.open(run)


@dataclass
class FakeLocks:
    """State locks by key. Every holder is dead."""

    held: dict[Key, LockInfo] = field(default_factory=dict)
    me: Holder = field(default_factory=lambda: Holder("reconciler@host"))

    async def read(self, key: Key, environment: Environment) -> LockInfo | None:
        return self.held.get(key)

    async def is_dead(self, holder: Holder, *, certain: bool) -> bool:
        return True
