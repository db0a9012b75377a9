"""Terraform, CloudTrail and Git, whose answers a test decides."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from reconciler.core.environment import Environment
from reconciler.core.ports.source import Revision
from reconciler.core.ports.terraform import Run, Workspace
from tests.core.documents import document
from tests.engine.fakes.terraform import FakeTerraform, FakeWorkspace

Answer = Callable[[], Mapping[str, Any]]


def empty_plan() -> Mapping[str, Any]:
    """Return a plan without changes."""
    return document()


@dataclass
class Outside(FakeTerraform, FakeWorkspace):
    """Terraform, CloudTrail and Git.

    `planned` and `applied` return or raise the result of Terraform, `author` is the answer of CloudTrail, and `fetched`
    returns or raises the result of a fetch.
    """

    fetched: Callable[[], Revision]
    planned: Answer = empty_plan
    applied: Answer = dict
    author: str | None = None

    async def open(self, run: Run) -> Workspace:
        return self

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        return self.planned()

    async def apply(self) -> Mapping[str, Any]:
        return self.applied()

    def has_begun(self) -> bool:
        return False

    async def who(
        self, environment: Environment, names: Sequence[str], *, since: datetime, until: datetime
    ) -> str | None:
        return self.author

    async def fetch(self) -> Revision:
        return self.fetched()

    async def wait(self, longest: timedelta) -> None:
        """Return soon, so that the next fetch follows."""
        await asyncio.sleep(0.02)

    def nudge(self) -> None: ...
