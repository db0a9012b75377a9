"""Permissions in an environment, proven: roles answer to their service, and none can do more than the boundary."""

from __future__ import annotations

from typing import Any

from tests.terraform.inputs import Variables
from tests.terraform.properties.laboratory import Instance
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.strategies import arn
from tests.terraform.properties.test_platform import PLATFORM
from tests.terraform.properties.test_platform_keys import SECURITY, listed

KEYS = "modules/security/main.tf"
BOUNDARY = "modules/security/boundary.tf"
FLOW_LOGS = "modules/network/flow_logs.tf"
SETTINGS = "modules/settings/main.tf"
PULL = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
LONGEST_POLICY = 6144  # characters without white space, an IAM quota

# What knows no resource; nothing else may be allowed on "*".
WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "ecs:DescribeTaskDefinition",
    "ecs:RegisterTaskDefinition",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


def in_production(variables: Variables) -> bool:
    return str(variables["environment"]["tier"]) == "prod"


def check_statements(policy: Any) -> None:
    for statement in policy["Statement"]:
        actions, resources = set(listed(statement["Action"])), listed(statement["Resource"])
        assert not any(action in ("*", "iam:*") or action.endswith(":*") for action in actions), "a whole service"
        if "*" in resources:
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
             where=in_production),
        Edit(FLOW_LOGS, "max_session_duration = 3600", "max_session_duration = 43200", says="an hour"),
        Edit(FLOW_LOGS, 'Resource = ["${local.flow_log_arn}:*"]', 'Resource = "*"', says="on everything"),
        Edit(FLOW_LOGS, 'StringEquals = { "aws:SourceAccount" = var.environment.account_id }', "",
             says="another account"),
        Edit(FLOW_LOGS, "policy_names = [aws_iam_role_policy.flow_logs.name]", 'policy_names = ["all"]',
             says="exclusive"),
        Edit(SETTINGS, "permissions_boundary = true", "permissions_boundary = false", says="boundary",
             where=in_production),
    ],
)  # fmt: skip
def test_property_50_environment_based_iam_restrictions_roles(instance: Instance) -> None:
    """Roles answer to this account's services, keep no policy that is not theirs and are bounded in production."""
    account = instance.variables["environment"]["account_id"]
    roles = instance.plan.of("aws_iam_role")
    assert roles
    for role in roles:
        bounded = "permissions_boundary" in role.unknown or bool(role.values.get("permissions_boundary"))
        assert bounded == in_production(instance.variables), f"{role.address}: boundary"
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
             says="on everything", where=in_production),
        Edit(BOUNDARY, 'Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }',
             "Condition = {}", says="PassRole", where=in_production),
        Edit(BOUNDARY, '"iam:PassRole"', '["iam:PassRole", "iam:CreateRole"]', says="change IAM", where=in_production),
        Edit(BOUNDARY, "repository/${local.environment_of}/*", "repository/*", says="another environment",
             where=in_production),
        Edit(BOUNDARY, "ecr:*:*:repository/*", "ecr:${local.region}:${local.account}:repository/*",
             says="sidecar", where=in_production),
        Edit(BOUNDARY, "if local.settings.permissions_boundary", "", says="tier", where=lambda v: not in_production(v)),
    ],
)  # fmt: skip
def test_property_50_environment_based_iam_restrictions_boundary(instance: Instance) -> None:
    """Production's boundary leaves no way to change IAM, and of what is another's only images to pull."""
    boundaries = instance.plan.of("aws_iam_policy")
    assert len(boundaries) == in_production(instance.variables), "not as the tier says"
    for boundary in boundaries:
        policy = boundary.document("policy")
        check_statements(policy)
        assert len("".join(boundary.values["policy"].split())) <= LONGEST_POLICY, "longer than AWS takes"
        allowed = {action for statement in policy["Statement"] for action in listed(statement["Action"])}
        assert {action for action in allowed if action.startswith("iam:")} == {"iam:PassRole"}, "can change IAM"
        assert not any(action.startswith(("organizations:", "account:", "sts:")) for action in allowed)
        images = next(s for s in policy["Statement"] if s["Sid"] == "Images")["Resource"]
        environment = instance.variables["environment"]
        assert images == arn(environment, "ecr", f"repository/{environment['name']}/*"), "reaches another environment"
        elsewhere = [s for s in policy["Statement"] if f":{environment['account_id']}:" not in str(s["Resource"])]
        others = {str(s["Resource"]): set(listed(s["Action"])) for s in elsewhere if s["Resource"] != "*"}
        anybodys = f"arn:{environment['partition']}:ecr:*:*:repository/*"
        assert others.get(anybodys) == PULL, "a sidecar's image of another account cannot be pulled"


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
