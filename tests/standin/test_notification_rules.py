"""CodeStar Notifications: rules are stored, changed and returned as in AWS."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.backend_index import backend_url_patterns

from deploy.local.standin import StandIn

TOPIC = "arn:aws:sns:eu-central-1:123456789012:deliveries"
PIPELINE = "arn:aws:codepipeline:eu-central-1:123456789012:{}"
EVENTS = ["codepipeline-pipeline-pipeline-execution-failed"]


def test_moto_still_lacks_the_service() -> None:
    """Fail once moto has the service: then delete `notification_rules.py` and this file."""
    assert "codestar-notifications" not in {service.replace("_", "-") for service, _ in backend_url_patterns}
    assert "codestarnotifications" not in {service for service, _ in backend_url_patterns}


def test_a_rule_is_returned_as_created_and_as_changed(standin: StandIn, name: str) -> None:
    rules = standin.client("codestar-notifications")
    topic = standin.client("sns").create_topic(Name=name)["TopicArn"]
    target = {"TargetType": "SNS", "TargetAddress": topic}
    arn = rules.create_notification_rule(
        Name=name, EventTypeIds=EVENTS, Resource=PIPELINE.format(name),
        Targets=[target], DetailType="BASIC", Tags={"Owner": "payments"},
    )["Arn"]  # fmt: skip
    found = rules.describe_notification_rule(Arn=arn)
    assert [event["EventTypeId"] for event in found["EventTypes"]] == EVENTS
    assert (found["Targets"], found["Status"]) == ([{**target, "TargetStatus": "ACTIVE"}], "ENABLED")

    rules.update_notification_rule(Arn=arn, Targets=[{**target, "TargetAddress": f"{topic}-that-is-gone"}])
    found = rules.describe_notification_rule(Arn=arn)
    assert ([each["TargetStatus"] for each in found["Targets"]], found["Status"]) == (["UNREACHABLE"], "ENABLED")

    rules.update_notification_rule(Arn=arn, Status="DISABLED", EventTypeIds=[])
    rules.tag_resource(Arn=arn, Tags={"Tier": "test"})
    rules.untag_resource(Arn=arn, TagKeys=["Owner"])
    found = rules.describe_notification_rule(Arn=arn)
    assert (found["Status"], found["EventTypes"], found["Name"]) == ("DISABLED", [], name)
    assert rules.list_tags_for_resource(Arn=arn)["Tags"] == {"Tier": "test"}

    assert arn in {rule["Arn"] for rule in rules.list_notification_rules()["NotificationRules"]}
    rules.delete_notification_rule(Arn=arn)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        rules.describe_notification_rule(Arn=arn)


def test_a_rule_cannot_be_created_twice(standin: StandIn, name: str) -> None:
    rules = standin.client("codestar-notifications")
    given = _rule(name, [])
    rules.create_notification_rule(**given)
    with pytest.raises(ClientError, match="ResourceAlreadyExistsException"):
        rules.create_notification_rule(**given)


def test_a_target_in_use_is_deleted_only_with_force(standin: StandIn, name: str) -> None:
    rules = standin.client("codestar-notifications")
    target = {"TargetType": "SNS", "TargetAddress": f"{TOPIC}-{name}"}
    arn = rules.create_notification_rule(**_rule(name, [target]))["Arn"]
    with pytest.raises(ClientError, match="subscribed to one or more notification rules"):
        rules.delete_target(TargetAddress=target["TargetAddress"])
    rules.delete_target(TargetAddress=target["TargetAddress"], ForceUnsubscribeAll=True)
    assert rules.describe_notification_rule(Arn=arn)["Targets"] == []
    rules.delete_target(TargetAddress=target["TargetAddress"])


def test_an_unsupported_operation_is_refused(standin: StandIn) -> None:
    with pytest.raises(ClientError, match="StandInNotImplemented"):
        standin.client("codestar-notifications").list_targets()


def _rule(name: str, targets: list[dict[str, str]]) -> dict[str, Any]:
    resource = PIPELINE.format(name)
    return {"Name": name, "EventTypeIds": EVENTS, "Resource": resource, "Targets": targets, "DetailType": "BASIC"}
