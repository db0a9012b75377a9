"""The account root, proven: what was done cannot be hidden, nobody acts without MFA, the record is complete."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from tests.terraform.inputs import Variables
from tests.terraform.plans import Resource
from tests.terraform.properties import strategies
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.refusal import Refusal, refused
from tests.terraform.properties.subjects import Subject

KEYS, TRAIL, BUCKETS = (f"modules/audit/{name}.tf" for name in ("keys", "main", "buckets"))
BUCKET_POLICIES, CONFIG = (f"modules/audit/{name}.tf" for name in ("bucket_policies", "config"))
POLICIES, ROLES = (f"modules/access/{name}.tf" for name in ("policies", "main"))
AUDIT, ACCESS = "module.audit", "module.access"
SETTING_UP_MFA = {
    "iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetMFADevice", "iam:GetUser", "iam:ListMFADevices",
    "iam:ListVirtualMFADevices", "iam:ResyncMFADevice", "sts:GetSessionToken",
}  # fmt: skip
RULES = {
    "CLOUD_TRAIL_ENABLED", "CLOUD_TRAIL_ENCRYPTION_ENABLED", "CMK_BACKING_KEY_ROTATION_ENABLED",
    "ECS_CONTAINERS_NONPRIVILEGED", "ECS_CONTAINERS_READONLY_ACCESS", "ELB_LOGGING_ENABLED", "IAM_USER_MFA_ENABLED",
    "MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS", "REQUIRED_TAGS", "S3_BUCKET_PUBLIC_READ_PROHIBITED",
    "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", "SECRETSMANAGER_ROTATION_ENABLED_CHECK", "SNS_ENCRYPTED_KMS",
    "VPC_FLOW_LOGS_ENABLED",
}  # fmt: skip


@st.composite
def tops(draw: st.DrawFn) -> Variables:
    aws = {"role_arn": None, "s3_use_path_style": False}
    return {"environment": draw(strategies.environments()), "aws": aws, "tags": draw(strategies.tags)}


@st.composite
def accounts(draw: st.DrawFn, _: Variables) -> Variables:
    others = st.lists(strategies.accounts, max_size=3, unique=True)
    people = st.tuples(strategies.accounts, st.sampled_from(["role/engineers", "user/ann"])).map(trusted)
    way = draw(st.sampled_from(["disabled", "enabled_out_of_band", "enable"]))
    return {
        "people": {
            "trusted_arns": draw(st.lists(people, min_size=1, max_size=3, unique=True)),
            "session_seconds": draw(st.integers(3600, 43200)),
            "mfa_age_seconds": draw(st.integers(300, 43200)),
        },
        "trail": {"retention_days": draw(st.integers(365, 5000))},
        "record_global_resources": draw(st.booleans()),
        "aggregated_account_ids": draw(others),
        "mfa_delete": way,
        "mfa_device": "arn:aws:iam::111122223333:mfa/root 123456" if way == "enable" else None,
    }


def trusted(one: tuple[str, str]) -> str:
    return f"arn:aws:iam::{one[0]}:{one[1]}"


ROOT = Subject("roots/account", accounts, shared=tops(), plans=5)


def mfa_delete_off(variables: Variables) -> bool:
    return bool(variables["mfa_delete"] == "disabled")


def mfa_delete_on(variables: Variables) -> bool:
    return not mfa_delete_off(variables)


def global_resources(variables: Variables) -> bool:
    return bool(variables["record_global_resources"])


def aggregating(variables: Variables) -> bool:
    return bool(variables["aggregated_account_ids"])


def of_trail(instance: Instance, kind: str) -> list[dict[str, Any]]:
    return [dict(resource.values) for resource in instance.plan.of(kind) if resource.key == "trail"]


def statements(resource: Resource, attribute: str = "policy") -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in resource.document(attribute)["Statement"]}


@proof(
    52,
    "CloudTrail encryption",
    of=ROOT,
    broken_by=[
        Edit(TRAIL, "kms_key_id                    = aws_kms_key.this.arn\n", "", says="encrypted"),
        Edit(TRAIL, "enable_log_file_validation    = true", "enable_log_file_validation = false", says="altered"),
        Edit(TRAIL, "is_multi_region_trail         = true", "is_multi_region_trail = false", says="other regions"),
        Edit(TRAIL, "sns_topic_name                = aws_sns_topic.this.name\n", "", says="told"),
        Edit(
            KEYS, '{ "aws:SourceArn" = local.trail_arn }', '{ "aws:SourceAccount" = local.account }', says="of others"
        ),
    ],
)
def test_property_52_cloudtrail_encryption(instance: Instance) -> None:
    """One trail of everything, in every region, encrypted, validated, searchable and announced."""
    trail = instance.plan.one("aws_cloudtrail")
    assert instance.plan.references(trail, "kms_key_id") >= {"aws_kms_key.this.arn"}, "the files are not encrypted"
    assert "kms_key_id" in trail.unknown, "the files are not encrypted"
    assert trail.values["enable_log_file_validation"], "files can be altered unseen"
    assert trail.values["enable_logging"], "the trail does not record"
    assert trail.values["is_multi_region_trail"], "what is done in other regions is not seen"
    assert trail.values["include_global_service_events"], "what is done to IAM is not seen"
    assert instance.plan.references(trail, "cloud_watch_logs_group_arn"), "the trail cannot be searched"
    assert instance.plan.references(trail, "cloud_watch_logs_role_arn") >= {"aws_iam_role.trail.arn"}
    assert trail.values.get("sns_topic_name"), "nobody is told of new files"
    key = instance.plan.one("aws_kms_key")
    assert key.values["enable_key_rotation"]
    granted = statements(key)
    arn = strategies.arn(instance.variables["environment"], "cloudtrail", f"trail/{trail.values['name']}")
    for sid in ("TrailFiles", "TrailDescribesItsKey"):
        assert granted[sid]["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert granted[sid]["Condition"]["StringEquals"] == {"aws:SourceArn": arn}, "trails of others may use the key"


@proof(
    53,
    "CloudTrail S3 bucket security",
    of=ROOT,
    broken_by=[
        Edit(BUCKETS, 'status     = "Enabled"', 'status = "Suspended"', says="versions"),
        Edit(BUCKETS, "restrict_public_buckets = true", "restrict_public_buckets = false", says="public"),
        Edit(BUCKETS, '&& local.mfa_delete ? "Enabled" : null', '&& false ? "Enabled" : null', says="MFA delete",
             where=mfa_delete_on),
        Edit(BUCKETS, 'if !(purpose == "trail" && local.mfa_delete)', "", says="lifecycle", where=mfa_delete_on),
        Edit(BUCKET_POLICIES, "      local.undeletable,\n", "", says="delete"),
        Edit(BUCKET_POLICIES, "concat(statements, [local.insecure[purpose]])", "statements", says="plain HTTP"),
        Edit(BUCKET_POLICIES, "merge(local.this_trail.StringEquals, local.full_control)", "local.full_control",
             says="other trails"),
        Edit(BUCKETS, "force_destroy = false", "force_destroy = true", says="destroyed"),
    ],
)  # fmt: skip
def test_property_53_cloudtrail_s3_bucket_security(instance: Instance) -> None:
    """Only the trail writes to its bucket, and only the break-glass role, or root with MFA, can delete from it."""
    on = mfa_delete_on(instance.variables)
    (bucket,) = of_trail(instance, "aws_s3_bucket")
    assert bucket["force_destroy"] is False, "the bucket can be destroyed with its files"
    (versioning,) = of_trail(instance, "aws_s3_bucket_versioning")
    settings = versioning["versioning_configuration"][0]
    assert settings["status"] == "Enabled", "overwritten versions are lost"
    assert (settings.get("mfa_delete") == "Enabled") == on, "MFA delete is not as it was said"
    assert (versioning.get("mfa") is not None) == (instance.variables["mfa_delete"] == "enable")
    assert len(of_trail(instance, "aws_s3_bucket_lifecycle_configuration")) == (0 if on else 1), (
        "S3 refuses MFA delete with a lifecycle"
    )
    (closed,) = of_trail(instance, "aws_s3_bucket_public_access_block")
    blocks = [value for name, value in closed.items() if name.startswith(("block_", "ignore_", "restrict_"))]
    assert blocks == [True] * 4, "the bucket can be made public"
    environment = instance.variables["environment"]
    (policy,) = (found for found in instance.plan.of("aws_s3_bucket_policy") if found.key == "trail")
    granted = statements(policy)
    trail = strategies.arn(environment, "cloudtrail", f"trail/{instance.environment}-trail")
    for sid, action in (("TrailLooksAtTheBucket", "s3:GetBucketAcl"), ("TrailWrites", "s3:PutObject")):
        assert granted[sid]["Action"] == action
        assert granted[sid]["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert granted[sid]["Condition"]["StringEquals"].get("aws:SourceArn") == trail, "other trails may write"
    assert {sid for sid, found in granted.items() if found["Effect"] == "Allow"} == {
        "TrailLooksAtTheBucket", "TrailWrites",
    }, "somebody else has access"  # fmt: skip
    insecure = granted.get("DenyInsecureTransport", {})
    assert insecure.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}, "plain HTTP is let in"
    kept = granted.get("DenyDeletion", {})
    assert {"s3:DeleteObject", "s3:DeleteObjectVersion"} <= set(kept.get("Action", [])), "anybody may delete"
    break_glass = strategies.arn(environment, "iam", f"role/{instance.environment}-break-glass", region=False)
    assert kept["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": break_glass}}, (
        "others than break-glass may delete"
    )


@proof(
    54,
    "MFA enforcement for production",
    of=ROOT,
    broken_by=[
        Edit(POLICIES, '{ BoolIfExists = { "aws:MultiFactorAuthPresent" = "false" } }',
             '{ Bool = { "aws:MultiFactorAuthPresent" = "false" } }', says="access keys"),
        Edit(POLICIES, '    "sts:GetSessionToken",\n', '    "sts:GetSessionToken",\n    "s3:*",\n', says="without MFA"),
        Edit(POLICIES, "      local.require_mfa,\n", "", says="operate"),
        Edit(ROLES, "merge(local.with_mfa, {", "merge({}, {", says="taken on without MFA"),
        Edit(ROLES, 'NumericLessThan = { "aws:MultiFactorAuthAge" = tostring(var.people.mfa_age_seconds) }', "",
             says="old"),
        Edit(TRAIL, 'Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }',
             'Condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } }', says="service"),
    ],
)  # fmt: skip
def test_property_54_mfa_enforcement_for_production(instance: Instance) -> None:
    """People do nothing without MFA but set it up, and take on a role only with MFA that is fresh."""
    policies = {str(policy.key): policy for policy in instance.plan.of("aws_iam_policy")}
    assert set(policies) == {"require_mfa", "self_service", "operate"}
    for name in ("require_mfa", "operate"):
        deny = statements(policies[name]).get("NothingWithoutMfa", {})
        assert deny.get("Effect") == "Deny", f"{name} lets somebody act without MFA"
        assert deny["Resource"] == "*"
        assert set(deny["NotAction"]) == SETTING_UP_MFA, "more than setting up MFA is possible without MFA"
        assert deny["Condition"] == {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, (
            "access keys, which say nothing of MFA, are let through"
        )
    people = [role for role in instance.plan.of("aws_iam_role") if role.address.startswith(ACCESS)]
    assert {role.key for role in people} == {"reader", "operator", "break_glass"}
    age = str(instance.variables["people"]["mfa_age_seconds"])
    for role in people:
        (trust,) = role.document("assume_role_policy")["Statement"]
        condition = trust["Condition"]
        assert condition.get("Bool") == {"aws:MultiFactorAuthPresent": "true"}, f"{role.key} is taken on without MFA"
        assert condition.get("NumericLessThan") == {"aws:MultiFactorAuthAge": age}, f"MFA of {role.key} may be old"
        assert trust["Principal"] == {"AWS": instance.variables["people"]["trusted_arns"]}, "others may take it on"
    services = [role for role in instance.plan.of("aws_iam_role") if role.address.startswith(AUDIT)]
    assert not any("MultiFactorAuth" in role.values["assume_role_policy"] for role in services), "a service has no MFA"


@proof(
    56,
    "AWS Config enabled",
    of=ROOT,
    broken_by=[
        Edit(CONFIG, "all_supported                 = true", "all_supported = false", says="every type",
             where=lambda variables: not global_resources(variables)),
        Edit(CONFIG, "= var.record_global_resources", "= false", says="IAM", where=global_resources),
        Edit(CONFIG, "is_enabled = true", "is_enabled = false", says="does not record"),
        Edit(CONFIG, "    VPC_FLOW_LOGS_ENABLED                    = {}\n", "", says="rules"),
        Edit(CONFIG, 'length(var.aggregated_account_ids) > 0 ? toset(["this"])', 'true ? toset([])',
             says="gathered", where=aggregating),
    ],
)  # fmt: skip
def test_property_56_aws_config_enabled(instance: Instance) -> None:
    """Everything is recorded and delivered, IAM in the one region that was told to, and AWS's rules look at it."""
    recorder = instance.plan.one("aws_config_configuration_recorder").values
    group = recorder["recording_group"][0]
    assert group["all_supported"] is True, "not every type of resource is recorded"
    assert group["include_global_resource_types"] is global_resources(instance.variables), "IAM is not recorded as told"
    assert not group.get("resource_types")
    frequency = "CONTINUOUS" if instance.tier == "prod" else "DAILY"
    assert recorder["recording_mode"][0]["recording_frequency"] == frequency
    assert instance.plan.one("aws_config_configuration_recorder_status").values["is_enabled"], "it does not record"
    channel = instance.plan.one("aws_config_delivery_channel")
    assert instance.plan.references(channel, "s3_bucket_name") >= {'aws_s3_bucket.this["config"].id'}, "not delivered"
    rules = [rule.values["source"][0] for rule in instance.plan.of("aws_config_config_rule")]
    assert {rule["owner"] for rule in rules} == {"AWS"}
    assert sorted(rule["source_identifier"] for rule in rules) == sorted(RULES), "other rules than those of the docs"
    gathered = instance.variables["aggregated_account_ids"]
    aggregators = [
        a.values["account_aggregation_source"] for a in instance.plan.of("aws_config_configuration_aggregator")
    ]
    assert aggregators == ([[{"account_ids": gathered, "all_regions": True, "regions": None}]] if gathered else []), (
        "findings of other accounts are not gathered as told"
    )


WRONG = [
    Refusal("trail.retention_days", st.sampled_from([0, 30, 364, 400.5])),
    Refusal("mfa_delete", st.sampled_from(["Enabled", "on", ""]), where=mfa_delete_off),
    Refusal("mfa_delete", st.just("enable"), says=("mfa_device is needed",), where=mfa_delete_off, name="no device"),
    Refusal("aggregated_account_ids", st.sampled_from([["1"], ["111122223333", "x"]])),
    Refusal("people.trusted_arns", st.sampled_from([[], ["arn:aws:iam::111122223333:root"], ["*"]])),
    Refusal("people.session_seconds", st.sampled_from([0, 3599, 43201])),
    Refusal("people.mfa_age_seconds", st.sampled_from([0, 299, 43201])),
    Refusal("break_glass_policies", st.sampled_from([["arn:aws:iam::aws:policy/X"], [""], ["*"]])),
]


@pytest.mark.parametrize("refusal", WRONG, ids=str)
def test_wrong_input_is_refused_with_variable_and_value(laboratory: Laboratory, refusal: Refusal) -> None:
    refused(laboratory, ROOT, refusal)
