"""The role of a tenant: its own instances as a service needs them, and nothing of others."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.local import ecs
from deploy.local.iam import Policies, Request, decide, read, role_session
from tests.deploy.roots import Root
from tests.iam.reference import faults
from tests.terraform.plans import Plan, read_plan

pytestmark = pytest.mark.aws

PLACE = "eu-central-1:123456789012"
IAM, STATE = "arn:aws:iam::123456789012", "reconciler-state-123456789012-eu-central-1"
BOUND = {"iam:PermissionsBoundary": f"{IAM}:policy/reconciler-orders-boundary"}
OF_ALL = {"iam:PermissionsBoundary": f"{IAM}:policy/develop-boundary"}
TO_TASKS = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
OWN, MADE = {"aws:ResourceTag/Service": "orders-api"}, {"aws:RequestTag/Service": "orders-api"}
THEIRS = {"aws:ResourceTag/Service": "payments-api"}
GROUP = f"arn:aws:ec2:{PLACE}:security-group/sg-1"
RULE = f"arn:aws:elasticloadbalancing:{PLACE}:listener-rule/app/develop/1/2/3"
TARGET = f"arn:aws:application-autoscaling:{PLACE}:scalable-target/1"
MAP = f"arn:aws:servicediscovery:{PLACE}:service/srv-1"
NOTICES = f"arn:aws:codestar-notifications:{PLACE}:notificationrule/1"
LOCKS = f"arn:aws:dynamodb:{PLACE}:table/reconciler-locks"


def named(name: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what Terraform does for an instance of that name where the name decides."""
    full, state = f"develop-{name}", f"teams/develop/{name}/terraform.tfstate"
    return [
        ("ecs:UpdateService", f"arn:aws:ecs:{PLACE}:service/develop/{name}", {}),
        ("ecs:RegisterTaskDefinition", f"arn:aws:ecs:{PLACE}:task-definition/{full}:1", {}),
        ("ecr:SetRepositoryPolicy", f"arn:aws:ecr:{PLACE}:repository/develop/{name}", {}),
        ("iam:CreateRole", f"{IAM}:role/{full}-task", BOUND),
        ("iam:PutRolePolicy", f"{IAM}:role/{full}-task", BOUND),
        ("iam:UpdateAssumeRolePolicy", f"{IAM}:role/{full}-task", {}),
        ("iam:PassRole", f"{IAM}:role/{full}-task", TO_TASKS),
        ("logs:DeleteLogGroup", f"arn:aws:logs:{PLACE}:log-group:/ecs/develop/{name}", {}),
        ("ssm:GetParameter", f"arn:aws:ssm:{PLACE}:parameter/develop/{name}/image", {}),
        ("codebuild:UpdateProject", f"arn:aws:codebuild:{PLACE}:project/{full}", {}),
        ("codepipeline:UpdatePipeline", f"arn:aws:codepipeline:{PLACE}:{full}", {}),
        ("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:{PLACE}:alarm:{full}-cpu", {}),
        ("elasticloadbalancing:ModifyTargetGroup", f"arn:aws:elasticloadbalancing:{PLACE}:targetgroup/{full}-1/2", {}),
        ("s3:GetObject", f"arn:aws:s3:::{STATE}/{state}", {}),
        ("s3:PutObject", f"arn:aws:s3:::{STATE}/{state}", {}),
        ("s3:DeleteObject", f"arn:aws:s3:::{STATE}/{state}.tflock", {}),
        ("dynamodb:PutItem", LOCKS, {"dynamodb:LeadingKeys": [f"{STATE}/{state}"]}),
        ("dynamodb:GetItem", LOCKS, {"dynamodb:LeadingKeys": [f"{STATE}/{state}-md5"]}),
    ]


def tagged(tag: dict[str, str]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what Terraform does to resources that have no name, with the tag of one service on them."""
    return [
        ("ec2:AuthorizeSecurityGroupIngress", GROUP, tag),
        ("ec2:RevokeSecurityGroupEgress", GROUP, tag),
        ("ec2:DeleteSecurityGroup", GROUP, tag),
        ("ec2:CreateTags", GROUP, {**tag, **MADE}),
        ("elasticloadbalancing:ModifyRule", RULE, tag),
        ("elasticloadbalancing:DeleteRule", RULE, tag),
        ("elasticloadbalancing:SetRulePriorities", RULE, tag),
        ("elasticloadbalancing:AddTags", RULE, {**tag, **MADE}),
        ("application-autoscaling:PutScalingPolicy", TARGET, tag),
        ("application-autoscaling:DeregisterScalableTarget", TARGET, tag),
        ("application-autoscaling:RegisterScalableTarget", TARGET, {**tag, **MADE}),
        ("servicediscovery:DeleteService", MAP, tag),
        ("servicediscovery:UpdateService", MAP, tag),
        ("codestar-notifications:DeleteNotificationRule", NOTICES, tag),
    ]


FIRST = [
    ("ec2:CreateSecurityGroup", GROUP, MADE),
    ("ec2:CreateSecurityGroup", f"arn:aws:ec2:{PLACE}:vpc/vpc-1", {}),
    ("ec2:CreateTags", GROUP, {**MADE, "ec2:CreateAction": "CreateSecurityGroup"}),
    ("elasticloadbalancing:CreateRule", f"arn:aws:elasticloadbalancing:{PLACE}:listener/app/develop/1/2", MADE),
    ("elasticloadbalancing:CreateRule", RULE, MADE),
    ("elasticloadbalancing:AddTags", RULE, {**MADE, "elasticloadbalancing:CreateAction": "CreateRule"}),
    ("application-autoscaling:RegisterScalableTarget", TARGET, MADE),
    ("application-autoscaling:TagResource", TARGET, MADE),
    ("servicediscovery:CreateService", f"arn:aws:servicediscovery:{PLACE}:namespace/ns-1", MADE),
    ("codestar-notifications:CreateNotificationRule", NOTICES, MADE),
    ("ec2:DescribeSecurityGroups", "*", {}),
    ("dynamodb:DescribeTable", LOCKS, {}),
]
# What no tenant may, whatever its HCL says: other kinds of resources, and those of the platform, which have no tag.
NEVER = [
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{PLACE}:secret:develop/orders-api", {}),
    ("secretsmanager:PutResourcePolicy", f"arn:aws:secretsmanager:{PLACE}:secret:x", {}),
    ("kms:PutKeyPolicy", f"arn:aws:kms:{PLACE}:key/1", {}),
    ("kms:Decrypt", f"arn:aws:kms:{PLACE}:key/1", {}),
    ("s3:GetObject", f"arn:aws:s3:::{STATE}/teams/develop/platform/terraform.tfstate", {}),
    ("s3:GetObject", f"arn:aws:s3:::{STATE}/teams/prod/orders-api/terraform.tfstate", {}),
    ("s3:DeleteObject", f"arn:aws:s3:::{STATE}/teams/develop/orders-api/terraform.tfstate", {}),
    ("s3:PutBucketPolicy", f"arn:aws:s3:::{STATE}", {}),
    ("iam:CreateRole", f"{IAM}:role/develop-orders-api-task", {}),
    ("iam:CreateRole", f"{IAM}:role/develop-orders-api-task", OF_ALL),
    ("iam:PutRolePolicy", f"{IAM}:role/develop-orders-api-task", OF_ALL),
    ("iam:PutRolePermissionsBoundary", f"{IAM}:role/develop-orders-api-task", OF_ALL),
    ("iam:CreatePolicyVersion", f"{IAM}:policy/reconciler-orders-boundary", {}),
    ("iam:CreatePolicyVersion", f"{IAM}:policy/develop-boundary", {}),
    ("iam:DeleteRolePermissionsBoundary", f"{IAM}:role/develop-orders-api-task", BOUND),
    ("iam:PutRolePolicy", f"{IAM}:role/reconciler", BOUND),
    ("iam:PassRole", f"{IAM}:role/develop-orders-api-task", {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("iam:CreateUser", f"{IAM}:user/x", {}),
    ("sts:AssumeRole", f"{IAM}:role/reconciler", {}),
    ("ecs:DeleteCluster", f"arn:aws:ecs:{PLACE}:cluster/develop", {}),
    ("elasticloadbalancing:DeleteListener", f"arn:aws:elasticloadbalancing:{PLACE}:listener/app/develop/1/2", {}),
    ("ec2:AuthorizeSecurityGroupIngress", GROUP, {}),
    ("ec2:CreateTags", GROUP, MADE),
    ("ec2:CreateSecurityGroup", GROUP, {"aws:RequestTag/Service": "payments-api"}),
    ("ec2:DeleteVpc", f"arn:aws:ec2:{PLACE}:vpc/vpc-1", {}),
    ("dynamodb:Scan", LOCKS, {}),
    ("logs:GetLogEvents", f"arn:aws:logs:{PLACE}:log-group:/ecs/develop/payments-api:log-stream:x", {}),
]


TENANT = {
    "name_prefixes": ["orders-"],
    "secrets": ["partners/*"],
    "data_resources": [f"arn:aws:sqs:{PLACE}:payments"],
}


@pytest.fixture(scope="module")
def role(target_root: Root, target_given: dict[str, Any]) -> Plan:
    """Plan the role of a tenant whose names begin with `orders-`."""
    own = {"name": "reconciler-orders", "environments": ["develop"], "roots": ["service"], "terraform": {}}
    given = target_given | own | {"permissions_boundary_arn": None, "tenant": TENANT}
    return read_plan(target_root.plan(given, refresh=False))


def refused(role: Plan, requests: list[tuple[str, str, dict[str, Any]]]) -> list[tuple[str, str]]:
    """Return the requests that the role may not make."""
    planned = [policy for policy in role.of("aws_iam_policy", "aws_iam_role_policy") if policy.actions != ("delete",)]
    planned = [policy for policy in planned if policy.name != "boundary"]
    identity = [read(policy.document("policy")) for policy in planned]
    caller = role_session(f"{IAM}:role/reconciler-orders")
    answers = [(each, decide(Request(*each[:2], caller, each[2]), Policies(identity=identity))) for each in requests]
    return [each[:2] for each, answer in answers if not answer.allowed]


def test_a_tenant_may_do_all_that_its_services_need(role: Plan) -> None:
    assert refused(role, [*named("orders-api"), *tagged(OWN), *FIRST]) == []


@pytest.mark.parametrize("name", ["payments-api", "ordersx-api", "order", "platform"])
def test_a_tenant_may_do_nothing_of_that_by_the_name_of_another(role: Plan, name: str) -> None:
    assert refused(role, named(name)) == [each[:2] for each in named(name)]


def test_a_tenant_may_not_change_what_is_tagged_as_anothers_or_not_at_all(role: Plan) -> None:
    assert refused(role, tagged(THEIRS)) == [each[:2] for each in tagged(THEIRS)]
    created_by_the_same_call = {"application-autoscaling:RegisterScalableTarget"}
    assert {each[0] for each in tagged({})} - {action for action, _ in refused(role, tagged({}))} == (
        created_by_the_same_call
    )


def test_a_tenant_may_not_leave_its_place(role: Plan) -> None:
    assert refused(role, NEVER) == [each[:2] for each in NEVER]


PARAMETER = f"arn:aws:ssm:{PLACE}:parameter/"
SECRETS = f"arn:aws:secretsmanager:{PLACE}:secret"
OF_SERVICES: dict[str, tuple[bool, str, str, dict[str, Any]]] = {
    "its own secret": (True, "secretsmanager:GetSecretValue", f"{SECRETS}:develop/orders-api/url-AbCdEf", {}),
    "its own, without the environment": (True, "secretsmanager:GetSecretValue", f"{SECRETS}:orders-api/url-AbCdEf", {}),
    "a shared one": (True, "secretsmanager:GetSecretValue", f"{SECRETS}:develop/shared/salt-AbCdEf", {}),
    "a granted one": (True, "secretsmanager:GetSecretValue", f"{SECRETS}:partners/key-AbCdEf", {}),
    "another tenant's": (False, "secretsmanager:GetSecretValue", f"{SECRETS}:develop/payments/key-AbCdEf", {}),
    "one that begins alike": (False, "secretsmanager:GetSecretValue", f"{SECRETS}:develop/ordersx/key-AbCdEf", {}),
    "its table": (True, "dynamodb:GetItem", f"arn:aws:dynamodb:{PLACE}:table/develop-orders-api", {}),
    "a granted queue": (True, "sqs:SendMessage", f"arn:aws:sqs:{PLACE}:payments", {}),
    "another tenant's table": (False, "dynamodb:GetItem", f"arn:aws:dynamodb:{PLACE}:table/develop-payments", {}),
    "its image": (True, "ecr:PutImage", f"arn:aws:ecr:{PLACE}:repository/develop/orders-api", {}),
    "another tenant's image, to run": (True, "ecr:BatchGetImage", f"arn:aws:ecr:{PLACE}:repository/develop/base", {}),
    "another tenant's image, to replace": (False, "ecr:PutImage", f"arn:aws:ecr:{PLACE}:repository/develop/base", {}),
    "another tenant's service": (False, "ecs:UpdateService", f"arn:aws:ecs:{PLACE}:service/develop/payments", {}),
    "another tenant's role": (False, "iam:PassRole", f"{IAM}:role/develop-payments-task", TO_TASKS),
    "its parameter": (True, "ssm:GetParameters", f"{PARAMETER}orders-api/url", {}),
    "the parameter of another tenant": (False, "ssm:GetParameters", f"{PARAMETER}payments/url", {}),
    "metrics of its environment": (True, "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "develop/orders"}),
    "metrics of another environment": (False, "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "prod/orders"}),
    "a role": (False, "iam:CreateRole", f"{IAM}:role/develop-orders-api-x", BOUND),
    "a state": (False, "s3:GetObject", f"arn:aws:s3:::{STATE}/teams/develop/payments/terraform.tfstate", {}),
}


@pytest.mark.parametrize("name", OF_SERVICES)
def test_a_role_that_a_tenant_makes_reaches_nothing_of_others_whatever_its_policy_says(role: Plan, name: str) -> None:
    allowed, action, resource, context = OF_SERVICES[name]
    (boundary,) = (policy for policy in role.of("aws_iam_policy") if policy.name == "boundary")
    assert boundary.values["name"] == "reconciler-orders-boundary"
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    policies = Policies(identity=[read(everything)], boundary=read(boundary.document("policy")))
    caller = role_session(f"{IAM}:role/develop-orders-api-task")
    assert decide(Request(action, resource, caller, context), policies).allowed is allowed


def test_the_guard_uses_keys_that_aws_knows_for_its_actions(role: Plan) -> None:
    (guard,) = (policy for policy in role.of("aws_iam_policy") if policy.key == "tenant")
    assert list(faults(guard.document("policy"))) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tenant": {"name_prefixes": ["orders"]}}, "end with a hyphen"),
        ({"tenant": {"name_prefixes": []}}, "one or more beginnings"),
        ({"tenant": {"name_prefixes": ["a-very-long-prefix-"]}}, "at most 23 characters"),
        ({"tenant": {"name_prefixes": ["orders-"]}, "roots": ["platform"]}, "must be service"),
    ],
)
def test_a_wrong_tenant_is_refused(
    target_root: Root, target_given: dict[str, Any], given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ecs.DeployFailed, match=message.replace(" ", r"\s+")):
        target_root.plan(target_given | {"environments": ["develop"], "roots": ["service"]} | given, refresh=False)
