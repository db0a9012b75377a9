"""The way of a service from a commit to its tasks: builds, pipelines and their roles, read from one real plan."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.terraform.deliveries import BOUNDARY, CONNECTION
from tests.terraform.inputs import ACCOUNT, KEY, REGION, platform_output
from tests.terraform.plans import Plan, Resource

pytestmark = pytest.mark.aws
KINDS = {
    "develop": ("feature/*", ["Source", "Build", "Deploy"]),
    "test": ("release/*.*.*", ["Source", "Build", "Deploy"]),
    "qa": ("release/*.*.*", ["Source", "Build", "Deploy"]),
    "prod": ("prod/*", ["Source", "Build", "Approval", "Deploy"]),
    "git": ("prod/*", ["Source", "Build"]),
}
WIDE = {"ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"}
each_kind = pytest.mark.parametrize("case", KINDS)


def actions(deliveries: Plan, case: str) -> dict[str, dict[str, Any]]:
    stages = deliveries.one("aws_codepipeline", module=f"module.{case}.").values["stage"]
    return {stage["name"]: stage["action"][0] for stage in stages}


def statements(resource: Resource) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in resource.document("policy")["Statement"]}


@each_kind
def test_the_stages_follow_the_tier_and_who_owns_the_image(deliveries: Plan, case: str) -> None:
    assert list(actions(deliveries, case)) == KINDS[case][1]


@each_kind
def test_only_a_push_to_the_tiers_branches_starts_a_pipeline_and_in_develop_only_a_person(
    deliveries: Plan, case: str
) -> None:
    pipeline = deliveries.one("aws_codepipeline", module=f"module.{case}.").values
    source = actions(deliveries, case)["Source"]
    assert source["configuration"]["DetectChanges"] == "false"
    if case == "develop":
        assert pipeline["trigger"] == []
        return
    (push,) = pipeline["trigger"][0]["git_configuration"][0]["push"]
    assert push["branches"] == [{"includes": [KINDS[case][0]], "excludes": None}]
    assert pipeline["trigger"][0]["git_configuration"][0]["source_action_name"] == source["name"]


@each_kind
def test_a_build_knows_the_commit_and_the_branches_that_the_environment_takes(deliveries: Plan, case: str) -> None:
    source, build = actions(deliveries, case)["Source"], actions(deliveries, case)["Build"]
    assert source["configuration"]["OutputArtifactFormat"] == "CODEBUILD_CLONE_REF"
    assert json.loads(build["configuration"]["EnvironmentVariables"]) == [
        {"name": "IMAGE_TAG", "value": "#{SourceVariables.CommitId}", "type": "PLAINTEXT"}
    ]
    project = deliveries.one("aws_codebuild_project", module=f"module.{case}.").values
    given = {entry["name"]: entry["value"] for entry in project["environment"][0]["environment_variable"]}
    assert given["BRANCH_PATTERN"] == KINDS[case][0]


def test_production_waits_a_week_for_an_approval_that_people_are_told_of(deliveries: Plan) -> None:
    approval = actions(deliveries, "prod")["Approval"]
    assert (approval["category"], approval["provider"], approval["timeout_in_minutes"]) == ("Approval", "Manual", 10080)
    assert approval["configuration"]["NotificationArn"] == platform_output("prod")["notification_topic_arn"]


def test_a_deployment_goes_to_the_services_cluster_and_ends_after_15_minutes(deliveries: Plan) -> None:
    assert actions(deliveries, "prod")["Deploy"]["configuration"] == {
        "ClusterName": "prod",
        "ServiceName": "orders",
        "FileName": "imagedefinitions.json",
        "DeploymentTimeout": "15",
    }


@each_kind
def test_what_a_delivery_keeps_is_encrypted_with_the_environments_keys(deliveries: Plan, case: str) -> None:
    module = f"module.{case}."
    pipeline = deliveries.one("aws_codepipeline", module=module).values
    assert pipeline["artifact_store"][0]["encryption_key"] == [{"id": f"{KEY}4", "type": "KMS"}]
    assert deliveries.one("aws_codebuild_project", module=module).values["encryption_key"] == f"{KEY}4"
    parameter = deliveries.one("aws_ssm_parameter", module=module).values
    assert (parameter["type"], parameter["key_id"]) == ("SecureString", f"{KEY}4")
    group = deliveries.one("aws_cloudwatch_log_group", "build", module).values
    assert group["kms_key_id"] == f"{KEY}3"
    assert group["retention_in_days"] == (90 if case in ("prod", "git") else 30)


@each_kind
def test_the_roles_are_bounded_exclusive_and_open_to_their_own_project_and_pipeline_only(
    deliveries: Plan, case: str
) -> None:
    module = f"module.{case}."
    for name, service, resource in (
        ("build", "codebuild", "project/"),
        ("pipeline", "codepipeline", ""),
    ):
        role = deliveries.one("aws_iam_role", name, module)
        assert role.values["permissions_boundary"] == BOUNDARY
        (trust,) = role.document("assume_role_policy")["Statement"]
        full_name = f"{platform_of(case)}-orders"
        assert trust["Principal"] == {"Service": f"{service}.amazonaws.com"}
        assert trust["Condition"]["StringEquals"] == {
            "aws:SourceAccount": ACCOUNT,
            "aws:SourceArn": f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}{full_name}",
        }
        inline = deliveries.one("aws_iam_role_policies_exclusive", name, module).values["policy_names"]
        assert inline == [deliveries.one("aws_iam_role_policy", name, module).values["name"]]
        assert deliveries.one("aws_iam_role_policy_attachments_exclusive", name, module).values["policy_arns"] == []


@each_kind
def test_no_statement_of_a_delivery_is_wider_than_it_must_be(deliveries: Plan, case: str) -> None:
    for name in ("build", "pipeline"):
        policy = deliveries.one("aws_iam_role_policy", name, f"module.{case}.")
        for statement in statements(policy).values():
            assert not any("*" in action.partition(":")[2].rstrip("*") for action in statement["Action"])
            assert "*" not in statement["Resource"] or set(statement["Action"]) <= WIDE
        assert statements(policy)["UseConnection"]["Resource"] == [CONNECTION]


def test_a_pipeline_may_deploy_and_ask_only_where_it_does(deliveries: Plan) -> None:
    def may(case: str) -> set[str]:
        return set(statements(deliveries.one("aws_iam_role_policy", "pipeline", f"module.{case}.")))

    assert {"UpdateService", "HandRolesToTasks"} <= may("develop")
    assert may("prod") - may("develop") == {"AskForApproval", "UseTopicKey"}
    assert may("develop") - may("git") == {
        "UpdateService", "TagRevisions", "RegisterRevisions", "HandRolesToTasks",
    }  # fmt: skip
    passed = statements(deliveries.one("aws_iam_role_policy", "pipeline", "module.prod."))["HandRolesToTasks"]
    assert {arn.rpartition("/")[2] for arn in passed["Resource"]} == {"prod-orders-execution", "prod-orders-task"}
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}


def test_artifacts_are_kept_under_the_first_20_characters_of_a_pipelines_name(deliveries: Plan) -> None:
    bucket = "arn:aws:s3:::develop-artifacts"
    policy = deliveries.one("aws_iam_role_policy", "build", "module.develop.")
    assert statements(policy)["Artifacts"]["Resource"] == [f"{bucket}/develop-orders/*"]
    policy = deliveries.one("aws_iam_role_policy", "build", "module.long.")
    folders = [arn.removesuffix("/*").rpartition("/") for arn in statements(policy)["Artifacts"]["Resource"]]
    assert {folder for folder, _, _ in folders} == {f"{bucket}/develop-ledger-of-al*"}
    assert [(name[0], len(name)) for _, _, name in folders] == [("b", 10), ("s", 10)], "names of its own"


def test_builds_of_the_service_and_nobody_else_may_push(deliveries: Plan) -> None:
    policy = deliveries.one("aws_ecr_repository_policy", module="module.develop.")
    push = statements(policy)["PushByBuilds"]
    assert push["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:role/develop-orders-build"}
    assert "ecr:PutImage" in push["Action"]
    assert "ecr:BatchDeleteImage" not in push["Action"]


def test_people_are_told_how_pipelines_end_and_in_production_that_one_waits(deliveries: Plan) -> None:
    for case in KINDS:
        rule = deliveries.one("aws_codestarnotifications_notification_rule", module=f"module.{case}.").values
        told = {event.removeprefix("codepipeline-pipeline-") for event in rule["event_type_ids"]}
        assert {"pipeline-execution-failed", "pipeline-execution-succeeded"} <= told
        assert ("manual-approval-needed" in told) == (case == "prod")
        topic = platform_output(platform_of(case))["notification_topic_arn"]
        assert [(target["type"], target["address"]) for target in rule["target"]] == [("SNS", topic)]


def test_without_a_connection_there_is_nothing_to_build_from(orders: Plan) -> None:
    assert orders.of(
        "aws_codepipeline", "aws_codebuild_project", "aws_codestarnotifications_notification_rule", "aws_ssm_parameter"
    ) == []  # fmt: skip
    assert {role.name for role in orders.of("aws_iam_role")} == {"execution", "task"}


def platform_of(case: str) -> str:
    return "prod" if case == "git" else case
