"""A manifest may come back while its instance is being removed: what stands is kept, what is gone is made anew."""

import dataclasses
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Holder
from reconciler.core.status.events import Accepted, Event, Removed
from reconciler.core.vocabulary import Reason
from reconciler.engine.passes.reconcile import reconcile
from tests.core.documents import change, document
from tests.core.instances import applied, fold, instance
from tests.engine.fakes import Silent, world_of

SERVED = change("aws_ecs_service.this", ["delete"], {"name": "orders"})
Meanwhile = Callable[[], Any]


async def nothing() -> None:
    """Nobody does anything meanwhile."""


@dataclasses.dataclass
class Surroundings(Silent):
    """Terraform, store, locks and observers in one: it remembers what was destroyed and forgotten."""

    destroyed: bool = False
    forgotten: bool = False
    failure: TerraformFailed | None = None
    while_planned: Meanwhile = nothing
    while_destroyed: Meanwhile = nothing
    me: Holder = dataclasses.field(default_factory=lambda: Holder("reconciler@host"))

    @asynccontextmanager
    async def workspace(self, run: Any) -> AsyncIterator["Surroundings"]:
        yield self

    @asynccontextmanager
    async def during_apply(self) -> AsyncIterator[None]:
        yield

    async def plan(self, *, destroy: bool) -> Mapping[str, Any]:
        assert destroy
        await self.while_planned()
        return document(SERVED)

    async def apply(self) -> Mapping[str, Any]:
        if self.failure:
            raise self.failure
        await self.while_destroyed()
        self.destroyed = True
        return {}

    async def is_empty(self) -> bool:
        return self.destroyed

    async def delete(self, record: Record) -> None:
        self.forgotten = True

    def has_begun(self) -> bool:
        return True


async def visit(around: Surroundings, when: str | None = None) -> Record | None:
    """The record after a visit to a removed instance; its manifest comes back at that point of it."""
    record = fold(applied(), Removed(None))
    world = world_of(around, record)
    if when:
        back: Event = Accepted(instance(), "c2")
        setattr(around, when, lambda: world.records.advance(record.key, back))
    await reconcile(record.key, world)
    return world.records.get(record.key)


async def test_what_nobody_wants_is_destroyed_and_forgotten() -> None:
    around = Surroundings()
    assert await visit(around) is None
    assert (around.destroyed, around.forgotten) == (True, True)


async def test_a_manifest_that_comes_back_during_the_plan_saves_its_instance() -> None:
    around = Surroundings()
    record = await visit(around, "while_planned")
    assert record is not None
    assert (around.destroyed, around.forgotten, record.removed, record.intent) == (False, False, None, None)


async def test_a_manifest_that_comes_back_during_the_destroy_keeps_its_record_and_is_made_anew() -> None:
    around = Surroundings()
    record = await visit(around, "while_destroyed")
    assert record is not None
    assert (around.destroyed, around.forgotten) == (True, False)
    assert (record.reason, record.applied_digest) == (Reason.PROGRESSING, None)


@pytest.mark.parametrize("reason", [Reason.INTERRUPTED, Reason.STATE_CONFLICT, Reason.APPLY_FAILED])
async def test_a_destroy_that_terraform_says_has_failed_has_ended(reason: Reason) -> None:
    record = await visit(Surroundings(failure=TerraformFailed(reason, "no")))
    assert record is not None
    assert (record.reason, record.intent) == (reason, None)
