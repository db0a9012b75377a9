"""Loops that must end: a rollout that ECS rolled back, and drift that comes back after each repair."""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta

import pytest

from reconciler.core.live import RolloutState
from reconciler.core.notify.notices import Notice, after, of_all
from reconciler.core.notify.problems import Open, of_record
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.status.events import Accepted, Event, ReconcileRequested
from reconciler.core.vocabulary import ConditionType, Health, Reason, Sync
from tests.core.documents import change
from tests.core.instances import IMAGE, NOW, SERVICE, instance
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
    engine.live.answer = HEALTHY
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


STAMP = change("aws_cloudwatch_log_group.a", ["update"], {"tags": {"Deployed": "09:00"}}, {}, unknown={"tags": True})
ELSEWHERE = change("aws_cloudwatch_log_group.b", ["update"], {"retention_in_days": 1}, {"retention_in_days": 30})


async def never_settling() -> tuple[FakeEngine, ServiceTerraform]:
    """Return an engine on a root whose plan differs after each apply although nothing moved."""
    terraform = ServiceTerraform(planned=[CREATE], breaks_again=[STAMP], moves=False)
    engine = FakeEngine(terraform)
    await engine.visit()
    return engine, terraform


async def test_a_root_that_never_settles_is_reported_once_in_twenty_intervals_and_applied_once_more() -> None:
    engine, terraform = await never_settling()
    opened: Mapping[str, Open] = {}
    told: list[Notice] = []
    for _ in range(20):
        record = await engine.pass_interval()
        assert record.drift is None, "nothing moved"
        notices = of_all([record], {ORDERS}, opened, now=NOW)
        opened = after(opened, notices)
        told += notices
    assert terraform.applies == 1 + 1
    assert len(told) == 1
    (incident,) = of_record(record).values()
    assert "aws_cloudwatch_log_group.a tags" in str(incident.details)
    stalled = record.conditions[ConditionType.STALLED]
    assert (record.reason, record.sync, stalled.reason) == (Reason.NEVER_SETTLES, Sync.PENDING, Reason.NEVER_SETTLES)
    assert "aws_cloudwatch_log_group.a tags" in stalled.message
    assert "reconciler reconcile develop/orders" in stalled.message


async def test_drift_of_a_root_that_never_settles_is_still_repaired_and_names_the_drift_alone() -> None:
    engine, terraform = await never_settling()
    for _ in range(3):
        await engine.pass_interval()
    terraform.planned, terraform.moves = [STAMP, ELSEWHERE], True
    seen = await engine.visit()
    assert seen.drift is not None
    assert [item.address for item in seen.drift.resources] == ["aws_cloudwatch_log_group.b"]
    await engine.visit()
    terraform.moves = False
    record = await engine.pass_interval()
    assert (terraform.applies, record.drift, record.reason) == (3, None, Reason.NEVER_SETTLES)


async def test_a_difference_in_a_state_that_another_wrote_right_after_the_apply_is_drift() -> None:
    engine, terraform = await never_settling()
    terraform.state = StateVersion(serial=1)
    first, second = await engine.visit(), await engine.visit()
    assert (first.sync, first.drift is not None) == (Sync.DRIFTED, True)
    assert (terraform.applies, len(second.repairs)) == (2, 1), "confirmed and repaired"


async def test_a_root_that_settled_after_its_apply_is_applied_again_when_what_it_reads_changes() -> None:
    terraform = ServiceTerraform(planned=[CREATE], moves=False)
    engine = FakeEngine(terraform)
    for count in range(1, 5):
        await engine.pass_interval()
        assert (terraform.applies, engine.orders.sync) == (count, Sync.IN_SYNC)
        terraform.planned = [ELSEWHERE]


async def test_a_request_applies_a_root_that_never_settles_once_more() -> None:
    engine, terraform = await never_settling()
    for applies in (2, 3):
        await engine.pass_interval()
        await engine.pass_interval()
        assert (terraform.applies, engine.orders.reason) == (applies, Reason.NEVER_SETTLES)
        await engine.world.records.advance(ORDERS, ReconcileRequested())
