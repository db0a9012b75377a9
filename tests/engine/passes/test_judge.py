"""The external policy check: it runs before a plan waits for approval, and its denial stops the apply."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.policy.objection import objection
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.advance import first
from reconciler.core.vocabulary import Reason
from tests.core.documents import change, document
from tests.core.instances import SERVICE, instance, with_policy
from tests.engine.fake_engine import FakeEngine, ServiceTerraform

CREATE = change("aws_ecs_service.this", ["create"], None, {"name": "orders"})


@dataclass
class FakeJudge:
    """Gives the same answer for every plan and remembers the keys."""

    answer: str | None
    asked: list[Key] = field(default_factory=list)

    async def denies(self, document: Mapping[str, Any], key: Key, environment: Environment) -> str | None:
        self.asked.append(key)
        return self.answer


async def test_an_allowed_plan_is_applied() -> None:
    terraform = ServiceTerraform([CREATE])
    await FakeEngine(terraform, judge=FakeJudge(None)).visit()
    assert terraform.applies == 1


async def test_a_denied_plan_is_not_applied_and_the_objection_is_shown() -> None:
    terraform = ServiceTerraform([CREATE])
    engine = FakeEngine(terraform, judge=FakeJudge("`conftest` denies the plan (exit code 1): FAIL"))
    record = await engine.visit()
    ready = next(condition for condition in record.conditions.values() if condition.type == "Ready")
    assert (terraform.applies, ready.reason) == (0, Reason.POLICY_DENIED)
    assert ready.message == "1 to create; `conftest` denies the plan (exit code 1): FAIL"


async def test_a_denied_plan_does_not_wait_for_approval() -> None:
    engine = FakeEngine(ServiceTerraform([CREATE]), judge=FakeJudge("no"))
    engine.add(first(instance(with_policy(SERVICE, "{mode: approve}")), "c1"))
    assert (await engine.visit()).reason == Reason.POLICY_DENIED


async def test_a_plan_without_changes_is_not_checked() -> None:
    judge = FakeJudge("no")
    await FakeEngine(judge=judge).visit()
    assert judge.asked == []


def test_the_objection_is_short_and_carries_no_secret_of_the_plan() -> None:
    containers = json.dumps([{"name": "app", "environment": [{"name": "MODE", "value": "correct horse"}]}])
    plan = document(
        change("aws_ecs_task_definition.this", ["create"], None, {"container_definitions": containers}),
        change("aws_db_instance.this", ["create"], None, {"password": "battery"}, hidden_after={"password": True}),
    )
    shown = objection("FAIL\n  battery and correct horse\n" + "x" * 9999, plan, Redactor(b"a key for tests"))
    assert "battery" not in shown
    assert "correct horse" not in shown
    assert shown.startswith("FAIL ")
    assert "redacted:" in shown
    assert len(shown) == 600
