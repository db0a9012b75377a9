"""Loops that must end: a rollout that ECS rolled back, and drift that comes back after each repair."""

import dataclasses
from datetime import timedelta

import pytest

from reconciler.core.live import RolloutState
from reconciler.core.status.events import Accepted, Event, ReconcileRequested
from reconciler.core.vocabulary import ConditionType, Health, Reason
from tests.core.documents import change
from tests.core.instances import IMAGE, SERVICE, instance
from tests.engine.fake_engine import ORDERS, FakeEngine, ServiceTerraform
from tests.engine.fakes.aws import HEALTHY

NEW_TAG = IMAGE.replace("3f9c2d1", "77ab012")
CREATE = change("aws_ecs_service.this", ["create"], None, {"name": "orders"})
REDEPLOY = change("aws_ecs_service.this", ["update"], {"task_definition": "td:0"}, {"task_definition": "td:1"})
ROLLED_BACK = dataclasses.replace(
    HEALTHY, rollout=RolloutState.ROLLED_BACK, task_definition="td:0", message="rolled back by the circuit breaker"
)
PUSHED = Accepted(instance(SERVICE.replace("3f9c2d1", "77ab012")), "c2")


async def rolled_back() -> tuple[FakeEngine, ServiceTerraform]:
    """Return an engine after ECS rolled the first deployment back, so that a plan would deploy it again."""
    terraform = ServiceTerraform(planned=[CREATE], breaks_again=[REDEPLOY])
    engine = FakeEngine(terraform)
    await engine.visit()
    engine.live.answer = ROLLED_BACK
    await engine.visit()
    assert terraform.applies == 1
    return engine, terraform


async def test_after_a_rollback_ten_intervals_pass_without_an_apply() -> None:
    engine, terraform = await rolled_back()
    for _ in range(10):
        record = await engine.pass_interval()
        assert (terraform.applies, record.health, record.reason) == (1, Health.DEGRADED, Reason.ROLLED_BACK)
        assert record.conditions[ConditionType.READY].message == "rolled back by the circuit breaker"
    assert record.repairs == (), "a rollback by ECS is not repaired drift"


@pytest.mark.parametrize("ended_by", [PUSHED, ReconcileRequested()], ids=["a new image", "a request"])
async def test_a_new_image_or_a_request_lifts_the_hold_after_a_rollback(ended_by: Event) -> None:
    engine, terraform = await rolled_back()
    await engine.pass_interval()
    await engine.world.records.advance(ORDERS, ended_by)
    terraform.breaks_again = ()
    new = isinstance(ended_by, Accepted)
    engine.live.answer = dataclasses.replace(ROLLED_BACK, image=IMAGE, newest=NEW_TAG if new else IMAGE)
    await engine.visit()
    assert terraform.applies == 2
    engine.live.answer = dataclasses.replace(HEALTHY, task_definition="td:2")
    record = await engine.visit()
    assert (record.health, record.conditions[ConditionType.READY].status) == (Health.HEALTHY, True)


async def test_a_drift_fight_ends_after_three_repairs() -> None:
    days = change("aws_cloudwatch_log_group.this", ["update"], {"retention_in_days": 1}, {"retention_in_days": 30})
    terraform = ServiceTerraform(planned=[CREATE], breaks_again=[days])
    engine = FakeEngine(terraform)
    await engine.visit()
    for _ in range(10):
        await engine.pass_interval()
    assert terraform.applies == 1 + 3
    end = engine.now + timedelta(days=3)
    while engine.now < end:
        record = await engine.pass_interval()
    assert terraform.applies == 1 + 3, "time alone does not start it again"
    stalled = record.conditions[ConditionType.STALLED]
    assert (record.reason, stalled.reason) == (Reason.DRIFT_FIGHT, Reason.DRIFT_FIGHT)
    assert "aws_cloudwatch_log_group.this: came back 3 times within a day after repairs" in stalled.message
    assert "reconciler reconcile develop/orders" in stalled.message
