"""An apply that was killed: what it made may not be in the state, so it is not made again without a look."""

from unittest.mock import create_autospec

import pytest

from reconciler.app import observers
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.record.consent import Approval
from reconciler.core.status.events import Approved
from reconciler.core.vocabulary import ConditionType, Reason
from reconciler.edges.telemetry.metrics import Metrics
from tests.core.documents import change
from tests.engine.stage import ORDERS, FakeEngine

SERVED = change("aws_ecs_service.this", ["create"], None, {"name": "orders"})
ADDRESS = change("aws_eip.this", ["create"], None, {"domain": "vpc"})


def killed() -> TerraformFailed:
    failure = TerraformFailed(Reason.APPLY_FAILED, "terraform failed and gave no reason")
    failure.died = True
    return failure


async def test_what_aws_refuses_to_make_twice_is_tried_again_by_itself() -> None:
    stage = FakeEngine([SERVED], failure=killed())
    assert (await stage.visit()).intent is not None
    stage.failure = None
    record = await stage.visit()
    assert (stage.applies, record.intent, record.reason) == (2, None, Reason.APPLIED)


async def test_the_log_says_what_a_recovery_may_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(observers, "log", lambda event, **fields: told.append((event, fields.get("message", ""))))
    observer = observers.Observers(create_autospec(Metrics, instance=True))
    stage = FakeEngine([SERVED], failure=killed(), observer=observer)
    await stage.visit()
    stage.failure = None
    await stage.visit()
    (recovery,) = [message for event, message in told if event == "instance_recovering"]
    assert recovery.endswith("may exist already: aws_ecs_service.this")


async def test_what_aws_would_make_twice_waits_until_somebody_looked() -> None:
    stage = FakeEngine([SERVED, ADDRESS], failure=killed())
    await stage.visit()
    stage.failure = None
    record = await stage.visit()
    assert (stage.applies, record.reason) == (1, Reason.AWAITING_APPROVAL)
    assert record.intent is not None
    assert "aws_eip.this without" in record.conditions[ConditionType.READY].message
    assert record.plan is not None
    await stage.world.records.advance(ORDERS, Approved(Approval(record.plan.digest, "ann", stage.now)))
    assert ((await stage.visit()).reason, stage.applies) == (Reason.APPLIED, 2)
