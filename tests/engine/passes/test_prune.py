"""A manifest that comes back during a prune: existing resources are kept, destroyed ones are created again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.core.ports.terraform import Run, TerraformFailed, Workspace
from reconciler.core.record.model import Record
from reconciler.core.status.events import Accepted, Event, PruneConfirmed, Removed
from reconciler.core.vocabulary import ConditionType, Reason
from reconciler.engine.passes.reconcile import reconcile
from tests.core.documents import change, document
from tests.core.instances import applied, fold, instance
from tests.engine.fakes.aws import FakePrerequisites
from tests.engine.fakes.store import FakeStore
from tests.engine.fakes.terraform import FakeTerraform, FakeWorkspace
from tests.engine.fakes.world import fake_world

DELETE = change("aws_ecs_service.this", ["delete"], {"name": "orders"})
REPOSITORY = change("aws_ecr_repository.this", ["delete"], {"name": "prod/orders", "force_delete": False})
Meanwhile = Callable[[], Any]


async def nothing() -> None:
    """Do nothing meanwhile."""


@dataclass
class PruneTerraform(FakeTerraform, FakeWorkspace):
    """Terraform that destroys one instance, and calls a function during the plan and one during the apply."""

    what: tuple[Mapping[str, Any], ...] = (DELETE,)
    destroyed: bool = False
    failure: TerraformFailed | None = None
    while_planned: Meanwhile = nothing
    while_destroyed: Meanwhile = nothing

    async def open(self, run: Run) -> Workspace:
        return self

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        assert destroy
        await self.while_planned()
        return document(*self.what)

    async def apply(self) -> Mapping[str, Any]:
        if self.failure:
            raise self.failure
        await self.while_destroyed()
        self.destroyed = True
        return {}

    async def is_empty(self) -> bool:
        return self.destroyed


async def prune(
    terraform: PruneTerraform, when: str | None = None, *confirmed: Event, full: bool = False, closed: bool = False
) -> tuple[Record | None, bool]:
    """Run the pass of a removed instance, whose manifest comes back `when` that function is called; `full`: what has to
    be empty is not; `closed`: the role may not look.

    Returns its record afterwards, and whether it was deleted from the store.
    """
    record, store = fold(applied(), Removed(None), *confirmed), FakeStore()
    world = fake_world(record, terraform=terraform, store=store)
    if full or closed:
        world.prerequisites = FakePrerequisites(empty=not full, closed=closed)
    if when:
        back: Event = Accepted(instance(), "c2")
        setattr(terraform, when, lambda: world.records.advance(record.key, back))
    await reconcile(record.key, world)
    return world.records.get(record.key), record.key in store.deleted


async def test_a_removed_instance_is_destroyed_and_its_record_deleted() -> None:
    terraform = PruneTerraform()
    assert await prune(terraform) == (None, True)
    assert terraform.destroyed


async def test_a_destroy_that_aws_would_stop_at_images_waits_until_they_are_gone() -> None:
    terraform = PruneTerraform(what=(DELETE, REPOSITORY))
    record, deleted = await prune(terraform, None, PruneConfirmed(), full=True)
    assert record is not None
    assert (terraform.destroyed, deleted, record.reason) == (False, False, Reason.PRUNE_GUARD)
    assert "repository prod/orders" in record.conditions[ConditionType.READY].message
    assert await prune(terraform, None, PruneConfirmed()) == (None, True)


async def test_a_destroy_that_aws_might_stop_at_what_the_role_may_not_see_waits_for_the_permission() -> None:
    terraform = PruneTerraform(what=(DELETE, REPOSITORY))
    record, deleted = await prune(terraform, None, PruneConfirmed(), closed=True)
    assert record is not None
    assert (terraform.destroyed, deleted, record.reason) == (False, False, Reason.PRUNE_GUARD)
    message = record.conditions[ConditionType.READY].message
    assert "does not let the daemon's role look into repository prod/orders" in message
    assert "`ecr:DescribeImages`" in message


async def test_a_manifest_that_comes_back_during_the_plan_saves_its_instance() -> None:
    terraform = PruneTerraform()
    record, deleted = await prune(terraform, "while_planned")
    assert record is not None
    assert (terraform.destroyed, deleted, record.removed, record.intent) == (False, False, None, None)


async def test_a_manifest_that_comes_back_during_the_destroy_keeps_its_record_and_is_created_again() -> None:
    terraform = PruneTerraform()
    record, deleted = await prune(terraform, "while_destroyed")
    assert record is not None
    assert (terraform.destroyed, deleted) == (True, False)
    assert (record.reason, record.applied_digest) == (Reason.PROGRESSING, None)


@pytest.mark.parametrize("reason", [Reason.INTERRUPTED, Reason.STATE_CONFLICT, Reason.APPLY_FAILED])
async def test_a_destroy_that_terraform_reports_as_failed_leaves_no_intent(reason: Reason) -> None:
    record, _ = await prune(PruneTerraform(failure=TerraformFailed(reason, "no")))
    assert record is not None
    assert (record.reason, record.intent) == (reason, None)
