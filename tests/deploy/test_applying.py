"""The policies that the role of a target account applies the roots with: complete, needed, and within IAM's limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from deploy.local import ecs
from deploy.local.iam import Policies, Request, decide, read, role_session
from tests.deploy.actions import ROOTS, TABLE, needed, types_of
from tests.deploy.calls import PROJECT
from tests.deploy.roots import Root
from tests.terraform.plans import Plan, read_plan

pytestmark = pytest.mark.aws

BOUNDED = {"iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"}
# The reference names the topic as their resource in one of its forms and none in another: "*" holds in both.
OF_SUBSCRIPTIONS = {"sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe"}
MANAGED, INLINE, ATTACHED = 6144, 10240, 10  # IAM user guide, "IAM and AWS STS quotas"


@pytest.fixture(scope="module")
def whole(target_root: Root, target_given: dict[str, Any]) -> Plan:
    """Plan a role that applies every root, for one environment, and for nothing beside them."""
    given = target_given | {"roots": list(ROOTS), "environments": ["develop"], "terraform": {}}
    return read_plan(target_root.plan(given | {"permissions_boundary_arn": None}, refresh=False))


@pytest.fixture(scope="module")
def planned_freedom(target_root: Root, target_given: dict[str, Any]) -> Plan:
    """Plan the role of one environment, as shipped."""
    given = target_given | {"environments": ["develop"], "terraform": {}, "permissions_boundary_arn": None}
    return read_plan(target_root.plan(given, refresh=False))


def statements(plan: Plan, beginning: str) -> list[dict[str, Any]]:
    policies = [policy for policy in plan.of("aws_iam_policy") if str(policy.key).split("-")[0] == beginning]
    return [statement for policy in policies for statement in policy.document("policy")["Statement"]]


@pytest.mark.parametrize("root", ROOTS)
def test_every_action_of_a_root_is_allowed_and_every_allowed_action_is_needed(whole: Plan, root: str) -> None:
    allowed = {action for statement in statements(whole, root) for action in statement["Action"]}
    assert {"lacks": needed(root) - allowed, "needs not": allowed - needed(root)} == {
        "lacks": set(),
        "needs not": set(),
    }


def test_the_table_has_every_type_and_no_other() -> None:
    assert set(TABLE["types"]) == set().union(*(types_of(PROJECT / "terraform/roots" / root) for root in ROOTS))


def test_an_action_is_allowed_on_everything_only_where_aws_knows_no_resource_for_it(whole: Plan) -> None:
    """The catalogue is the service authorization reference as cfn-lint carries it."""
    catalogue = json.loads(files("cfnlint").joinpath("data/AdditionalSpecs/Policies.json").read_text())
    scoped, unknown = {}, set()
    for statement in (statement for root in ROOTS for statement in statements(whole, root)):
        for action in set(statement["Action"]) - OF_SUBSCRIPTIONS:
            service, name = action.lower().split(":")
            known = catalogue[service]["Actions"].get(name)
            unknown |= {action} if known is None else set()
            scoped[action] = (bool((known or {}).get("Resources")), statement["Resource"] != ["*"])
    assert unknown == set()
    assert {action for action, (can_be, is_scoped) in scoped.items() if can_be != is_scoped} == set()


def test_roles_are_made_and_given_permissions_only_within_a_boundary_that_stays(whole: Plan) -> None:
    boundary = "arn:aws:iam::123456789012:policy/develop-boundary"
    for statement in statements(whole, "platform") + statements(whole, "service"):
        if BOUNDED & set(statement["Action"]):
            assert set(statement["Action"]) <= BOUNDED
            assert statement["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": [boundary]}}
    denied = {
        (action, arn) for rule in statements(whole, "guard") for action in rule["Action"] for arn in rule["Resource"]
    }
    assert all(rule["Effect"] == "Deny" for rule in statements(whole, "guard"))
    changes = ("CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion", "SetDefaultPolicyVersion")
    assert {(f"iam:{change}", boundary) for change in changes} <= denied
    assert ("iam:DeleteRolePermissionsBoundary", "arn:aws:iam::123456789012:role/*") in denied


IAM, STATE = "arn:aws:iam::123456789012", "reconciler-state-123456789012-eu-central-1"
KEYS = "arn:aws:kms:eu-central-1:123456789012"
KEY = f"{KEYS}:key/8f1c3f3e-0000-4000-8000-000000000002"
OF_KEYS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"{IAM}:root"}, "Action": "kms:*", "Resource": "*"}],
}
BOUNDED_BY = {"iam:PermissionsBoundary": f"{IAM}:policy/develop-boundary"}
TRIES: dict[str, tuple[bool, str, str, dict[str, str]]] = {
    "a role within its boundary": (True, "iam:CreateRole", f"{IAM}:role/develop-x", BOUNDED_BY),
    "a role without one": (False, "iam:CreateRole", f"{IAM}:role/develop-x", {}),
    "a role within another one": (
        False,
        "iam:CreateRole",
        f"{IAM}:role/develop-x",
        {"iam:PermissionsBoundary": f"{IAM}:policy/develop-mine"},
    ),
    "permissions for a role without one": (False, "iam:PutRolePolicy", f"{IAM}:role/develop-x", {}),
    "a role of another environment": (False, "iam:CreateRole", f"{IAM}:role/prod-x", BOUNDED_BY),
    "the boundary, made": (True, "iam:CreatePolicy", f"{IAM}:policy/develop-boundary", {}),
    "the boundary, changed": (False, "iam:CreatePolicyVersion", f"{IAM}:policy/develop-boundary", {}),
    "the boundary, deleted": (False, "iam:DeletePolicy", f"{IAM}:policy/develop-boundary", {}),
    "the boundary, taken off": (False, "iam:DeleteRolePermissionsBoundary", f"{IAM}:role/develop-x", BOUNDED_BY),
    "a role handed to ECS": (
        True,
        "iam:PassRole",
        f"{IAM}:role/develop-x",
        {"iam:PassedToService": "ecs-tasks.amazonaws.com"},
    ),
    "a role handed to EC2": (
        False,
        "iam:PassRole",
        f"{IAM}:role/develop-x",
        {"iam:PassedToService": "ec2.amazonaws.com"},
    ),
    "its own permissions": (False, "iam:PutRolePolicy", f"{IAM}:role/reconciler", BOUNDED_BY),
    "a user": (False, "iam:CreateUser", f"{IAM}:user/develop-x", {}),
    "keys of a user": (False, "iam:CreateAccessKey", f"{IAM}:user/x", {}),
    "the daemon's trust": (False, "iam:UpdateAssumeRolePolicy", f"{IAM}:role/reconciler-task", {}),
    "its own guard": (False, "iam:DeletePolicy", f"{IAM}:policy/reconciler-guard", {}),
    "the key of the states": (False, "kms:PutKeyPolicy", KEY, {}),
    "the name of that key": (False, "kms:UpdateAlias", f"{KEYS}:alias/{STATE}", {}),
    "a key of the platform": (True, "kms:PutKeyPolicy", f"{KEYS}:key/another", {}),
    "the policy of the bucket of the states": (False, "s3:PutBucketPolicy", f"arn:aws:s3:::{STATE}", {}),
    "a secret's value": (
        False,
        "secretsmanager:GetSecretValue",
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x",
        {},
    ),
}


@pytest.mark.parametrize("name", TRIES)
def test_the_daemon_cannot_free_itself(planned_freedom: Plan, name: str) -> None:
    allowed, action, resource, context = TRIES[name]
    identity = [
        read(policy.document("policy")) for policy in planned_freedom.of("aws_iam_policy", "aws_iam_role_policy")
    ]
    caller = role_session(f"{IAM}:role/reconciler")
    of_key = read(OF_KEYS) if action.startswith("kms:") else None
    assert (
        decide(Request(action, resource, caller, context), Policies(identity=identity, resource=of_key)).allowed
        is allowed
    )


OF_THE_GUARD = [
    name
    for name, (allowed, action, *_) in TRIES.items()
    if not allowed
    and action.startswith("iam:")
    and action != "iam:PassRole"
    and name != "a role of another environment"
]


@pytest.mark.parametrize("name", OF_THE_GUARD)
def test_the_guard_holds_beside_a_policy_that_allows_all_of_iam(planned_freedom: Plan, name: str) -> None:
    _, action, resource, context = TRIES[name]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}
    identity = [read(policy.document("policy")) for policy in planned_freedom.of("aws_iam_policy")]
    caller = role_session(f"{IAM}:role/reconciler")
    assert not decide(
        Request(action, resource, caller, context), Policies(identity=[*identity, read(everything)])
    ).allowed


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"environments": ["prod", "prod-eu"]}, "begins with another and a hyphen"),
        ({"terraform": {"managed_policy_arns": ["arn:aws:iam::aws:policy/IAMFullAccess"]}}, "or IAMFullAccess"),
    ],
)
def test_what_would_open_the_role_is_refused(
    target_root: Root, target_given: dict[str, Any], given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ecs.DeployFailed, match=message.replace(" ", r"\s+")):
        target_root.plan(target_given | given, refresh=False)


def test_roles_go_only_to_the_services_that_the_roots_hand_them_to(whole: Plan) -> None:
    services = {
        "account": {"cloudtrail.amazonaws.com", "config.amazonaws.com"},
        "platform": {"vpc-flow-logs.amazonaws.com"},
        "service": {"codebuild.amazonaws.com", "codepipeline.amazonaws.com", "ecs-tasks.amazonaws.com"},
    }
    for root, expected in services.items():
        (statement,) = (one for one in statements(whole, root) if "iam:PassRole" in one["Action"])
        passed = statement["Condition"]["StringEquals"]["iam:PassedToService"]
        assert {passed} if isinstance(passed, str) else set(passed) == expected


def test_a_boundary_is_open_to_change_only_where_people_say_so(target_root: Root, target_given: dict[str, Any]) -> None:
    plan = read_plan(target_root.plan(target_given | {"changeable_boundaries": ["test"]}, refresh=False))
    kept = next(rule["Resource"] for rule in statements(plan, "guard") if rule["Sid"] == "KeepBoundaries")
    assert kept == ["arn:aws:iam::123456789012:policy/develop-boundary"]


def lengths(plan: Plan, kind: str) -> Iterator[int]:
    yield from (len(json.dumps(policy.document("policy"), separators=(",", ":"))) for policy in plan.of(kind))


def test_six_environments_fit_within_the_limits_of_iam(target_root: Root, target_given: dict[str, Any]) -> None:
    names = ["develop", "test", "qa", "prod", "eu-prod", "us-prod"]
    given = target_given | {"environments": names, "terraform": {"managed_policy_arns": []}}
    plan = read_plan(target_root.plan(given, refresh=False))
    assert max(lengths(plan, "aws_iam_policy")) <= MANAGED
    assert sum(lengths(plan, "aws_iam_role_policy")) <= INLINE
    assert len(plan.of("aws_iam_role_policy_attachment")) <= ATTACHED
