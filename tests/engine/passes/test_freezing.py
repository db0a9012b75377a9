"""During a freeze the daemon plans, reports and accepts approvals, and applies nothing."""

import pytest

from reconciler.core.ports.control import ActionRefused
from reconciler.core.principal import Principal
from reconciler.core.record.consent import Approval
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Record
from reconciler.core.status.events import Removed
from reconciler.core.vocabulary import ConditionType, Reason
from reconciler.engine.control import EngineControl
from reconciler.engine.freezes import Freezing
from reconciler.engine.passes.reconcile import reconcile
from reconciler.engine.world import World
from tests.core.instances import NOW, PLATFORM, fold, new
from tests.engine.fakes.world import FakeController, fake_records
from tests.engine.tiers import NEW, TierTerraform, running, tier_world, with_new_tree

ANN = Principal("ann", "socket")
BEN = Principal("ben", "token")


def setup_of(record: Record) -> tuple[World, EngineControl, FakeController, TierTerraform]:
    """Return a world with this record, and its control, controller and Terraform."""
    terraform = TierTerraform()
    world = tier_world(terraform, record)
    controller = FakeController(world)
    return world, EngineControl(controller), controller, terraform


@pytest.mark.parametrize("environment", ["develop", None])
async def test_a_freeze_stops_the_apply_and_keeps_the_plan(environment: str | None) -> None:
    record = with_new_tree(running("develop", "net"))
    world, control, controller, terraform = setup_of(record)
    await control.freeze(environment, by=ANN, reason="peak season")
    await reconcile(record.key, world)
    after = world.records[record.key]
    assert (after.reason, terraform.applied, terraform.planned) == (Reason.FROZEN, [], [("develop/net", NEW)])
    assert after.plan is not None
    assert "frozen by ann since 2026-03-02 09:00 UTC: peak season" in after.conditions[ConditionType.READY].message
    await control.unfreeze(environment, by=BEN)
    assert controller.asked == [record.key], "an instance that waited for the freeze is visited at once"
    await reconcile(record.key, world)
    assert terraform.applied == [("develop/net", NEW)]


async def test_a_freeze_of_one_environment_does_not_stop_another() -> None:
    record = with_new_tree(running("develop", "net"))
    world, control, _, terraform = setup_of(record)
    await control.freeze("prod", by=ANN, reason="peak season")
    await reconcile(record.key, world)
    assert terraform.applied == [("develop/net", NEW)]


async def test_a_freeze_stops_first_applies_and_prunes_too() -> None:
    removed = fold(running("develop", "net"), Removed(None)).replace(prune_confirmed=True)
    for record in (new(PLATFORM), removed):
        world, control, _, terraform = setup_of(record)
        await control.freeze(None, by=ANN, reason="audit")
        await reconcile(record.key, world)
        assert (world.records[record.key].reason, terraform.applied) == (Reason.FROZEN, [])


class LateFreezing(Freezing):
    """A freeze that begins after the first question."""

    questions = 0

    def of(self, environment: str) -> Freeze | None:
        self.questions += 1
        return Freeze(None, "ann", "late", NOW) if self.questions > 1 else None


async def test_a_freeze_between_the_verdict_and_the_apply_stops_the_apply() -> None:
    record = with_new_tree(running("develop", "net"))
    world, _, _, terraform = setup_of(record)
    world.freezing = LateFreezing()
    await reconcile(record.key, world)
    after = world.records[record.key]
    assert (after.reason, after.intent, terraform.applied) == (Reason.FROZEN, None, [])


async def test_an_approval_during_a_freeze_is_kept() -> None:
    record = with_new_tree(running("develop", "net"))
    world, control, _, _terraform = setup_of(record)
    await control.freeze("develop", by=ANN, reason="peak season")
    await reconcile(record.key, world)
    plan = world.records[record.key].plan
    assert plan is not None
    approved = world.records[record.key].replace(approval=Approval(plan.digest, "ben", NOW))
    fake_records(world)[record.key] = approved
    await reconcile(record.key, world)
    assert world.records[record.key].approval == approved.approval


async def test_an_unknown_environment_cannot_be_frozen_and_a_missing_freeze_cannot_be_lifted() -> None:
    world, control, _, _ = setup_of(running("develop", "net"))
    with pytest.raises(KeyError):
        await control.freeze("nowhere", by=ANN, reason="x")
    await control.freeze(None, by=ANN, reason="audit")
    with pytest.raises(ActionRefused, match="develop is not frozen: all is frozen by ann"):
        await control.unfreeze("develop", by=ANN)
    assert world.freezing.of("develop") is not None


async def test_secrets_in_the_reason_of_a_freeze_are_redacted() -> None:
    _world, control, _, _ = setup_of(running("develop", "net"))
    freeze = await control.freeze(None, by=ANN, reason="key AKIAIOSFODNN7EXAMPLE leaked")
    assert "AKIAIOSFODNN7EXAMPLE" not in freeze.reason
