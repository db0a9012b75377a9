"""The bounds of Terraform's sessions, evaluated as AWS does."""

import json

import pytest

from deploy.local.iam import Policies, Request, decide, read, role_session
from reconciler.core.session_policy import LONGEST, session_policy
from tests.deploy.actions import needed
from tests.deploy.calls import OF_THE_BACKEND

ROLE = "arn:aws:iam::123456789012:role/reconciler"
EVERYTHING = read({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def allows(policy: str, action: str) -> bool:
    """Return whether a session of a role that may do everything may do this."""
    request = Request(action, "arn:aws:x:eu-central-1:123456789012:y", role_session(ROLE), {})
    return decide(request, Policies(identity=[EVERYTHING], session=[read(json.loads(policy))])).allowed


def test_a_policy_is_no_longer_than_sts_takes() -> None:
    assert max(len(session_policy(root)) for root in ("account", "platform", "service", "other")) <= LONGEST


@pytest.mark.parametrize("root", ["account", "platform", "service"])
def test_a_session_may_do_all_that_its_root_needs(root: str) -> None:
    policy = session_policy(root)
    assert [action for action in sorted(needed(root) | OF_THE_BACKEND) if not allows(policy, action)] == []


@pytest.mark.parametrize(
    "action",
    [
        "dynamodb:Scan",
        "ec2:DeleteVpc",
        "ec2:RunInstances",
        "ecs:DeleteCluster",
        "ecs:ExecuteCommand",
        "ecs:RunTask",
        "iam:AttachUserPolicy",
        "iam:CreatePolicyVersion",
        "iam:DeleteRolePermissionsBoundary",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        "lambda:InvokeFunction",
        "logs:GetLogEvents",
        "logs:PutResourcePolicy",
        "organizations:LeaveOrganization",
        "s3:PutBucketPolicy",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutResourcePolicy",
        "sns:Publish",
        "ssm:SendCommand",
    ],
)
def test_the_session_of_a_service_may_not_do_what_no_service_needs(action: str) -> None:
    assert not allows(session_policy("service"), action)


@pytest.mark.parametrize("action", ["sts:AssumeRole", "sts:GetSessionToken", "iam:CreateAccessKey"])
def test_no_session_becomes_another_identity(action: str) -> None:
    roots = ("account", "platform", "service", "other")
    assert [root for root in roots if allows(session_policy(root), action)] == []
    assert allows(session_policy("other", may_change_role=True), action)
