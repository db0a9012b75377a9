"""Least privilege: the permissions of the roles are exactly those of the calls in the code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.edges.aws.clients import SESSION_NAME
from reconciler.edges.state.settings import StateSettings
from reconciler.edges.terraform.hcl import backend
from tests.deploy.calls import OF_THE_BACKEND, OF_THE_TASK, PROJECT, calls, calls_in, importers
from tests.deploy.conftest import DAEMON
from tests.terraform.plans import Plan

pytestmark = pytest.mark.aws

WITHOUT_RESOURCE = {
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScheduledActions",
    "cloudtrail:LookupEvents",
    "ecr:GetAuthorizationToken",
    "ecs:DescribeTaskDefinition",
    "ecs:ListTasks",
    "ecs:RegisterTaskDefinition",
    "elasticloadbalancing:DescribeTargetHealth",
}
# ECS requires these to define and run a task with roles and tags.
WITH_TASKS = {"iam:PassRole", "ecs:TagResource"}


@pytest.fixture(scope="session")
def task(planned_daemon: Plan) -> list[dict[str, Any]]:
    """Return the statements of the daemon's own role, without those for its key."""
    return statements(planned_daemon, "task")


def statements(plan: Plan, name: str, key: str | None = None) -> list[dict[str, Any]]:
    found = [one for one in plan.of("aws_iam_role_policy") if (one.name, one.key) == (name, key)]
    assert len(found) == 1
    document: list[dict[str, Any]] = found[0].document("policy")["Statement"]
    return document


def allowed(policy: Iterable[dict[str, Any]]) -> set[str]:
    assert all(statement["Effect"] == "Allow" for statement in policy)
    return {action for statement in policy for action in statement["Action"]}


def test_every_permission_of_the_task_role_is_used_and_every_call_has_its_permission(
    task: list[dict[str, Any]],
) -> None:
    called = {call.action for call in calls() if call.own}
    assert called
    assert not called & set(OF_THE_TASK), "an action with a call in the code needs no listed reason"
    assert allowed(task) == called | set(OF_THE_TASK)


def test_every_permission_to_read_an_account_is_used_and_every_call_has_its_permission(
    planned_target: Plan,
) -> None:
    called = {call.action for call in calls() if not call.own}
    assert called
    states = {call.action for call in calls() if not call.own and call.where.startswith("state/")}
    assert states
    assert states <= OF_THE_BACKEND, "locks and states are read with the permissions of Terraform's backend"
    assert allowed(statements(planned_target, "this", "look")) == (called - states) | WITH_TASKS


def test_access_to_states_is_what_terraforms_backend_documents(planned_target: Plan) -> None:
    assert allowed(statements(planned_target, "this", "state")) == OF_THE_BACKEND


@pytest.mark.parametrize("action", OF_THE_TASK)
def test_the_reason_for_a_permission_without_a_call_still_holds(action: str) -> None:
    _, file, evidence = OF_THE_TASK[action]
    assert evidence in " ".join((PROJECT / file).read_text().split())


def test_only_one_module_uses_the_aws_sdk() -> None:
    assert importers("boto3") | importers("botocore") == {"edges/aws/clients.py"}


def test_a_call_whose_operation_is_not_a_literal_is_refused() -> None:
    with pytest.raises(ValueError, match=r"x\.py:1: write service and operation as literals"):
        list(calls_in('clients.call(place, "ecs", operation)', "x.py"))


def test_permissions_name_their_actions_and_resources(planned_daemon: Plan, planned_target: Plan) -> None:
    policies = [statements(planned_daemon, "task"), statements(planned_daemon, "execution")]
    policies += [statements(planned_target, "this", key) for key in ("state", "look")]
    for statement in (statement for policy in policies for statement in policy):
        assert not any("*" in action for action in statement["Action"])
        if statement["Resource"] == ["*"]:
            assert set(statement["Action"]) <= WITHOUT_RESOURCE
        else:
            assert all(arn.startswith("arn:aws:") and not arn.startswith("arn:aws:*") for arn in statement["Resource"])


def test_the_task_may_assume_only_the_roles_of_its_environments(
    task: list[dict[str, Any]], given: dict[str, Any]
) -> None:
    (statement,) = (statement for statement in task if statement["Action"] == ["sts:AssumeRole"])
    places = given["environments"].values()
    of_tenants = [role for place in places for role in place.get("tenant_roles", {}).values()]
    assert statement["Resource"] == sorted([*of_tenants, *(place["role"] for place in places)])


def test_ecs_may_read_exactly_the_secrets_of_the_task(planned_daemon: Plan, given: dict[str, Any]) -> None:
    by_sid = {statement["Sid"]: statement for statement in statements(planned_daemon, "execution")}
    assert by_sid["ReadSecrets"]["Resource"] == sorted(given["secrets"].values())
    assert by_sid["DecryptSecrets"]["Resource"] == given["secrets_key_arns"]


def test_states_of_other_environments_are_not_accessible(planned_target: Plan) -> None:
    by_sid = {statement["Sid"]: statement["Resource"] for statement in statements(planned_target, "this", "state")}
    bucket = "arn:aws:s3:::reconciler-state-123456789012-eu-central-1/teams"
    states = [f"{bucket}/develop/*/terraform.tfstate", f"{bucket}/test/*/terraform.tfstate"]
    assert by_sid["ReadAndWriteStates"] == [*states, *(f"{state}.tflock" for state in states)]
    assert by_sid["ReleaseLocks"] == [f"{state}.tflock" for state in states], "only locks may be deleted"
    key = StateSettings(prefix="teams/").object_key(Key("develop", "orders"))
    assert f"{bucket.removesuffix('/teams')}/{key}" == states[0].replace("*", "orders")


def test_an_account_trusts_only_the_daemons_role_and_session_names(planned_target: Plan) -> None:
    role = planned_target.one("aws_iam_role")
    (statement,) = role.document("assume_role_policy")["Statement"]
    assert statement["Principal"] == {"AWS": DAEMON}
    assert statement["Condition"]["ArnEquals"] == {"aws:PrincipalArn": DAEMON}
    place = Environment("develop", "develop", "123456789012", "eu-central-1", role="arn:aws:iam::123456789012:role/r")
    assert 'session_name = "reconciler"' in backend(StateSettings(), Key("develop", "orders"), place)
    assert set(statement["Condition"]["StringEquals"]["sts:RoleSessionName"]) == {SESSION_NAME, "reconciler"}
    assert role.values["permissions_boundary"].endswith(":policy/reconciler-boundary")


def test_the_policies_of_terraform_are_attached_exclusively(planned_target: Plan, target_given: dict[str, Any]) -> None:
    names = planned_target.one("aws_iam_role_policies_exclusive").values["policy_names"]
    assert set(names) == {"state", "look", "terraform-network"}
    attached = planned_target.one("aws_iam_role_policy_attachments_exclusive").values["policy_arns"]
    shipped = {policy.values["name"] for policy in planned_target.of("aws_iam_policy")}
    arns = {f"arn:aws:iam::123456789012:policy/{name}" for name in shipped}
    assert set(attached) == {*target_given["terraform"]["managed_policy_arns"], *arns}
