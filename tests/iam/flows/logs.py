"""Flows of an account and a platform: deliveries of logs, the trail, the record of changes, alarms, encrypted logs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.iam.flows.flow import NOTHING, OWNED, Context, Flow, arn, as_role, becomes, by_service, flow, source, through
from tests.iam.world import AUDIT_KEY, TOPICS_KEY
from tests.terraform.inputs import ACCOUNT, KEY, REGION

SUFFIX = f"{ACCOUNT}-{REGION}"
LOGS_SERVICE = f"logs.{REGION}"
WRITE_LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"]
USE_LOGS_KEY = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey"]
USE_TOPIC_KEY = ["kms:Decrypt", "kms:GenerateDataKey"]


def flows(environment: str, groups: Iterable[str]) -> Iterator[Flow]:
    """Yield the flows of the account and of one environment, whose encrypted log groups are these."""
    yield from _platform(environment)
    yield from _alarms(environment)
    yield from _account()
    yield from _recorder()
    for group in groups:
        yield encrypted(group, AUDIT_KEY if group.startswith("/audit/") else f"{KEY}3")


def encrypted(group: str, key: str) -> Flow:
    """Return the flow in which CloudWatch Logs encrypts a log group; it names the group in the encryption context."""
    context = {"kms:EncryptionContext:aws:logs:arn": arn("logs", f"log-group:{group}")}
    return flow(
        f"CloudWatch Logs encrypts {group}",
        "AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
        (by_service(LOGS_SERVICE, action, key, context) for action in USE_LOGS_KEY),
    )


def publication(topic: str, publisher: str, key: str, of_topic: Context, of_key: Context, page: str) -> Flow:
    """Return the flow in which a service publishes to an encrypted topic."""
    return flow(
        f"{publisher} publishes to {topic}",
        page,
        by_service(publisher, "sns:Publish", arn("sns", topic), of_topic),
        (by_service(publisher, action, key, of_key) for action in USE_TOPIC_KEY),
    )


def _platform(environment: str) -> Iterator[Flow]:
    logs, artifacts = (f"arn:aws:s3:::{environment}-{purpose}-{SUFFIX}" for purpose in ("logs", "artifacts"))
    yield flow(
        "a load balancer delivers access logs",  # the page's policy has no condition, so no source key is relied on
        "elasticloadbalancing/latest/application/enable-access-logging.html",
        by_service(
            "logdelivery.elasticloadbalancing",
            "s3:PutObject",
            f"{logs}/alb/AWSLogs/{ACCOUNT}/elasticloadbalancing/{REGION}/2026/01/01/{ACCOUNT}_elasticloadbalancing.log.gz",
        ),
    )
    for name, bucket in (("logs", logs), ("artifacts", artifacts)):
        yield flow(
            f"S3 delivers the access logs of {name}",
            "AmazonS3/latest/userguide/enable-server-access-logging.html",
            by_service("logging.s3", "s3:PutObject", f"{logs}/s3/{name}/2026-01-01-00-00-00-ABCDEF", source(bucket)),
        )
    writer = f"{environment}-vpc-flow-logs"
    yield flow(
        "VPC flow logs",
        "vpc/latest/userguide/flow-logs-iam-role.html",
        becomes("vpc-flow-logs", writer, source(arn("ec2", "vpc-flow-log/fl-0123456789abcdef0"))),
        as_role(writer, WRITE_LOGS, arn("logs", f"log-group:/vpc/{environment}/flow:log-stream:eni-0123-all")),
        as_role(writer, "logs:DescribeLogStreams", arn("logs", f"log-group:/vpc/{environment}/flow:log-stream:")),
    )
    stream = arn("logs", f"log-group:aws-waf-logs-{environment}:log-stream:{REGION}_{environment}-alb_0")
    yield flow(
        "WAF logs",
        "waf/latest/developerguide/logging-cw-logs.html",
        (by_service("delivery.logs", action, stream, source(arn("logs", "*"))) for action in WRITE_LOGS),
    )


def _alarms(environment: str) -> Iterator[Flow]:
    for topic, key, alarm in (
        (f"{environment}-alarms", TOPICS_KEY, f"{environment}-orders-cpu"),
        ("account-audit", AUDIT_KEY, "account-root-user"),
    ):
        yield publication(
            topic,
            "cloudwatch",
            key,
            source(arn("cloudwatch", f"alarm:{alarm}")),
            {"kms:EncryptionContext:aws:sns:topicArn": arn("sns", topic)},  # and no source key
            "sns/latest/dg/sns-access-policy-use-cases.html",
        )
    yield publication(
        f"{environment}-deliveries",
        "codestar-notifications",
        TOPICS_KEY,
        {"aws:SourceAccount": ACCOUNT},
        {"kms:ViaService": f"sns.{REGION}.amazonaws.com"},
        "dtconsole/latest/userguide/set-up-sns.html",
    )


def _account() -> Iterator[Flow]:
    bucket = f"arn:aws:s3:::account-trail-{SUFFIX}"
    trail = {"aws:SourceArn": arn("cloudtrail", "trail/account-trail")}
    files = {"kms:EncryptionContext:aws:cloudtrail:arn": trail["aws:SourceArn"]}
    log_file = f"{bucket}/AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/01/01/{ACCOUNT}_CloudTrail.json.gz"
    yield flow(
        "CloudTrail delivers its files",
        "awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html",
        by_service("cloudtrail", "s3:GetBucketAcl", bucket, trail),
        by_service("cloudtrail", "s3:PutObject", log_file, trail, OWNED),
    )
    yield flow(
        "CloudTrail encrypts its files",
        "awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html",
        by_service("cloudtrail", "kms:GenerateDataKey", AUDIT_KEY, trail, files),
        by_service("cloudtrail", "kms:DescribeKey", AUDIT_KEY, trail),
    )
    stream = arn("logs", f"log-group:/audit/account/trail:log-stream:{ACCOUNT}_CloudTrail_{REGION}")
    yield flow(
        "CloudTrail writes to its log group",  # its role "doesn't support" either source key, says the page
        "awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html",
        becomes("cloudtrail", "account-trail", NOTHING),
        as_role("account-trail", WRITE_LOGS, stream),
    )
    for name in ("trail", "config", "access"):
        yield flow(
            f"S3 delivers the access logs of the account's {name}",
            "AmazonS3/latest/userguide/enable-server-access-logging.html",
            by_service(
                "logging.s3",
                "s3:PutObject",
                f"arn:aws:s3:::account-access-{SUFFIX}/{name}/2026-01-01-00-00-00-ABCDEF",
                source(f"arn:aws:s3:::account-{name}-{SUFFIX}"),
            ),
        )


def _recorder() -> Iterator[Flow]:
    bucket, recorder = f"arn:aws:s3:::account-config-{SUFFIX}", "account-config"
    record = f"{bucket}/AWSLogs/{ACCOUNT}/Config/{REGION}/2026/1/1/ConfigHistory/record.json.gz"
    key: Context = {**through("s3"), "kms:ResourceAliases": ("alias/account-audit",)}
    yield flow(
        "Config delivers its record",
        "config/latest/developerguide/iamrole-permissions.html",
        becomes("config", recorder, {"aws:SourceAccount": ACCOUNT}),
        as_role(recorder, "s3:GetBucketAcl", bucket),
        as_role(recorder, "s3:PutObject", record, OWNED),
        as_role(recorder, ["kms:Decrypt", "kms:GenerateDataKey"], AUDIT_KEY, key),
    )
