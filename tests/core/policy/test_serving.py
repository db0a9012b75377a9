"""Serving now: plans that take it away need an approval, except for replacements without an outage."""

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.decide import verdict
from reconciler.core.decide.verdict import Apply, AwaitApproval, Report
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.read import read
from reconciler.core.record.consent import Approval
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import Approved, Removed
from reconciler.core.vocabulary import Reason, Sync
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


NAME = "arn:aws:servicediscovery:eu-central-1:123456789012:service/srv-1"
NAMED = {"desired_count": 2, "load_balancer": [], "service_registries": [{"registry_arn": NAME}]}
BALANCED = {"desired_count": 2, "load_balancer": [{"target_group_arn": "arn:group"}], "service_registries": []}
LOST: dict[str, tuple[Mapping[str, Any], ...]] = {
    "internal to public": (
        destroyed('aws_service_discovery_service.this["this"]', arn=NAME),
        change("aws_ecs_service.this", ["update"], NAMED, BALANCED),
    ),
    "internal to a worker": (
        destroyed('aws_service_discovery_service.this["this"]', arn=NAME),
        change("aws_ecs_service.this", ["update"], NAMED, {**NAMED, "service_registries": []}),
    ),
    "another name": (
        replaced("aws_service_discovery_service.this", LAST, {"arn": NAME, "name": "orders"}, name="cart"),
        change("aws_ecs_service.this", ["update"], NAMED, {**NAMED, "service_registries": [{"registry_arn": None}]}),
    ),
    "public to internal": (
        destroyed('aws_lb_target_group.this["this"]', **ATTACHED),
        change("aws_ecs_service.this", ["update"], BALANCED, NAMED),
    ),
}


def test_a_target_group_whose_tasks_run_keeps_its_protocol() -> None:
    group = replaced(
        "aws_lb_target_group.this", FIRST, {**ATTACHED, "protocol_version": "HTTP1"}, protocol_version="GRPC"
    )
    found = verdict_on((group,), applied())
    assert isinstance(found, Report)
    assert found.reason == Reason.POLICY_DENIED
    assert "a target group cannot change its protocol" in found.message


def verdict_on(entries: tuple[Mapping[str, Any], ...], record: Record) -> verdict.Verdict:
    plan = read(document(*entries), Redactor(b"a key for tests"))
    approved = fold(record, Approved(Approval(plan.digest, "ann", NOW)))
    return verdict.verdict(plan, DriftFinding(Sync.PENDING, None, ()), approved, DEVELOP, image=IMAGE, now=NOW)


@pytest.mark.parametrize("name", LOST)
def test_a_service_that_runs_keeps_the_place_where_its_callers_reach_it(name: str) -> None:
    found = verdict_on(LOST[name], applied())
    assert isinstance(found, Report)
    assert found.reason == Reason.POLICY_DENIED
    assert "aws_ecs_service.this would no longer be where its callers reach it" in found.message
    assert "add a second service with another name" in found.message
    way, service = LOST[name]
    idle = {**service["change"]["before"], "desired_count": 0}
    without_tasks = change("aws_ecs_service.this", ["update"], idle, service["change"]["after"])
    assert verdict_on((way, without_tasks), applied()) == Apply(), "nothing is registered, and nothing answers"
    assert verdict_on((way, destroyed("aws_ecs_service.this", **idle)), fold(applied(), Removed(None))) == Apply()
