"""Serving now: plans that take it away need an approval, except for replacements without an outage."""

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.decide import verdict
from reconciler.core.decide.verdict import Apply, AwaitApproval
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.read import read
from reconciler.core.record.consent import Approval
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import Approved, Removed
from reconciler.core.vocabulary import Sync
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, IMAGE, NOW, applied, fold

LAST, FIRST = ("delete", "create"), ("create", "delete")
RUNS = {"name": "orders", "desired_count": 2}
ATTACHED = {"load_balancer_arns": ["arn:balancer"]}


def destroyed(address: str, **before: Any) -> Mapping[str, Any]:
    return change(address, ["delete"], before, None)


def replaced(address: str, actions: tuple[str, str], before: Mapping[str, Any], **after: Any) -> Mapping[str, Any]:
    return change(address, actions, before, after)


INTERRUPTED: dict[str, Mapping[str, Any]] = {
    "a service that is destroyed": destroyed("aws_ecs_service.this", **RUNS),
    "a service that is replaced": replaced("aws_ecs_service.this", LAST, RUNS, wait_for_steady_state=True),
    "a service whose new tasks nothing waits for": replaced(
        "aws_ecs_service.this", FIRST, RUNS, wait_for_steady_state=False
    ),
    "a target group that is forwarded to": destroyed('aws_lb_target_group.this["this"]', **ATTACHED),
    "a target group whose successor is empty": replaced("aws_lb_target_group.this", FIRST, ATTACHED),
    "a target group of an older state": destroyed("aws_alb_target_group.this", name="orders"),
    "a rule that is gone for a moment": replaced("aws_lb_listener_rule.this", LAST, {"priority": 1}),
    "a rule that is destroyed": destroyed("aws_lb_listener_rule.this", priority=1),
    "a listener": replaced("module.alb.aws_lb_listener.https", FIRST, {"port": 443}, port=8443),
    "a name in the namespace": destroyed("aws_service_discovery_service.this", name="orders"),
}

UNINTERRUPTED: dict[str, Mapping[str, Any]] = {
    "a service without tasks": destroyed("aws_ecs_service.this", name="orders", desired_count=0),
    "a service after its successor runs": replaced("aws_ecs_service.this", FIRST, RUNS, wait_for_steady_state=True),
    "a target group that nothing forwards to": destroyed("aws_lb_target_group.this", load_balancer_arns=[]),
    "a rule after its successor": replaced("aws_lb_listener_rule.this", FIRST, {"priority": 1}, priority=2),
    "a task definition": replaced("aws_ecs_task_definition.this", LAST, {"memory": "512"}, memory="1024"),
    "a changed service": change("aws_ecs_service.this", ["update"], RUNS, {**RUNS, "task_definition": "orders:2"}),
}


def decided(entry: Mapping[str, Any], record: Record) -> verdict.Verdict:
    plan = read(document(entry), Redactor(b"a key for tests"))
    return verdict.verdict(plan, DriftFinding(Sync.PENDING, None, ()), record, DEVELOP, image=IMAGE, now=NOW)


@pytest.mark.parametrize("name", INTERRUPTED)
def test_what_serves_now_is_destroyed_or_replaced_only_with_approval(name: str) -> None:
    entry = INTERRUPTED[name]
    found = decided(entry, applied())
    assert isinstance(found, AwaitApproval)
    assert f"serve now, which is an outage: {entry['address']}" in found.message
    digest = read(document(entry), Redactor(b"a key for tests")).digest
    assert decided(entry, fold(applied(), Approved(Approval(digest, "ann", NOW)))) == Apply()
    assert decided(entry, fold(applied(), Removed(None))) == Apply(), "a prune has guards of its own"


@pytest.mark.parametrize("name", UNINTERRUPTED)
def test_a_replacement_without_an_outage_needs_no_approval(name: str) -> None:
    assert decided(UNINTERRUPTED[name], applied()) == Apply()
