"""The pipelines of services, proven: where their source comes from, what starts them, who is told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.terraform.properties.deliveries import (
    DELIVERED,
    MODULE,
    actions,
    branches,
    build_variables,
    builds_only,
    deploys,
    full_name,
    is_approved,
    is_triggered,
    pipeline,
    statements,
)
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.refusal import Refusal, refused

PIPELINE = f"{MODULE}/pipeline.tf"
ROLES = f"{MODULE}/delivery_iam.tf"
SHARED = f"{MODULE}/delivery.tf"
USE_CONNECTION = {"UseConnection": "codeconnections", "UseFormerConnection": "codestar-connections"}
WRONG = [
    Refusal("delivery.default_branch", st.sampled_from(["", "-x", "a b", "a\nb", "$(x)"])),
    Refusal("delivery.build_timeout", st.sampled_from([0, 4, 2161, 5.5])),
    Refusal("delivery.compute_type", st.sampled_from(["SMALL", "BUILD_GENERAL2_SMALL", ""])),
    Refusal("delivery.scanner_image", st.sampled_from(["trivy", "a/b:1", "A/b@sha256:0", "a/b:1;rm", "a/b:$(x)"])),
    Refusal("delivery.branches", st.sampled_from([["-x"], ["a b"], ["$(x)"], ["x"] * 9])),
    Refusal("delivery.context", st.sampled_from(["../x", "/x", "a'b", "a/../.."])),
    Refusal("delivery.runtime_version", st.sampled_from(["", "lts", "3.13.1", "22;rm"])),
]


@proof(
    12,
    "CodeConnections authentication",
    of=DELIVERED,
    broken_by=[
        Edit(PIPELINE, 'provider         = "CodeStarSourceConnection"', 'provider = "GitHub"', says="provider"),
        Edit(PIPELINE, "ConnectionArn    = var.platform.connection_arn", 'OAuthToken = "x"', says="connection"),
        Edit(PIPELINE, "FullRepositoryId = var.service.repository", 'FullRepositoryId = "orders"', says="repository"),
        Edit(ROLES, "Resource  = [var.platform.connection_arn]", 'Resource = ["*"]', says="this connection only"),
        Edit(ROLES, 'UseConnection = "codeconnections", ', "", says="both names"),
        Edit(
            ROLES,
            "Condition = { StringEqualsIfExists =",
            "NoCondition = { StringEqualsIfExists =",
            says="every repository",
        ),
    ],
)
def test_property_12_codeconnections_authentication(instance: Instance) -> None:
    """The source is fetched through the environment's connection, and nobody holds a token of the forge."""
    source = actions(instance)["Source"]
    kind = (source["category"], source["owner"], source["provider"], source["version"])
    assert kind == ("Source", "AWS", "CodeStarSourceConnection", "1"), f"the provider is {kind}"
    configuration = source["configuration"]
    connection = instance.variables["platform"]["connection_arn"]
    assert configuration.get("ConnectionArn") == connection, "not the environment's connection"
    assert not any("token" in name.lower() for name in configuration), "a token"
    assert configuration["FullRepositoryId"] == instance.variables["service"]["repository"], "another repository"
    for role in ("build", "pipeline"):
        given = statements(instance, role)
        for sid, service in USE_CONNECTION.items():
            assert given.get(sid, {}).get("Action") == [f"{service}:UseConnection"], "both names are needed"
            assert given[sid]["Resource"] == [connection], "this connection only"
            asked = {"StringEqualsIfExists": {f"{service}:FullRepositoryId": configuration["FullRepositoryId"]}}
            assert given[sid].get("Condition") == asked, "it reaches every repository"


def has_long_name(variables: Mapping[str, Any]) -> bool:
    return len(variables["environment"]["name"]) + len(variables["service"]["name"]) > 19


@proof(
    15,
    "Pipeline per service",
    of=DELIVERED,
    broken_by=[
        Edit(PIPELINE, "  name          = local.full_name", "  name = local.name", says="name"),
        Edit(PIPELINE, 'pipeline_type = "V2"', 'pipeline_type = "V1"', says="V2"),
        Edit(PIPELINE, 'DetectChanges = "false"', 'DetectChanges = "true"', says="detects"),
        Edit(SHARED, 'test    = "release/*.*.*"', 'test = "main"', says="branches",
             where=lambda v: v["environment"]["tier"] == "test" and not v["delivery"]["branches"]),
        Edit(SHARED, 'triggered = local.tier != "develop"', "triggered = true", says="by hand",
             where=lambda variables: not is_triggered(variables)),
        Edit(SHARED, 'deploys = var.image.owner == "pipeline"', "deploys = true", says="stages", where=builds_only),
        Edit(SHARED, 'approved  = local.tier == "prod" && local.deploys', "approved = false", says="stages",
             where=is_approved),
        Edit(PIPELINE, "timeout  = 7 * 24 * 60", "timeout = 60", says="7 days", where=is_approved),
        Edit(PIPELINE, 'DeploymentTimeout = "15"', 'DeploymentTimeout = "60"', says="15 minutes", where=deploys),
        Edit(SHARED, '"s${local.artifact_hash}"', '"source"', says="own name", where=has_long_name),
        Edit(SHARED, ' : ["${local.artifact_folder}/*"]', ' : ["${local.artifacts.arn}/*"]', says="own folder",
             where=lambda variables: not has_long_name(variables)),
    ],
)  # fmt: skip
def test_property_15_pipeline_per_service(instance: Instance) -> None:
    """One pipeline of the tier's kind, which deploys only while it owns the image, and in production once approved."""
    values = pipeline(instance).values
    assert values["name"] == full_name(instance), f"its name is {values['name']}"
    assert values["pipeline_type"] == "V2"
    stages = ["Source", "Build"]
    stages += ["Approval"] if is_approved(instance.variables) else []
    stages += ["Deploy"] if deploys(instance.variables) else []
    found = actions(instance)
    assert list(found) == stages, f"its stages are {list(found)}"
    assert found["Source"]["configuration"]["DetectChanges"] == "false", "it detects changes of one branch"
    if is_triggered(instance.variables):
        (push,) = values["trigger"][0]["git_configuration"][0]["push"]
        started = push["branches"][0]["includes"]
        assert started == branches(instance.variables), f"its branches are {started}"
    else:
        assert values["trigger"] == [], "it is started by hand"
    assert build_variables(instance)["BRANCH_PATTERN"] == " ".join(branches(instance.variables)), (
        "a build takes other branches"
    )
    if is_approved(instance.variables):
        assert found["Approval"]["timeout_in_minutes"] == 7 * 24 * 60, "an approval may take 7 days"
    if deploys(instance.variables):
        deployment = found["Deploy"]["configuration"]
        assert deployment["DeploymentTimeout"] == "15", "a deployment may take 15 minutes"
        target = (instance.variables["platform"]["cluster"]["name"], instance.variables["service"]["name"])
        assert (deployment["ClusterName"], deployment["ServiceName"]) == target
    bucket, name = instance.variables["platform"]["artifact_bucket"]["arn"], full_name(instance)
    artifacts = ["build", "source"]
    expected = [f"{bucket}/{name}/*"]
    if has_long_name(instance.variables):  # CodePipeline keeps 20 characters of its name and 10 of an artifact's
        own = hashlib.sha256(name.encode()).hexdigest()[:9]
        artifacts = [f"b{own}", f"s{own}"]
        expected = [f"{bucket}/{name[:20]}*/{artifact}/*" for artifact in artifacts]
    assert [*found["Build"]["output_artifacts"], *found["Source"]["output_artifacts"]] == artifacts, "no own name"
    assert found["Build"]["input_artifacts"] == artifacts[1:], "no own name"
    for role in ("build", "pipeline"):
        assert statements(instance, role)["Artifacts"]["Resource"] == expected, "more than its own folder"


@proof(
    32,
    "Pipeline notifications",
    of=DELIVERED,
    broken_by=[
        Edit(PIPELINE, '"failed", ', "", says="failed"),
        Edit(PIPELINE, '"manual-approval-needed", ', "", says="approval", where=is_approved),
        Edit(PIPELINE, "address = var.platform.notification_topic_arn", "address = var.platform.alarm_topic_arn",
             says="topic"),
        Edit(PIPELINE, "NotificationArn = var.platform.notification_topic_arn",
             "NotificationArn = var.platform.alarm_topic_arn", says="asks", where=is_approved),
        Edit(PIPELINE, "resource       = aws_codepipeline.this[each.key].arn",
             'resource = "arn:aws:codepipeline:eu-central-1:123456789012:other"', says="its own pipeline"),
        Edit(PIPELINE, " Newer commits wait until this is approved or rejected.", "", says="hides", where=is_approved),
        Edit(ROLES, 'Action   = ["sns:Publish"]', 'Action = ["sns:ListTopics"]', says="may not ask", where=is_approved),
    ],
)  # fmt: skip
def test_property_32_pipeline_notifications(instance: Instance) -> None:
    """People are told how every run ends, and in production that one waits for them."""
    rule = instance.plan.one("aws_codestarnotifications_notification_rule")
    told = {event.removeprefix("codepipeline-pipeline-") for event in rule.values["event_type_ids"]}
    outcomes = {"pipeline-execution-failed", "pipeline-execution-succeeded"}
    assert outcomes <= told, f"nobody hears of {outcomes - told}: failed and succeeded runs"
    approved = is_approved(instance.variables)
    assert ("manual-approval-needed" in told) is approved, "the approval"
    assert "resource" in rule.unknown, "not about its own pipeline"
    topic = instance.variables["platform"]["notification_topic_arn"]
    assert [(each["type"], each["address"]) for each in rule.values["target"]] == [("SNS", topic)], "another topic"
    if approved:
        assert actions(instance)["Approval"]["configuration"]["NotificationArn"] == topic, "it asks elsewhere"
        question = actions(instance)["Approval"]["configuration"]["CustomData"]
        assert "Newer commits wait" in question, "it hides what waits behind it"
        ask = statements(instance, "pipeline")["AskForApproval"]
        assert (ask["Action"], ask["Resource"]) == (["sns:Publish"], [topic]), "the pipeline may not ask"


@pytest.mark.parametrize("refusal", WRONG, ids=str)
def test_wrong_input_is_refused(laboratory: Laboratory, refusal: Refusal) -> None:
    refused(laboratory, DELIVERED, refusal)
