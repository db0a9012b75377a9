"""Permissions in an environment, proven: roles answer to their service, and none can do more than the boundary."""

from __future__ import annotations

import re
from typing import Any

from tests.terraform.inputs import Variables
from tests.terraform.properties.laboratory import Instance
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.test_platform import PLATFORM
from tests.terraform.properties.test_platform_keys import SECURITY, listed

KEYS = "modules/security/main.tf"
BOUNDARY = "modules/security/boundary.tf"
FLOW_LOGS = "modules/network/flow_logs.tf"
SETTINGS = "modules/settings/main.tf"
DATA = {"dynamodb", "events", "kafka", "kinesis", "s3", "sns", "sqs"}
PULL = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
LONGEST_POLICY = 6144  # characters without white space, an IAM quota

# What knows no resource; nothing else may be allowed on "*".
WITHOUT_RESOURCE = {
    "cloudwatch:PutMetricData",
    "ecr:GetAuthorizationToken",
    "ecs:DescribeTaskDefinition",
    "ecs:RegisterTaskDefinition",
    "logs:DescribeLogGroups",
    "ssmmessages:Create*",
    "ssmmessages:Open*",
    "xray:GetSampling*",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


def in_production(variables: Variables) -> bool:
    return str(variables["environment"]["tier"]) == "prod"


def check_statements(policy: Any) -> None:
    for statement in policy["Statement"]:
        actions, resources = set(listed(statement["Action"])), listed(statement["Resource"])
        assert not any(action in ("*", "iam:*") or action.endswith(":*") for action in actions), "a whole service"
        if "*" in resources and actions == {"ecs:ListTasks"}:
            assert listed(statement.get("Condition", {}).get("ArnEquals", {}).get("ecs:cluster", [])), (
                "tasks of another cluster"
            )
        elif "*" in resources:
            assert actions <= WITHOUT_RESOURCE, f"on everything: {sorted(actions - WITHOUT_RESOURCE)}"
        if "iam:PassRole" in actions:
            assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}, (
                "PassRole"
            )


@proof(
    50,
    "Environment-based IAM restrictions",
    part="roles",
    of=PLATFORM,
    broken_by=[
        Edit(FLOW_LOGS, "  permissions_boundary = var.permissions_boundary_arn\n", "", says="boundary",
             where=lambda v: not in_production(v)),
        Edit(FLOW_LOGS, "max_session_duration = 3600", "max_session_duration = 43200", says="an hour"),
        Edit(FLOW_LOGS, 'Resource = ["${local.flow_log_arn}:*"]', 'Resource = "*"', says="on everything"),
        Edit(FLOW_LOGS, 'StringEquals = { "aws:SourceAccount" = var.environment.account_id }', "",
             says="another account"),
        Edit(FLOW_LOGS, "policy_names = [aws_iam_role_policy.flow_logs.name]", 'policy_names = ["all"]',
             says="exclusive"),
    ],
)  # fmt: skip
def test_property_50_environment_based_iam_restrictions_roles(instance: Instance) -> None:
    """Roles answer to this account's services, keep no policy that is not theirs and are bounded in every tier."""
    account = instance.variables["environment"]["account_id"]
    roles = instance.plan.of("aws_iam_role")
    assert roles
    for role in roles:
        bounded = "permissions_boundary" in role.unknown or bool(role.values.get("permissions_boundary"))
        assert bounded, f"{role.address}: no boundary"
        assert role.values["max_session_duration"] == 3600, "a session is longer than an hour"
        for statement in role.document("assume_role_policy")["Statement"]:
            condition = statement.get("Condition", {}).get("StringEquals", {})
            assert condition == {"aws:SourceAccount": account}, "can be assumed on behalf of another account"
    for policy in instance.plan.of("aws_iam_role_policy"):
        check_statements(policy.document("policy"))
    written = instance.plan.of("aws_iam_role_policy")
    for alone in instance.plan.of("aws_iam_role_policies_exclusive"):
        own = [policy.values["name"] for policy in written if policy.values["role"] == alone.values["role_name"]]
        assert alone.values["policy_names"] == own, "policies are not exclusive"
    assert len(instance.plan.of("aws_iam_role_policies_exclusive")) == len(roles), "policies are not exclusive"
    attached = [r.values["policy_arns"] for r in instance.plan.of("aws_iam_role_policy_attachments_exclusive")]
    assert attached == [[]] * len(roles), "attachments are not exclusive"


@proof(
    50,
    "Environment-based IAM restrictions",
    part="boundary",
    of=SECURITY,
    broken_by=[
        Edit(BOUNDARY, '"xray:PutTraceSegments",', '"xray:PutTraceSegments",\n    "s3:GetObject",',
             says="on everything"),
        Edit(BOUNDARY, 'Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }',
             "Condition = {}", says="PassRole"),
        Edit(BOUNDARY, ":cluster/${local.environment_of}", ":cluster/*", says="tasks of another cluster"),
        Edit(BOUNDARY, "rule/StepFunctionsGetEventsForECSTaskRule", "rule/*", says="rules of others"),
        Edit(BOUNDARY, '"iam:PassRole"', '["iam:PassRole", "iam:CreateRole"]', says="change IAM"),
        Edit(BOUNDARY, "repository/${local.environment_of}/*", "repository/*", says="another environment"),
        Edit(BOUNDARY, "ecr:*:*:repository/*", "ecr:${local.region}:${local.account}:repository/*", says="sidecar"),
        Edit(BOUNDARY, "table/${local.environment_of}-*", "table/*", says="another environment"),
        Edit(BOUNDARY, "        Condition = local.not_of_another\n", "", says="another environment"),
        Edit(BOUNDARY, "sqs}:${local.environment_of}-*", "sns}:${local.environment_of}-*", says="cannot use sqs"),
        Edit(BOUNDARY, 'cloudwatch:namespace" = "${local.environment_of}/*"', 'cloudwatch:namespace" = "*"',
             says="metrics of another"),
        Edit(BOUNDARY, '"${local.environment_of}.internal"', '"*"', says="finds services of another"),
        Edit(BOUNDARY, "], local.data_of_others)", "])",
             says="cannot use what was named", where=lambda v: not all(map(is_secret, v["data_resources"]))),
        Edit(BOUNDARY, "Resource = local.secrets_of_others", 'Resource = ["arn:aws:ssm:*:*:parameter/*"]',
             says="cannot use what was named", where=lambda v: any(map(is_secret, v["data_resources"]))),
    ],
)  # fmt: skip
def test_property_50_environment_based_iam_restrictions_boundary(instance: Instance) -> None:
    """In every tier, the boundary leaves no way to change IAM or to reach what is another environment's but images to
    pull, and one to the data that services use."""
    policy = instance.plan.one("aws_iam_policy").document("policy")
    check_statements(policy)
    text = instance.plan.one("aws_iam_policy").values["policy"]
    assert len("".join(text.split())) <= LONGEST_POLICY, "longer than AWS takes"
    allowed = {action for statement in policy["Statement"] for action in listed(statement["Action"])}
    assert {action for action in allowed if action.startswith("iam:")} == {"iam:PassRole"}, "may change IAM"
    assert not any(action.startswith(("organizations:", "account:", "sts:")) for action in allowed)
    statements = {statement["Sid"]: statement for statement in policy["Statement"]}
    named = instance.variables["data_resources"]
    data = listed(statements["Data"]["Resource"])
    read = listed(statements.get("SecretsOfOthers", {"Resource": []})["Resource"])
    assert {*read} == {*filter(is_secret, named)}, "cannot use what was named, or secrets of other accounts"
    assert set(named) <= {*data, *read}, "cannot use what was named"
    reached = {resource.split(":")[2] for resource in set(data) - set(named)}
    missing = DATA - reached
    assert not missing, f"cannot use {', '.join(sorted(missing))}"
    for statement in policy["Statement"]:
        check_environment(instance, statement, set(named))


def is_secret(arn: str) -> bool:
    """Return whether it is a secret, a parameter or a key."""
    return arn.split(":")[2] in ("kms", "secretsmanager", "ssm")


def check_environment(instance: Instance, statement: Any, named: set[str]) -> None:
    """Assert that a statement is about the environment: by name, by tag, or by cluster."""
    name = instance.environment
    own = {"StringEqualsIfExists": {"aws:ResourceTag/Environment": name}}
    if statement["Sid"] in ("Secrets", "Keys"):
        assert statement.get("Condition") == own, "secrets or keys of another environment"
    elif statement["Sid"] == "ImagesOfOthers":
        anybodys = f"arn:{instance.variables['environment']['partition']}:ecr:*:*:repository/*"
        pulled = (set(statement["Action"]), statement["Resource"])
        assert pulled == (PULL, anybodys), "a sidecar's image of another account cannot be pulled"
    elif statement["Sid"] == "TasksThatRun":
        (cluster,) = listed(statement["Condition"]["ArnEquals"]["ecs:cluster"])
        assert cluster.endswith(f":cluster/{name}"), "tasks of another cluster"
    elif statement["Sid"] == "EndsOfTasks":
        assert statement["Resource"].endswith(":rule/StepFunctionsGetEventsForECSTaskRule"), "rules of others"
    elif statement["Sid"] == "Metrics":
        assert statement["Condition"] == {"StringLike": {"cloudwatch:namespace": f"{name}/*"}}, "metrics of another"
    elif statement["Sid"] == "FindServices":
        found = {"StringEquals": {"servicediscovery:NamespaceName": f"{name}.internal"}}
        assert statement["Condition"] == found, "finds services of another environment"
    elif statement["Sid"] not in ("WithoutResource", "Sources"):
        begins = re.compile(rf"[:/]{name}([-/].*)?$")
        of_others = [r for r in set(listed(statement["Resource"])) - named if not begins.search(r)]
        assert not of_others, f"reaches another environment: {of_others}"


@proof(
    20,
    "ECR access restrictions",
    part="key",
    of=SECURITY,
    broken_by=[
        Edit(KEYS, '{ ecr = "ecr", secrets', '{ ecr = "s3", secrets', says="through ECR"),
        Edit(KEYS, '"kms:CallerAccount" = local.account\n', "", says="account"),
        Edit(KEYS, "concat([local.root_statement], local.fargate_statements)", "[local.root_statement]",
             says="Fargate"),
    ],
)  # fmt: skip
def test_property_20_ecr_access_restrictions_key(instance: Instance) -> None:
    """Image layers are decrypted through ECR only, for this account only; Fargate has the key of its storage."""
    environment = instance.variables["environment"]
    keys = {str(key.key): key.document("policy")["Statement"] for key in instance.plan.of("aws_kms_key")}
    (through,) = (statement for statement in keys["ecr"] if statement["Sid"] == "ThroughTheService")
    conditions = through["Condition"]["StringEquals"]
    assert conditions.get("kms:ViaService") == f"ecr.{environment['region']}.amazonaws.com", "not only through ECR"
    assert conditions.get("kms:CallerAccount") == environment["account_id"], "for another account"
    fargate = {s["Sid"] for s in keys["ecs"] if s["Principal"] == {"Service": "fargate.amazonaws.com"}}
    assert fargate == {"FargateDataKeys", "FargateGrants", "FargateDescribe"}, "Fargate cannot use its key"
