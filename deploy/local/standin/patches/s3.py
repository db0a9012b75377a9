"""S3: bucket settings are returned as they were written.

moto rebuilds a lifecycle configuration from the parts that it models and loses `NewerNoncurrentVersions`; the AWS
provider then waits three minutes for the configuration that it wrote, and fails. EventBridge notifications are stored
but not returned; access logs are refused when the policy of their bucket has a statement for everyone. The key of an
object is stored as the request named it, where S3 shows its ARN and refuses one that does not exist. moto's S3 has no
method per operation, so that these patches replace its methods per HTTP verb.
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.kms.models import kms_backends
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, s3_backends
from moto.s3.responses import S3Response
from werkzeug.datastructures import Headers

from deploy.local.standin.patches.patch import Invocation, Patch

KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"
NOTIFICATIONS_END = "</NotificationConfiguration>"


def put_bucket_lifecycle_configuration(invocation: Invocation) -> Any:
    answer = invocation.proceed()
    if "lifecycle" in invocation.response.querystring:
        bucket = _bucket(invocation)
        bucket.standin_lifecycle = (invocation.response.body, bucket.rules)
    return answer


def get_bucket_lifecycle_configuration(invocation: Invocation) -> Any:
    status, headers, body = invocation.proceed()
    put, rules = getattr(_bucket(invocation), "standin_lifecycle", (None, None))
    # Rules that were changed in another way since (CloudFormation, a deletion) are other objects.
    return (status, headers, put) if put and rules is _bucket(invocation).rules else (status, headers, body)


def get_bucket_notification_configuration(invocation: Invocation) -> Any:
    answer = invocation.proceed()
    configuration = _bucket(invocation).notification_configuration
    if configuration is None or configuration.event_bridge is None:
        return answer
    status, headers, body = answer
    document = body[:-2] + ">" + NOTIFICATIONS_END if body.endswith("/>") else body  # nothing else is configured
    return status, headers, document.replace(NOTIFICATIONS_END, f"<EventBridgeConfiguration/>{NOTIFICATIONS_END}")


def put_object(invocation: Invocation) -> Any:
    """Store an object under the ARN of its key. Source: PutObject and `SSE-KMS` in the S3 user guide.

    A key is named by id, ARN or alias; without one of its own region and account, KMS answers in S3's place.
    """
    headers = Headers(list(invocation.response.headers.items()))
    named = headers.get(KEY_HEADER)
    if named is None or "alias/aws/" in named or (named.startswith("arn:") and f":{invocation.account}:" not in named):
        return invocation.proceed()
    keys = kms_backends[invocation.account][invocation.region]
    alias, id_ = keys.get_alias_name(named), keys.get_key_id(named)
    key = next((each for each in keys.keys.values() if alias in each.aliases or id_ == each.id), None)
    if key is None:
        raise S3ClientError("KMS.NotFoundException", f"Key or alias {named!r} is not found.")
    invocation.response.headers = Headers([(name, value) for name, value in headers if name.lower() != KEY_HEADER])
    invocation.response.headers[KEY_HEADER] = key.arn
    return invocation.proceed()


def put_bucket_policy(invocation: Invocation) -> PermissionResult:
    """Evaluate a bucket policy without its conditional statements, because conditions are not evaluated here.

    moto ignores conditions and applies such statements always: `Deny` without TLS would deny every request.
    """
    bucket = invocation.response
    policy = json.loads(bucket.policy) if bucket.policy else {}
    statements = policy.get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    unconditional = [statement for statement in listed if "Condition" not in statement]
    if not unconditional:
        return PermissionResult.NEUTRAL
    return IAMPolicy(json.dumps({**policy, "Statement": unconditional})).is_action_permitted(*invocation.arguments)


def put_bucket_logging(invocation: Invocation) -> Any:
    """Rewrite the principal `*` for moto, which searches a policy's principals for the log service and fails on it."""
    logging, backend = invocation.arguments
    target = backend.buckets.get(logging["TargetBucket"]) if logging else None
    if target is None or not target.policy:
        return invocation.proceed()
    policy = target.policy
    document = json.loads(policy)
    for statement in document["Statement"]:
        if statement.get("Principal") == "*":
            statement["Principal"] = {"AWS": "*"}
    target.policy = json.dumps(document).encode()
    try:
        return invocation.proceed()
    finally:
        target.policy = policy


def _bucket(invocation: Invocation) -> Any:
    backend = s3_backends[invocation.account][invocation.response.partition]
    return backend.get_bucket(invocation.response.bucket_name)


PATCHES = (
    Patch(
        "s3",
        "PutBucketPolicy",
        "a conditional Deny always denies",
        FakeBucket,
        put_bucket_policy,
        method="get_permission",
    ),
    Patch(
        "s3",
        "PutBucketLogging",
        "fails when the target's policy has a statement for everyone",
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
    Patch("s3", "PutObject", "the key is shown as it was named, and need not exist", S3Response, put_object),
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
