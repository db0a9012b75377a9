"""A judge outside of the daemon: asked before anybody is asked to agree, and never silently overruled."""

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
from tests.engine.stage import FakeEngine

MADE = change("aws_ecs_service.this", ["create"], None, {"name": "orders"})


@dataclass
class Judge:
    """Says the same of every plan, and remembers whom it was asked about."""

    says: str | None
    asked: list[Key] = field(default_factory=list)

    async def denies(self, document: Mapping[str, Any], key: Key, environment: Environment) -> str | None:
        self.asked.append(key)
        return self.says


async def test_what_the_judge_allows_is_applied() -> None:
    stage = FakeEngine([MADE], judge=Judge(None))
    await stage.visit()
    assert stage.applies == 1


async def test_what_the_judge_denies_is_not_and_its_words_are_shown() -> None:
    stage = FakeEngine([MADE], judge=Judge("`conftest` denies the plan (exit code 1): FAIL"))
    record = await stage.visit()
    ready = next(condition for condition in record.conditions.values() if condition.type == "Ready")
    assert (stage.applies, ready.reason) == (0, Reason.POLICY_DENIED)
    assert ready.message == "1 to create; `conftest` denies the plan (exit code 1): FAIL"


async def test_nobody_is_asked_to_approve_what_is_denied() -> None:
    stage = FakeEngine([MADE], judge=Judge("no"))
    stage.has(first(instance(with_policy(SERVICE, "{mode: approve}")), "c1"))
    assert (await stage.visit()).reason == Reason.POLICY_DENIED


async def test_a_plan_that_changes_nothing_is_nobodys_concern() -> None:
    judge = Judge("no")
    stage = FakeEngine(judge=judge)
    await stage.visit()
    assert judge.asked == []


def test_the_words_of_a_judge_carry_no_secret_of_the_plan_and_are_short() -> None:
    containers = json.dumps([{"name": "app", "environment": [{"name": "MODE", "value": "correct horse"}]}])
    plan = document(
        change("aws_ecs_task_definition.this", ["create"], None, {"container_definitions": containers}),
        change("aws_db_instance.this", ["create"], None, {"password": "battery"}, hidden_after={"password": True}),
    )
    said = objection("FAIL\n  battery and correct horse\n" + "x" * 9999, plan, Redactor(b"a key for tests"))
    assert "battery" not in said
    assert "correct horse" not in said
    assert said.startswith("FAIL ")
    assert "redacted:" in said
    assert len(said) == 600
