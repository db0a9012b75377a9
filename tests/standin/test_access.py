"""The stand-in holds a caller to its role: policies, boundary, session and resource policies, with AWS's messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from deploy.local.standin import StandIn
from deploy.local.standin.access.reference import resource_types
from deploy.local.standin.access.resources import resources_of
from deploy.local.standin.guards import Place

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/test"
REGION = "eu-central-1"
PARTS = f"{REGION}:{ACCOUNT}"


@pytest.fixture
def account(standin: StandIn) -> Iterator[StandIn]:
    """Lend an empty account in which roles are enforced."""
    standin.reset()
    standin.configure(enforce_roles=True)
    yield standin
    standin.reset()


def allow(*actions: str, on: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def worker(account: StandIn, *statements: Mapping[str, Any], **role: Any) -> Callable[[str], Any]:
    """Make a role with these statements and return clients with the credentials of its session."""
    trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    iam = account.client("iam")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=document(trust), **role)
    if statements:
        iam.put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=document(*statements))
    return session(account.client("sts"), account)


def session(sts: Any, account: StandIn, role: str = ROLE, **more: Any) -> Callable[[str], Any]:
    given = sts.assume_role(RoleArn=role, RoleSessionName="test", **more)["Credentials"]
    found = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name=REGION)
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    return lambda service: found.client(service, endpoint_url=account.endpoint, config=config)  # type: ignore[call-overload]


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_call_is_allowed_on_the_named_resource_alone(account: StandIn) -> None:
    for name in ("orders", "other"):
        account.client("ecs").create_cluster(clusterName=name)
    ecs = worker(account, allow("ecs:DescribeServices", on=f"arn:aws:ecs:{PARTS}:service/orders/*"))("ecs")
    ecs.describe_services(cluster="orders", services=["api"])
    assert refusal(ecs.describe_services, cluster="other", services=["api"]) == (
        "AccessDeniedException",
        f"User: {SESSION} is not authorized to perform: ecs:DescribeServices on resource: arn:aws:ecs:{PARTS}:"
        "service/other/api because no identity-based policy allows the ecs:DescribeServices action",
    )
    account.client("ecs").describe_services(cluster="other", services=["api"])  # the stand-in's own key is unlimited
    account.configure()
    ecs.describe_services(cluster="other", services=["api"])  # and so is everyone, unless roles are enforced


# the service, the operation, its parameters, an allowed resource, the code of the refusal without it
CALLS: dict[str, tuple[str, str, dict[str, Any], str, str]] = {
    "dynamodb:PutItem": (
        "dynamodb", "put_item", {"TableName": "locks", "Item": {"LockID": {"S": "a"}}},
        f"arn:aws:dynamodb:{PARTS}:table/locks", "AccessDeniedException",
    ),
    "s3:ListBucket": ("s3", "list_objects_v2", {"Bucket": "states"}, "arn:aws:s3:::states", "AccessDenied"),
    "s3:PutObject": (
        "s3", "put_object", {"Bucket": "states", "Key": "a/b"}, "arn:aws:s3:::states/a/b", "AccessDenied",
    ),
    "ec2:CreateVpc": (
        "ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}, f"arn:aws:ec2:{PARTS}:vpc/*", "UnauthorizedOperation",
    ),
    "iam:GetRole": ("iam", "get_role", {"RoleName": "worker"}, ROLE, "AccessDenied"),
    "logs:CreateLogGroup": (
        "logs", "create_log_group", {"logGroupName": "/a/b"}, f"arn:aws:logs:{PARTS}:log-group:/a/b*",
        "AccessDeniedException",
    ),
    "secretsmanager:CreateSecret": (
        "secretsmanager", "create_secret", {"Name": "a/b"}, f"arn:aws:secretsmanager:{PARTS}:secret:a/b-??????",
        "AccessDeniedException",
    ),
    "ecr:DescribeImages": (
        "ecr", "describe_images", {"repositoryName": "orders/api"}, f"arn:aws:ecr:{PARTS}:repository/orders/*",
        "AccessDeniedException",
    ),
    "elasticloadbalancing:DescribeTargetGroups": ("elbv2", "describe_target_groups", {}, "*", "AccessDenied"),
    "sns:CreateTopic": ("sns", "create_topic", {"Name": "alarms"}, f"arn:aws:sns:{PARTS}:alarms", "AccessDenied"),
}  # fmt: skip


@pytest.mark.parametrize("action", CALLS)
def test_each_protocol_refuses_and_allows(account: StandIn, action: str) -> None:
    service, operation, parameters, resource, code = CALLS[action]
    location = {"LocationConstraint": REGION}
    account.client("s3").create_bucket(Bucket="states", CreateBucketConfiguration=location)
    account.client("ecr").create_repository(repositoryName="orders/api")
    account.client("dynamodb").create_table(
        TableName="locks",
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    call = getattr(worker(account)(service), operation)
    refused, message = refusal(call, **parameters)
    assert refused == code
    assert f"User: {SESSION} is not authorized to perform: {action} on resource: " in message
    policy = document(allow(action, on=resource))
    account.client("iam").put_role_policy(RoleName="worker", PolicyName="own", PolicyDocument=policy)
    call(**parameters)


# the action, the parameters of a request, the ARN of which AWS's service authorization reference makes it a request
NAMED: dict[str, tuple[dict[str, Any], str]] = {
    "cloudwatch:DescribeAlarms": ({"AlarmNames": ["develop-cpu"]}, f"arn:aws:cloudwatch:{PARTS}:alarm:develop-cpu"),
    "codepipeline:CreatePipeline": (
        {"pipeline": {"name": "develop-api", "roleArn": ROLE}}, f"arn:aws:codepipeline:{PARTS}:develop-api",
    ),
    "ec2:CreateTags": ({"Resources": ["sg-1"], "Tags": []}, f"arn:aws:ec2:{PARTS}:security-group/sg-1"),
    "elasticloadbalancing:CreateTargetGroup": (
        {"Name": "develop-api", "VpcId": "vpc-1"}, f"arn:aws:elasticloadbalancing:{PARTS}:targetgroup/develop-api/*",
    ),
    "sqs:SendMessage": (
        {"QueueUrl": f"http://x/{ACCOUNT}/develop-inbox", "MessageBody": "x"}, f"arn:aws:sqs:{PARTS}:develop-inbox",
    ),
    "events:PutEvents": (
        {"Entries": [{"EventBusName": "develop-bus", "Source": "x"}]}, f"arn:aws:events:{PARTS}:event-bus/develop-bus",
    ),
    "ssm:GetParametersByPath": ({"Path": "/develop/orders"}, f"arn:aws:ssm:{PARTS}:parameter/develop/orders"),
    "ssm:ListTagsForResource": (
        {"ResourceType": "Parameter", "ResourceId": "/develop/image"}, f"arn:aws:ssm:{PARTS}:parameter/develop/image",
    ),
    "wafv2:GetWebACL": (
        {"Name": "develop", "Id": "1", "Scope": "REGIONAL"}, f"arn:aws:wafv2:{PARTS}:regional/webacl/develop/1",
    ),
    "wafv2:PutLoggingConfiguration": (
        {"LoggingConfiguration": {"ResourceArn": f"arn:aws:wafv2:{PARTS}:regional/webacl/develop/1"}},
        f"arn:aws:wafv2:{PARTS}:regional/webacl/develop/1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("action", NAMED)
def test_the_resource_of_a_call_is_found_in_its_parameters(action: str) -> None:
    parameters, arn = NAMED[action]
    place = Place(ACCOUNT, REGION)
    assert resources_of(action.partition(":")[0], resource_types(action) or (), parameters, place) == [arn]


def test_a_boundary_and_a_session_policy_limit(account: StandIn) -> None:
    everything = allow("ecs:*")
    made = account.client("iam").create_policy(PolicyName="edge", PolicyDocument=document(allow("s3:*")))
    boundary = made["Policy"]["Arn"]
    ecs = worker(account, everything, PermissionsBoundary=boundary)("ecs")
    assert refusal(ecs.list_clusters)[1].endswith("because no permissions boundary allows the ecs:ListClusters action")
    account.client("iam").delete_role_permissions_boundary(RoleName="worker")
    ecs.list_clusters()
    limited = session(account.client("sts"), account, Policy=document(allow("s3:*")))("ecs")
    assert refusal(limited.list_clusters)[1].endswith("because no session policy allows the ecs:ListClusters action")


def test_a_bucket_s_policy_denies_and_grants(account: StandIn) -> None:
    s3 = account.client("s3")
    s3.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": REGION})
    own = worker(account)("s3")
    grant = {
        "Effect": "Allow",
        "Principal": {"AWS": ROLE},
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::states/*",
    }
    s3.put_bucket_policy(Bucket="states", Policy=document(grant))
    own.put_object(Bucket="states", Key="a")
    sse = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    deny = {**grant, "Effect": "Deny", "Principal": "*", "Condition": sse}
    s3.put_bucket_policy(Bucket="states", Policy=document(grant, deny))
    code, message = refusal(own.put_object, Bucket="states", Key="a", ServerSideEncryption="AES256")
    assert (code, message.rpartition("a ")[2]) == ("AccessDenied", "resource-based policy")


def test_a_role_is_assumed_by_those_it_trusts(account: StandIn) -> None:
    other = "arn:aws:iam::210987654321:role/target"
    sts = worker(account, allow("sts:AssumeRole", on=other))("sts")
    assert refusal(sts.assume_role, RoleArn=other, RoleSessionName="test")[0] == "AccessDenied"
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": ROLE},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:RoleSessionName": "test"}},
    }
    account.configure()
    account.client("iam", role_arn=other).create_role(RoleName="target", AssumeRolePolicyDocument=document(trust))
    account.configure(enforce_roles=True)
    there = session(sts, account, role=other)
    assert there("sts").get_caller_identity()["Account"] == "210987654321"  # allowed to everybody
    assert refusal(there("ecs").list_clusters)[0] == "AccessDeniedException"
    assert refusal(sts.assume_role, RoleArn=other, RoleSessionName="another")[0] == "AccessDenied"


def test_roles_are_passed_and_made_by_those_who_may(account: StandIn) -> None:
    ecs = worker(account, allow("ecs:*"))("ecs")
    code, message = refusal(ecs.create_cluster, clusterName="a")
    assert "iam:CreateServiceLinkedRole on resource: arn:aws:iam::" in message
    task = {"family": "a", "containerDefinitions": [{"name": "app", "image": "app:1", "memory": 64}]}
    assert code == refusal(ecs.register_task_definition, taskRoleArn=ROLE, **task)[0] == "AccessDeniedException"
    passing = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    linking = {"StringEquals": {"iam:AWSServiceName": "ecs.amazonaws.com"}}
    account.client("iam").put_role_policy(
        RoleName="worker",
        PolicyName="roles",
        PolicyDocument=document(
            allow("iam:PassRole", on=ROLE, Condition=passing), allow("iam:CreateServiceLinkedRole", Condition=linking)
        ),
    )
    ecs.register_task_definition(taskRoleArn=ROLE, **task)
    ecs.create_cluster(clusterName="a")
