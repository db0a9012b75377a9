"""S3: bucket settings come back as they were put.

moto rebuilds a lifecycle configuration from the parts it models and loses `NewerNoncurrentVersions`; the AWS provider
then waits three minutes for the configuration to become what it wrote, and gives up. EventBridge notifications are
stored and not returned; access logs are refused where the bucket for them has a usual policy. S3 in moto has no method
per operation, so these patches sit on its methods per verb.
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket, s3_backends
from moto.s3.responses import S3Response

from deploy.local.standin.patches.patch import Act, Patch

NOTIFICATIONS_END = "</NotificationConfiguration>"


def put_bucket_lifecycle_configuration(act: Act) -> Any:
    answer = act.proceed()
    if "lifecycle" in act.response.querystring:
        bucket = _bucket(act)
        bucket.standin_lifecycle = (act.response.body, bucket.rules)
    return answer


def get_bucket_lifecycle_configuration(act: Act) -> Any:
    status, headers, body = act.proceed()
    put, rules = getattr(_bucket(act), "standin_lifecycle", (None, None))
    # Rules that came another way since (CloudFormation, a deletion) are other objects.
    return (status, headers, put) if put and rules is _bucket(act).rules else (status, headers, body)


def get_bucket_notification_configuration(act: Act) -> Any:
    answer = act.proceed()
    configuration = _bucket(act).notification_configuration
    if configuration is None or configuration.event_bridge is None:
        return answer
    status, headers, body = answer
    opened = body[:-2] + ">" + NOTIFICATIONS_END if body.endswith("/>") else body  # nothing else configured
    return status, headers, opened.replace(NOTIFICATIONS_END, f"<EventBridgeConfiguration/>{NOTIFICATIONS_END}")


def put_bucket_policy(act: Act) -> PermissionResult:
    """moto denies whatever a conditional statement mentions; `Deny` without TLS would lock everybody out.

    Conditions are not decided here, so statements that have one do not count.
    """
    bucket = act.response
    policy = json.loads(bucket.policy) if bucket.policy else {}
    statements = policy.get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    unconditional = [statement for statement in listed if "Condition" not in statement]
    if not unconditional:
        return PermissionResult.NEUTRAL
    return IAMPolicy(json.dumps({**policy, "Statement": unconditional})).is_action_permitted(*act.arguments)


def put_bucket_logging(act: Act) -> Any:
    """moto looks for the log service among a policy's principals and trips over one that is everybody."""
    logging, backend = act.arguments
    target = backend.buckets.get(logging["TargetBucket"]) if logging else None
    if target is None or not target.policy:
        return act.proceed()
    policy = target.policy
    document = json.loads(policy)
    for statement in document["Statement"]:
        if statement.get("Principal") == "*":
            statement["Principal"] = {"AWS": "*"}
    target.policy = json.dumps(document).encode()
    try:
        return act.proceed()
    finally:
        target.policy = policy


def _bucket(act: Act) -> Any:
    backend = s3_backends[act.account][act.response.partition]
    return backend.get_bucket(act.response.bucket_name)


PATCHES = (
    Patch(
        "s3",
        "PutBucketPolicy",
        "a conditional Deny denies always",
        FakeBucket,
        put_bucket_policy,
        method="get_permission",
    ),
    Patch(
        "s3",
        "PutBucketLogging",
        "fails where the target's policy has a statement for everybody",
        FakeBucket,
        put_bucket_logging,
        method="set_logging",
    ),
    Patch(
        "s3",
        "PutBucketLifecycleConfiguration",
        "the number of newer versions to keep is dropped",
        S3Response,
        put_bucket_lifecycle_configuration,
        method="_bucket_response_put",
    ),
    Patch(
        "s3",
        "GetBucketLifecycleConfiguration",
        "the number of newer versions to keep is not returned",
        S3Response,
        get_bucket_lifecycle_configuration,
        method="get_bucket_lifecycle",
    ),
    Patch(
        "s3",
        "GetBucketNotificationConfiguration",
        "EventBridge notifications are not returned",
        S3Response,
        get_bucket_notification_configuration,
        method="get_bucket_notification",
    ),
)
