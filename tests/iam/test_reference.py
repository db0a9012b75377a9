"""Single statements held against the reference: those that AWS accepts and never allows are found."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.local.iam.conditions import UnknownOperator
from tests.iam.overlap import meets
from tests.iam.reference import faults

ARN = "arn:aws:{}:eu-central-1:123456789012:{}".format
CLUSTER = {"ArnEquals": {"ecs:cluster": ARN("ecs", "cluster/prod")}}


@pytest.mark.parametrize(
    ("action", "resource", "condition", "fault"),
    [
        ("ecs:ListTasks", ARN("ecs", "container-instance/prod/*"), CLUSTER, "cannot be scoped to"),  # S13
        ("ecs:ListTasks", "*", CLUSTER, ""),
        ("ecs:DescribeTaskDefinition", ARN("ecs", "task-definition/prod-a:*"), {}, "cannot be scoped to"),
        ("ecs:UpdateService", ARN("ecs", "task/prod/*"), {}, "cannot be scoped to"),
        ("ecs:UpdateService", ARN("ecs", "service/prod/a"), {}, ""),
        ("s3:GetObject", "arn:aws:s3:::bucket", {}, "cannot be scoped to"),
        ("s3:ListBucket", "arn:aws:s3:::bucket/*", {}, "cannot be scoped to"),
        ("s3:GetObject", "arn:aws:s3:::bucket/*", {}, ""),
        ("logs:PutLogEvents", ARN("logs", "log-group:/a/b"), {}, "cannot be scoped to"),
        ("logs:PutLogEvents", ARN("logs", "log-group:/a/b:*"), {}, ""),
        (["s3:GetObject", "s3:GetBucketAcl"], ["arn:aws:s3:::b/*", "arn:aws:s3:::b"], {}, ""),
        (["s3:GetObject"], ["arn:aws:s3:::b/*", "arn:aws:s3:::b"], {}, "no action of it can be scoped to"),
        ("elasticloadbalancing:DeleteRule", ARN("elasticloadbalancing", "listener-rule/app/prod/*"), {}, ""),
        (
            "elasticloadbalancing:DeleteRule",
            ARN("elasticloadbalancing", "listener/app/prod/*"),
            {},
            "cannot be scoped to",
        ),
        ("ecs:Restart*", "*", {}, "no such action"),
        ("nothing:GetObject", "*", {}, "no such action"),
        (
            "iam:PassRole",
            ARN("iam", "role/a").replace("eu-central-1", ""),
            {"StringEquals": {"iam:Service": "x"}},
            "key",
        ),
        ("kms:Decrypt", "*", {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": "x"}}, ""),
        ("kms:DescribeKey", "*", {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": "x"}}, "key"),
        ("sns:Publish", ARN("sns", "a"), {"StringEquals": {"aws:SourceAccount": "123456789012"}}, ""),
        ("sns:Publish", ARN("sns", "a"), {"StringEquals": {"aws:SourceAccounts": "123456789012"}}, "key"),
    ],
)
def test_statement(action: Any, resource: Any, condition: Any, fault: str) -> None:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition}
    found = list(faults({"Statement": [statement]}))
    assert bool(found) is bool(fault)
    assert not fault or any(fault in each for each in found)


def test_an_operator_that_aws_does_not_have_is_refused() -> None:
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    assert list(faults({"Statement": statement})) == []
    with pytest.raises(UnknownOperator):
        list(faults({"Statement": statement | {"Condition": {"StringIs": {"aws:username": "x"}}}}))


@pytest.mark.parametrize(
    ("pattern", "form", "met"),
    [
        ("task/prod/*", "task/${ClusterName}/${TaskId}", True),
        ("*", "task/${ClusterName}/${TaskId}", True),
        ("task/*", "task/${ClusterName}/${TaskId}", True),
        ("task/prod", "task/${ClusterName}/${TaskId}", False),
        ("t?sk/prod/x", "task/${ClusterName}/${TaskId}", True),
        ("bucket/key", "${BucketName}", False),
        ("bucket/key", "${BucketName}/${ObjectName}", True),
        ("bucket/a/b/c", "${BucketName}/${ObjectName}", True),
        ("", "${BucketName}", False),
    ],
)
def test_overlap(pattern: str, form: str, met: bool) -> None:
    assert meets(pattern, form) is met
