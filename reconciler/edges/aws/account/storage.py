"""Keys, repositories, log groups, buckets, topics and secrets of one environment."""

import json
import re
from asyncio import gather
from collections.abc import Mapping
from typing import Any

from reconciler.core.verification.account import Key, LogGroup, Repository, State, Store
from reconciler.edges.aws.account.calls import Calls, tags_of

_ALIAS = "alias/"


async def read_keys(calls: Calls) -> tuple[Key, ...]:
    """Return the keys whose alias begins with the environment's name."""
    name = re.compile(rf"{_ALIAS}{re.escape(calls.environment.name)}-[a-z0-9]+")
    aliases = await calls.every("kms", "list_aliases", "Aliases")
    mine = [alias for alias in aliases if name.fullmatch(alias["AliasName"]) and "TargetKeyId" in alias]
    return tuple(await gather(*(_key(calls, alias) for alias in mine)))


async def read_repositories(calls: Calls) -> tuple[Repository, ...]:
    """Return the repositories under the environment's name."""
    found = await calls.every("ecr", "describe_repositories", "repositories")
    mine = [each for each in found if each["repositoryName"].startswith(f"{calls.environment.name}/")]
    return tuple(await gather(*(_repository(calls, each) for each in mine)))


async def read_log_groups(calls: Calls) -> tuple[LogGroup, ...]:
    """Return the log groups whose name has the environment as its second part, and that of Container Insights."""
    name = re.compile(rf"/(?:[^/]+|aws/ecs/containerinsights)/{re.escape(calls.environment.name)}/.+")
    found = await calls.every("logs", "describe_log_groups", "logGroups")
    return tuple(await gather(*(_log_group(calls, each) for each in found if name.fullmatch(each["logGroupName"]))))


async def read_stores(calls: Calls) -> tuple[Store, ...]:
    """Return the buckets, topics and secrets that are tagged with the environment."""
    buckets, topics, secrets = await gather(
        _tagged(calls, "s3"), _tagged(calls, "sns"), calls.every("secretsmanager", "list_secrets", "SecretList")
    )
    found = await gather(
        *(_bucket(calls, arn, tags) for arn, tags in buckets.items()),
        *(_topic(calls, arn, tags) for arn, tags in topics.items()),
    )
    held = [Store("secret", each["Name"], each.get("KmsKeyId"), tags_of(each.get("Tags"))) for each in secrets]
    mine = [secret for secret in held if secret.tags.get("Environment") == calls.environment.name]
    return (*found, *mine)


async def read_states(calls: Calls, bucket: str, prefix: str) -> tuple[State, ...]:
    """Return the Terraform states below a prefix, without reading what they hold."""
    missing = {"NoSuchBucket"}
    found = await calls.maybe("s3", "list_objects_v2", missing=missing, Bucket=bucket, Prefix=prefix)
    names = [each["Key"] for each in (found or {}).get("Contents", ()) if each["Key"].endswith(".tfstate")]
    described = await calls.maybe("kms", "describe_key", missing={"NotFoundException"}, KeyId=f"alias/{bucket}")
    expected = described["KeyMetadata"]["KeyId"] if described else None
    heads = await gather(*(calls.one("s3", "head_object", Bucket=bucket, Key=name) for name in names))
    return tuple(
        State(f"{bucket}/{name}", head.get("ServerSideEncryption"), head.get("SSEKMSKeyId"), expected)
        for name, head in zip(names, heads, strict=True)
    )


async def _key(calls: Calls, alias: Mapping[str, Any]) -> Key:
    key = alias["TargetKeyId"]
    described, rotation, tagged = await gather(
        calls.one("kms", "describe_key", KeyId=key),
        calls.maybe("kms", "get_key_rotation_status", missing={"KMSInvalidStateException"}, KeyId=key),
        calls.one("kms", "list_resource_tags", KeyId=key),
    )
    return Key(
        id=key,
        alias=alias["AliasName"],
        enabled=described["KeyMetadata"]["KeyState"] == "Enabled",
        rotates=bool(rotation and rotation["KeyRotationEnabled"]),
        tags=tags_of(tagged.get("Tags")),
    )


async def _repository(calls: Calls, repository: Mapping[str, Any]) -> Repository:
    named = {"repositoryName": repository["repositoryName"], "registryId": repository["registryId"]}
    lifecycle, tagged = await gather(
        calls.maybe("ecr", "get_lifecycle_policy", missing={"LifecyclePolicyNotFoundException"}, **named),
        calls.one("ecr", "list_tags_for_resource", resourceArn=repository["repositoryArn"]),
    )
    return Repository(
        name=repository["repositoryName"],
        mutability=repository["imageTagMutability"],
        scans=repository.get("imageScanningConfiguration", {}).get("scanOnPush", False),
        key=repository.get("encryptionConfiguration", {}).get("kmsKey"),
        untagged_days=_untagged_days(lifecycle),
        tags=tags_of(tagged["tags"]),
    )


def _untagged_days(lifecycle: Mapping[str, Any] | None) -> int | None:
    rules = json.loads(lifecycle["lifecyclePolicyText"])["rules"] if lifecycle else ()
    chosen = [rule["selection"] for rule in rules if rule["selection"]["tagStatus"] == "untagged"]
    days = [each["countNumber"] for each in chosen if each["countType"] == "sinceImagePushed"]
    return min(days, default=None)


async def _log_group(calls: Calls, group: Mapping[str, Any]) -> LogGroup:
    arn = group["arn"].removesuffix(":*")
    tagged = await calls.one("logs", "list_tags_for_resource", resourceArn=arn)
    return LogGroup(group["logGroupName"], group.get("retentionInDays"), group.get("kmsKeyId"), tagged["tags"])


async def _tagged(calls: Calls, kind: str) -> Mapping[str, Mapping[str, str]]:
    mine = [{"Key": "Environment", "Values": [calls.environment.name]}]
    found = await calls.every(
        "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList",
        TagFilters=mine, ResourceTypeFilters=[kind],
    )  # fmt: skip
    return {entry["ResourceARN"]: tags_of(entry["Tags"]) for entry in found}


async def _bucket(calls: Calls, arn: str, tags: Mapping[str, str]) -> Store:
    name = arn.rpartition(":")[2]
    found = await calls.maybe(
        "s3", "get_bucket_encryption", missing={"ServerSideEncryptionConfigurationNotFoundError"}, Bucket=name
    )
    rules = found["ServerSideEncryptionConfiguration"]["Rules"] if found else ()
    used = [rule["ApplyServerSideEncryptionByDefault"] for rule in rules]
    return Store("bucket", name, next((each.get("KMSMasterKeyID", each["SSEAlgorithm"]) for each in used), None), tags)


async def _topic(calls: Calls, arn: str, tags: Mapping[str, str]) -> Store:
    found = await calls.one("sns", "get_topic_attributes", TopicArn=arn)
    return Store("topic", arn.rpartition(":")[2], found["Attributes"].get("KmsMasterKeyId"), tags)
