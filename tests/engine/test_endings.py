"""Loops that must end: a rollout that ECS rolled back, and drift that comes back after each repair."""

import dataclasses
from datetime import timedelta

import pytest

from reconciler.core.live import RolloutState
from reconciler.core.status.events import Accepted, Event, ReconcileRequested
from reconciler.core.vocabulary import ConditionType, Health, Reason
from tests.core.documents import change
from tests.core.instances import IMAGE, SERVICE, instance
from tests.engine.stage import HEALTHY, ORDERS, FakeEngine

NEW_TAG = IMAGE.replace("3f9c2d1", "77ab012")
MADE = change("aws_ecs_service.this", ["create"], None, {"name": "orders"})
AGAIN = change("aws_ecs_service.this", ["update"], {"task_definition": "td:0"}, {"task_definition": "td:1"})
TAKEN_BACK = dataclasses.replace(
    HEALTHY, rollout=RolloutState.ROLLED_BACK, task_definition="td:0", message="the circuit breaker put it back"
)
PUSHED = Accepted(instance(SERVICE.replace("3f9c2d1", "77ab012")), "c2")


async def rolled_back() -> FakeEngine:
    """ECS took the first deployment back, so a plan wants to make it again."""
    stage = FakeEngine([MADE], breaks_again=[AGAIN])
    await stage.visit()
    stage.live = TAKEN_BACK
    await stage.visit()
    assert stage.applies == 1
    return stage


async def test_after_a_rollback_ten_intervals_pass_without_an_apply() -> None:
    stage = await rolled_back()
    for _ in range(10):
        record = await stage.interval_passes()
        assert (stage.applies, record.health, record.reason) == (1, Health.DEGRADED, Reason.ROLLED_BACK)
        assert record.conditions[ConditionType.READY].message == "the circuit breaker put it back"
    assert record.repairs == (), "what ECS took back is not drift that was healed"


@pytest.mark.parametrize("ended_by", [PUSHED, ReconcileRequested()], ids=["a new image", "a person"])
async def test_a_new_image_or_a_person_ends_it(ended_by: Event) -> None:
    stage = await rolled_back()
    await stage.interval_passes()
    await stage.world.records.advance(ORDERS, ended_by)
    stage.breaks_again = ()
    new = isinstance(ended_by, Accepted)
    stage.live = dataclasses.replace(TAKEN_BACK, image=IMAGE, newest=NEW_TAG if new else IMAGE)
    await stage.visit()
    assert stage.applies == 2
    stage.live = dataclasses.replace(HEALTHY, task_definition="td:2")
    record = await stage.visit()
    assert (record.health, record.conditions[ConditionType.READY].status) == (Health.HEALTHY, True)


async def test_a_tool_that_breaks_the_same_attribute_again_gets_three_repairs_and_no_more() -> None:
    days = change("aws_cloudwatch_log_group.this", ["update"], {"retention_in_days": 1}, {"retention_in_days": 30})
    stage = FakeEngine([MADE], breaks_again=[days])
    await stage.visit()
    for _ in range(10):
        await stage.interval_passes()
    assert stage.applies == 1 + 3
    end = stage.now + timedelta(days=3)
    while stage.now < end:
        record = await stage.interval_passes()
    assert stage.applies == 1 + 3, "time alone does not start it again"
    stalled = record.conditions[ConditionType.STALLED]
    assert (record.reason, stalled.reason) == (Reason.DRIFT_FIGHT, Reason.DRIFT_FIGHT)
    assert "aws_cloudwatch_log_group.this: came back 3 times within a day after repairs" in stalled.message
    assert "reconciler reconcile develop/orders" in stalled.message
