"""Recovery from a killed apply, which may have created resources that are missing from the state."""

from collections.abc import Mapping
from typing import Any
from unittest.mock import create_autospec

import pytest

from reconciler.app import observers
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.record.consent import Approval
from reconciler.core.status.events import Approved
from reconciler.core.vocabulary import ConditionType, Reason
from reconciler.edges.telemetry.metrics import Metrics
from tests.core.documents import change
from tests.engine.fake_engine import ORDERS, FakeEngine, ServiceTerraform

SERVICE = change("aws_ecs_service.this", ["create"], None, {"name": "orders"})
ADDRESS = change("aws_eip.this", ["create"], None, {"domain": "vpc"})


def killed() -> TerraformFailed:
    """Return the failure of an apply whose process was killed."""
    failure = TerraformFailed(Reason.APPLY_FAILED, "terraform failed and gave no reason")
    failure.died = True
    return failure


async def test_a_create_that_aws_refuses_to_repeat_is_retried() -> None:
    terraform = ServiceTerraform([SERVICE], failure=killed())
    engine = FakeEngine(terraform)
    assert (await engine.visit()).intent is not None
    terraform.failure = None
    record = await engine.visit()
    assert (terraform.applies, record.intent, record.reason) == (2, None, Reason.APPLIED)


async def test_the_log_names_the_resources_that_may_exist_already(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[tuple[str, str]] = []
    monkeypatch.setattr(observers, "log", lambda event, **fields: logged.append((event, fields.get("message", ""))))
    observer = observers.Observers(create_autospec(Metrics, instance=True))
    terraform = ServiceTerraform([SERVICE], failure=killed())
    engine = FakeEngine(terraform, observer=observer)
    await engine.visit()
    terraform.failure = None
    await engine.visit()
    (recovery,) = [message for event, message in logged if event == "instance_recovering"]
    assert recovery.endswith("may exist already: aws_ecs_service.this")


async def test_a_create_that_aws_would_repeat_waits_for_approval() -> None:
    terraform = ServiceTerraform([SERVICE, ADDRESS], failure=killed())
    engine = FakeEngine(terraform)
    await engine.visit()
    terraform.failure = None
    record = await engine.visit()
    assert (terraform.applies, record.reason) == (1, Reason.AWAITING_APPROVAL)
    assert record.intent is not None
    assert "aws_eip.this without" in record.conditions[ConditionType.READY].message
    assert record.plan is not None
    await engine.world.records.advance(ORDERS, Approved(Approval(record.plan.digest, "ann", engine.now)))
    assert ((await engine.visit()).reason, terraform.applies) == (Reason.APPLIED, 2)


class OfTomorrow(ServiceTerraform):
    """A Terraform whose plans have a format that is not known yet."""

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        return {"format_version": "2.0", "planned_values": {}}


async def test_a_plan_that_cannot_be_read_is_a_failed_plan_that_says_why() -> None:
    record = await FakeEngine(OfTomorrow()).visit()
    condition = record.conditions[ConditionType.READY]
    assert condition.reason is Reason.PLAN_FAILED
    assert (
        condition.message == "its plan cannot be read: Terraform wrote its plan in format 2.0, which is not known here"
    )
