"""While something is frozen the daemon looks, reports and takes approvals, and applies nothing."""

from typing import Any, cast

import pytest

from desired_state.instance import Key
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
from tests.engine.fakes import fake_records
from tests.engine.tiers import NEW, Surroundings, moved, running, world_of

ANN = Principal("ann", "socket")
BEN = Principal("ben", "token")


class VisitLog:
    """A controller that remembers whom it was asked to visit."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.keys: list[Key] = []

    def ask(self, key: Key, *, trigger: str) -> None:
        self.keys.append(key)


def frozen(record: Record) -> tuple[World, EngineControl, VisitLog, Surroundings]:
    around = Surroundings()
    world = world_of(around, record)
    controller = VisitLog(world)
    return world, EngineControl(cast(Any, controller)), controller, around


@pytest.mark.parametrize("environment", ["develop", None])
async def test_nothing_is_applied_and_the_plan_is_there_to_see(environment: str | None) -> None:
    record = moved(running("develop", "net"))
    world, control, controller, around = frozen(record)
    await control.freeze(environment, by=ANN, reason="peak season")
    await reconcile(record.key, world)
    after = world.records[record.key]
    assert (after.reason, around.applied, around.planned) == (Reason.FROZEN, [], [("develop/net", NEW)])
    assert after.plan is not None
    assert "frozen by ann since 2026-03-02 09:00 UTC: peak season" in after.conditions[ConditionType.READY].message
    await control.unfreeze(environment, by=BEN)
    assert controller.keys == [record.key], "what waited is visited at once"
    await reconcile(record.key, world)
    assert around.applied == [("develop/net", NEW)]


async def test_another_environment_is_not_held_up() -> None:
    record = moved(running("develop", "net"))
    world, control, _, around = frozen(record)
    await control.freeze("prod", by=ANN, reason="peak season")
    await reconcile(record.key, world)
    assert around.applied == [("develop/net", NEW)]


async def test_nothing_is_made_and_nothing_destroyed_either() -> None:
    for record in (new(PLATFORM), fold(running("develop", "net"), Removed(None)).replace(prune_confirmed=True)):
        world, control, _, around = frozen(record)
        await control.freeze(None, by=ANN, reason="audit")
        await reconcile(record.key, world)
        assert (world.records[record.key].reason, around.applied) == (Reason.FROZEN, [])


class Late(Freezing):
    """Frozen from the second time that somebody asks."""

    asked = 0

    def of(self, environment: str) -> Freeze | None:
        self.asked += 1
        return Freeze(None, "ann", "late", NOW) if self.asked > 1 else None


async def test_a_freeze_between_decision_and_apply_still_holds() -> None:
    record = moved(running("develop", "net"))
    world, _, _, around = frozen(record)
    world.freezing = Late()
    await reconcile(record.key, world)
    after = world.records[record.key]
    assert (after.reason, after.intent, around.applied) == (Reason.FROZEN, None, [])


async def test_an_approval_given_meanwhile_is_kept() -> None:
    record = moved(running("develop", "net"))
    world, control, _, _around = frozen(record)
    await control.freeze("develop", by=ANN, reason="peak season")
    await reconcile(record.key, world)
    plan = world.records[record.key].plan
    assert plan is not None
    approved = world.records[record.key].replace(approval=Approval(plan.digest, "ben", NOW))
    fake_records(world)[record.key] = approved
    await reconcile(record.key, world)
    assert world.records[record.key].approval == approved.approval


async def test_only_what_is_there_can_be_frozen_and_only_what_is_frozen_can_be_lifted() -> None:
    world, control, _, _ = frozen(running("develop", "net"))
    with pytest.raises(KeyError):
        await control.freeze("nowhere", by=ANN, reason="x")
    await control.freeze(None, by=ANN, reason="audit")
    with pytest.raises(ActionRefused, match="develop is not frozen: all is frozen by ann"):
        await control.unfreeze("develop", by=ANN)
    assert world.freezing.of("develop") is not None


async def test_secrets_in_a_reason_are_hidden() -> None:
    _world, control, _, _ = frozen(running("develop", "net"))
    freeze = await control.freeze(None, by=ANN, reason="key AKIAIOSFODNN7EXAMPLE leaked")
    assert "AKIAIOSFODNN7EXAMPLE" not in freeze.reason
