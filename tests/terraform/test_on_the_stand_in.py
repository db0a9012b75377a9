"""The service module, applied: what is there is what the plan said, and a change by hand does not survive."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.local.standin import StandIn
from reconciler.core.schedule.budget import expected_calls
from tests.terraform.inputs import ACCOUNT, REGION, Variables, internal_service, public_service, worker
from tests.terraform.landscape import make_platform
from tests.terraform.plans import Plan
from tests.terraform.workbench import Workbench

pytestmark = pytest.mark.aws
EXTRA = f"arn:aws:iam::{ACCOUNT}:policy/develop-extra"
PERMISSIONS = {
    "grants": [
        {"service": "s3", "access": "readwrite", "resources": ["ledger-books"]},
        {"service": "kafka", "access": "read", "resources": ["events/ledger.booked"]},
        {"service": "kms", "access": "read", "resources": ["ledger-books"]},
        {"service": "telemetry", "access": "write"},
    ],
    "policies": {"extra": EXTRA},
}
CASES = {
    "orders": public_service("develop"),
    "ledger": internal_service("develop") | {"permissions": PERMISSIONS},
    "mailer": worker("develop"),
}
ORDERS = "module.orders.aws_"


@pytest.fixture(scope="module")
def platform(stand_in: StandIn) -> Variables:
    nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    stand_in.client("iam").create_policy(PolicyName="develop-extra", PolicyDocument=json.dumps(nothing))
    return make_platform(stand_in, "develop")


@pytest.fixture(scope="module")
def applied(workbench: Workbench, platform: Variables) -> Variables:
    """A public service, an internal one and a worker without an image, in one state. Returns the root's variables."""
    root = workbench.directory / "roots/three"
    root.mkdir()
    (root / "main.tf").write_text(
        f'provider "aws" {{\n  region = "{REGION}"\n}}\nvariable "cases" {{\n  type = any\n}}\n'
    )
    for case, variables in CASES.items():
        arguments = {name: f"${{var.cases.{case}.{name}}}" for name in variables if name != "aws"}
        call = {"module": {case: {"source": "../../modules/service", **arguments}}}
        outputs = {f"{case}_service_arn": {"value": f"${{module.{case}.service_arn}}"}}
        (root / f"{case}.tf.json").write_text(json.dumps({**call, "output": outputs}))
    given = {"cases": {case: variables | {"platform": platform} for case, variables in CASES.items()}}
    workbench.plan("roots/three", given)
    workbench.apply("roots/three")
    return given


@pytest.fixture(scope="module")
def calls() -> list[int]:
    """Return the number of calls of the second plan."""
    return []


@pytest.fixture(scope="module")
def second_plan(workbench: Workbench, applied: Variables, stand_in: StandIn, calls: list[int]) -> Plan:
    last = stand_in.last_request()
    plan = workbench.plan("roots/three", applied)
    calls.append(len(stand_in.requests(last)))
    return plan


@pytest.fixture(scope="module")
def plan_after_changes_by_hand(
    workbench: Workbench, applied: Variables, second_plan: Plan, stand_in: StandIn
) -> dict[str, tuple[str, ...]]:
    assert second_plan.resources
    group = second_plan.one("aws_security_group", "this", "module.orders").values["id"]
    anyone = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    stand_in.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[anyone])
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam = stand_in.client("iam")
    iam.put_role_policy(RoleName="develop-orders-task", PolicyName="all", PolicyDocument=json.dumps(everything))
    policy = iam.create_policy(PolicyName="all", PolicyDocument=json.dumps(everything))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="develop-orders-task", PolicyArn=policy)
    iam.delete_role_policy(RoleName="develop-ledger-task", PolicyName="use-data")
    iam.detach_role_policy(RoleName="develop-ledger-task", PolicyArn=EXTRA)
    stand_in.client("logs").put_retention_policy(logGroupName="/ecs/develop/orders", retentionInDays=1)
    stand_in.client("ecs").update_service(cluster="develop", service="orders", desiredCount=5)
    return workbench.plan("roots/three", applied).changed()


def describe(stand_in: StandIn, service: str) -> dict[str, Any]:
    found: dict[str, Any] = stand_in.client("ecs").describe_services(cluster="develop", services=[service])["services"][
        0
    ]
    return found


def test_a_second_plan_finds_nothing_to_do(second_plan: Plan) -> None:
    assert second_plan.changed() == {}


def test_a_plan_makes_no_more_calls_than_the_budget_of_drift_checks_expects(
    second_plan: Plan, calls: list[int]
) -> None:
    resources = len(second_plan.resources)
    assert resources < calls[0] <= expected_calls(resources)


def test_services_run_what_was_asked_for(second_plan: Plan, stand_in: StandIn) -> None:
    counts = {
        resource.values["name"]: resource.values["desired_count"] for resource in second_plan.of("aws_ecs_service")
    }
    assert counts == {"orders": 2, "ledger": 2, "mailer": 0}
    # its own group, the badge of internal callers, and the badge that the brokers admit
    assert len(describe(stand_in, "ledger")["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]) == 3
    assert len(describe(stand_in, "orders")["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]) == 2


def test_the_next_plan_takes_back_what_was_added_by_hand(
    plan_after_changes_by_hand: dict[str, tuple[str, ...]],
) -> None:
    assert plan_after_changes_by_hand == {
        f"{ORDERS}security_group.this": ("update",),
        f"{ORDERS}iam_role_policies_exclusive.task": ("update",),
        f"{ORDERS}iam_role_policy_attachments_exclusive.task": ("update",),
        f"{ORDERS}cloudwatch_log_group.this": ("update",),
        'module.ledger.aws_iam_role_policy.task["use-data"]': ("create",),
        "module.ledger.aws_iam_role_policies_exclusive.task": ("update",),
        "module.ledger.aws_iam_role_policy_attachments_exclusive.task": ("update",),
        'module.ledger.aws_iam_role_policy_attachment.task["extra"]': ("create",),
    }, "and leaves the number of tasks to scaling"
