"""Attribution from CloudTrail's answers (botocore checks their shape), and from failures and empty answers."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from reconciler.core.environment import Environment
from reconciler.edges.aws.clients import AwsClients, Place
from reconciler.edges.aws.cloudtrail import CloudTrailAttribution

DEVELOP = Environment("develop", "develop", "123456789012", "eu-central-1")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SINCE = NOW - timedelta(hours=1)


class Recorded(AwsClients):
    """AWS clients with a stubbed CloudTrail."""

    def __init__(self) -> None:
        super().__init__()
        self.cloudtrail = boto3.client(
            "cloudtrail", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        self.stub = Stubber(self.cloudtrail)
        self.stub.activate()

    def _client(self, environment: Place, service: str) -> Any:
        assert service == "cloudtrail"
        return self.cloudtrail

    def answers(self, name: str, *events: Mapping[str, Any]) -> None:
        expected = {
            "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": name}],
            "StartTime": SINCE,
            "EndTime": NOW,
            "MaxResults": ANY,
        }
        self.stub.add_response("lookup_events", {"Events": list(events)}, expected)


def event(call: str, minutes: int, identity: Mapping[str, str], *, read: bool = False) -> dict[str, Any]:
    record = {"userIdentity": dict(identity), "eventName": call}
    return {
        "EventId": "e",
        "EventName": call,
        "ReadOnly": "true" if read else "false",
        "EventTime": NOW - timedelta(minutes=minutes),
        "Username": identity.get("userName", "unknown"),
        "CloudTrailEvent": json.dumps(record),
    }


def role(session: str) -> dict[str, str]:
    return {"type": "AssumedRole", "arn": f"arn:aws:sts::123456789012:assumed-role/{session}"}


async def who(aws: Recorded, *names: str) -> str | None:
    try:
        return await CloudTrailAttribution(aws, interval=0).who(DEVELOP, names, since=SINCE, until=NOW)
    finally:
        aws.close()


async def test_the_newest_write_names_the_session() -> None:
    aws = Recorded()
    aws.answers(
        "sg-1",
        event("AuthorizeSecurityGroupIngress", 20, role("Admin/ann")),
        event("AuthorizeSecurityGroupIngress", 10, role("Admin/bob")),
        event("DescribeSecurityGroups", 1, role("Admin/eve"), read=True),
    )
    assert await who(aws, "sg-1") == "Admin/bob (AuthorizeSecurityGroupIngress at 2026-03-02T08:50:00+00:00)"
    aws.stub.assert_no_pending_responses()


async def test_every_name_is_queried_and_users_and_root_are_named() -> None:
    aws = Recorded()
    aws.answers("role-a", event("PutRolePolicy", 9, {"type": "IAMUser", "userName": "carol"}))
    aws.answers("arn:a")
    assert str(await who(aws, "role-a", "arn:a")).startswith("carol (PutRolePolicy")
    aws = Recorded()
    aws.answers("bucket", event("PutBucketCors", 1, {"type": "Root"}))
    assert str(await who(aws, "bucket")).startswith("root (")


@pytest.mark.parametrize("session", ["reconciler/ecs-gitops-reconciler", "deploy/reconciler"])
async def test_a_write_of_the_daemon_itself_is_ignored(session: str) -> None:
    aws = Recorded()
    aws.answers("sg-1", event("RevokeSecurityGroupIngress", 1, role(session)))
    assert await who(aws, "sg-1") is None


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "InvalidTimeRangeException"])
async def test_a_failed_lookup_means_unknown(code: str) -> None:
    aws = Recorded()
    aws.stub.add_client_error("lookup_events", code)
    assert await who(aws, "sg-1") is None


async def test_no_usable_event_means_unknown() -> None:
    aws = Recorded()
    aws.answers("sg-1", {"EventName": "X", "ReadOnly": "false", "CloudTrailEvent": "no JSON"})
    assert await who(aws, "sg-1") is None
