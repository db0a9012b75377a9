"""A Terraform and an AWS that say what a story tells them to: the engine's ports, and nothing behind them."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from reconciler.core.ports.source import Revision
from reconciler.core.ports.terraform import LockInfo
from reconciler.core.record.runs import Holder
from tests.core.documents import document

Says = Callable[[], Mapping[str, Any]]


def nothing_to_do() -> Mapping[str, Any]:
    """An empty plan."""
    return document()


@dataclass
class Surroundings:
    """`plan` is what a plan says or raises, `who` what CloudTrail answers, `fetched` what the repository gives."""

    plan_says: Says = nothing_to_do
    apply_says: Says = dict
    found_by: str | None = None
    held: LockInfo | None = None
    fetched: Callable[[], Revision] = field(default=lambda: Revision("c1", None, {}))  # type: ignore[arg-type]
    version: str = "1.11.4"
    me: Holder = field(default_factory=lambda: Holder("reconciler@host"))

    @asynccontextmanager
    async def workspace(self, run: Any) -> AsyncIterator["Surroundings"]:
        yield self

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        return self.plan_says()

    async def apply(self) -> Mapping[str, Any]:
        return self.apply_says()

    def has_begun(self) -> bool:
        return False

    async def put(self, tree_id: str, tree: Any) -> None: ...

    async def read(self, key: Any, environment: Any) -> LockInfo | None:
        return self.held

    async def who(self, environment: Any, names: Any, *, since: Any, until: Any) -> str | None:
        return self.found_by

    async def fetch(self) -> Revision:
        return self.fetched()


class Protection:
    """Nobody stops the daemon."""

    @asynccontextmanager
    async def during_apply(self) -> AsyncIterator[None]:
        yield
