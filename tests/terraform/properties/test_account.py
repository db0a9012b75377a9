"""The account root, proven: what was done cannot be hidden, alarms are heard, the record is complete."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from tests.terraform.plans import Resource
from tests.terraform.properties import strategies
from tests.terraform.properties.accounts import (
    ROOT,
    RULES,
    aggregated,
    aggregating,
    global_resources,
    heard,
    in_china,
    mfa_delete_off,
    mfa_delete_on,
    read_by_something,
    recorded_elsewhere,
    recording,
    statements,
)  # fmt: skip
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.refusal import Refusal, refused

KEYS, TRAIL, BUCKETS = (f"modules/audit/{name}.tf" for name in ("keys", "main", "buckets"))
BUCKET_POLICIES, CONFIG, ALARMS = (f"modules/audit/{name}.tf" for name in ("bucket_policies", "config", "alarms"))


def of_trail(instance: Instance, kind: str) -> list[dict[str, Any]]:
    return [dict(resource.values) for resource in instance.plan.of(kind) if resource.key == "trail"]


SOURCE_OF_THE_ROLE = """      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
"""


@proof(
    52,
    "CloudTrail encryption",
    of=ROOT,
    broken_by=[
        Edit(TRAIL, "kms_key_id                    = aws_kms_key.this.arn\n", "", says="encrypted"),
        Edit(TRAIL, "enable_log_file_validation    = true", "enable_log_file_validation = false", says="altered"),
        Edit(TRAIL, "is_multi_region_trail         = true", "is_multi_region_trail = false", says="other regions"),
        Edit(TRAIL, "= var.trail.topic_arn", "= null", says="told", where=read_by_something),
        Edit(TRAIL, '      Action    = "sts:AssumeRole"\n', SOURCE_OF_THE_ROLE, says="log group"),
        Edit(
            KEYS, '{ "aws:SourceArn" = local.trail_arn }', '{ "aws:SourceAccount" = local.account }', says="of others"
        ),
    ],
)
def test_property_52_cloudtrail_encryption(instance: Instance) -> None:
    """One trail of everything, in every region, encrypted, validated and searchable; announced to what reads it."""
    trail = instance.plan.one("aws_cloudtrail")
    assert instance.plan.references(trail, "kms_key_id") >= {"aws_kms_key.this.arn"}, "the files are not encrypted"
    assert "kms_key_id" in trail.unknown, "the files are not encrypted"
    assert trail.values["enable_log_file_validation"], "files can be altered unseen"
    assert trail.values["enable_logging"], "the trail does not record"
    assert trail.values["is_multi_region_trail"], "what is done in other regions is not seen"
    assert trail.values["include_global_service_events"], "what is done to IAM is not seen"
    assert instance.plan.references(trail, "cloud_watch_logs_group_arn"), "the trail cannot be searched"
    assert instance.plan.references(trail, "cloud_watch_logs_role_arn") >= {"aws_iam_role.trail.arn"}
    assert trail.values.get("sns_topic_name") == instance.variables["trail"]["topic_arn"], "what reads it is not told"
    role = instance.plan.one("aws_iam_role", "trail").document("assume_role_policy")["Statement"]
    assert [statement.get("Condition") for statement in role] == [None], (
        "CloudTrail names no source to a log group's role"
    )
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
        Edit(BUCKETS, ' if purpose != "access" }', " }", says="for ever"),
        Edit(BUCKET_POLICIES, "local.mfa_delete ? [var.break_glass_role_arn,", "false ? [var.break_glass_role_arn,",
             says="than break-glass", where=mfa_delete_on),
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
    root = strategies.arn(environment, "iam", "root", region=False)
    assert kept["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": [break_glass, *([root] if on else [])]}}, (
        "others than break-glass, and root where S3 asks for its MFA, may delete"
    )
    logged = {str(found.key) for found in instance.plan.of("aws_s3_bucket_logging")}
    assert logged == {"trail", "config"}, "the log of the logs grows by itself, for ever"


@proof(
    30,
    "CloudWatch alarms creation",
    of=ROOT,
    part="account",
    broken_by=[
        Edit(ALARMS, "alarm_actions       = [aws_sns_topic.this.arn]", " alarm_actions = []", says="nowhere"),
        Edit(ALARMS, "toset(var.subscribers.alarms)", "toset([])", says="reads", where=heard),
        Edit(KEYS, '"kms:EncryptionContext:aws:sns:topicArn" = local.alarm_topic',
             '"aws:SourceAccount" = local.account', says="the key"),
        Edit(ALARMS, "AssumeRole*", "AssumeRole", says="SAML"),
    ],
)  # fmt: skip
def test_property_30_cloudwatch_alarms_creation_account(instance: Instance) -> None:
    """Each use of the root user and of break-glass rings at a topic of alarms alone, and its subscribers hear it."""
    alarms = {str(alarm.key): alarm for alarm in instance.plan.of("aws_cloudwatch_metric_alarm")}
    assert set(alarms) == {"root-user", "break-glass"}
    for alarm in alarms.values():
        assert instance.plan.references(alarm, "alarm_actions") >= {"aws_sns_topic.this.arn"}, "an alarm rings nowhere"
    patterns = {
        str(found.key): found.values["pattern"] for found in instance.plan.of("aws_cloudwatch_log_metric_filter")
    }
    assert '"AssumeRole*"' in patterns["break-glass"], "break-glass by SAML goes unseen"
    topic = instance.plan.one("aws_sns_topic")
    assert instance.plan.references(topic, "kms_master_key_id") >= {"aws_kms_key.this.arn"}, (
        "the topic is not encrypted"
    )
    emails = {found.values["endpoint"] for found in instance.plan.of("aws_sns_topic_subscription")}
    assert emails == set(instance.variables["subscribers"]["alarms"]), "nobody reads the alarms that ring"
    name = topic.values["name"]
    arn = strategies.arn(instance.variables["environment"], "sns", name)
    publishers = [found for found in statements(instance.plan.one("aws_sns_topic_policy")).values()
                  if found["Effect"] == "Allow"]  # fmt: skip
    assert [found["Principal"] for found in publishers] == [{"Service": "cloudwatch.amazonaws.com"}], (
        "other than alarms comes to the topic"
    )
    key = statements(instance.plan.one("aws_kms_key")).get("Alarms", {})
    assert key.get("Principal") == {"Service": "cloudwatch.amazonaws.com"}, "the key lets no alarm through"
    assert key["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert key["Condition"] == {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": arn}}, (
        "the key asks CloudWatch for what it does not give"
    )


@proof(
    56,
    "AWS Config enabled",
    of=ROOT,
    broken_by=[
        Edit(CONFIG, "all_supported                 = true", "all_supported = false", says="every type",
             where=lambda variables: recording(variables) and not global_resources(variables)),
        Edit(CONFIG, "= var.record_global_resources", "= false", says="IAM", where=global_resources),
        Edit(CONFIG, "is_enabled = true", "is_enabled = false", says="does not record", where=recording),
        Edit(CONFIG, "var.recorder ? 1 : 0", "1", says="second recorder", where=recorded_elsewhere),
        Edit(CONFIG, "    VPC_FLOW_LOGS_ENABLED                    = {}\n", "", says="rules",
             where=lambda variables: "VPC_FLOW_LOGS_ENABLED" not in variables["absent_rules"]),
        Edit(CONFIG, 'aws-cn     = ["ELB_LOGGING_ENABLED"]\n    aws-us-gov = ["ELB_LOGGING_ENABLED"]',
             "aws-cn = []\n    aws-us-gov = []", says="rules", where=in_china),
        Edit(CONFIG, 'length(var.aggregated_account_ids) > 0 ? toset(["this"])', 'true ? toset([])',
             says="gathered", where=aggregating),
        Edit(CONFIG, "aggregator in var.aggregated_by", "aggregator in []", says="may gather", where=aggregated),
    ],
)  # fmt: skip
def test_property_56_aws_config_enabled(instance: Instance) -> None:
    """Everything is recorded and delivered, unless another recorder does so; IAM in one region only; AWS's rules look
    at it where the region has them; who gathers findings is let in."""
    recorders = instance.plan.of("aws_config_configuration_recorder")
    assert len(recorders) == int(recording(instance.variables)), "a second recorder of one region is refused"
    for recorder in recorders:
        recorded(instance, recorder)
    rules = [rule.values["source"][0] for rule in instance.plan.of("aws_config_config_rule")]
    assert {rule["owner"] for rule in rules} == {"AWS"}
    absent = {*instance.variables["absent_rules"]}
    if instance.variables["environment"]["partition"] != "aws":
        absent.add("ELB_LOGGING_ENABLED")
    assert sorted(rule["source_identifier"] for rule in rules) == sorted(RULES - absent), (
        "other rules than those of the docs"
    )
    gathered = instance.variables["aggregated_account_ids"]
    aggregators = [
        a.values["account_aggregation_source"] for a in instance.plan.of("aws_config_configuration_aggregator")
    ]
    assert aggregators == ([[{"account_ids": gathered, "all_regions": True, "regions": None}]] if gathered else []), (
        "findings of other accounts are not gathered as told"
    )
    let_in = [
        (a.values["account_id"], a.values["region"]) for a in instance.plan.of("aws_config_aggregate_authorization")
    ]
    named = [(a["account_id"], a["region"]) for a in instance.variables["aggregated_by"]]
    assert sorted(let_in) == sorted(named), "an aggregator that may gather gets nothing"


def recorded(instance: Instance, recorder: Resource) -> None:
    group = recorder.values["recording_group"][0]
    assert group["all_supported"] is True, "not every type of resource is recorded"
    assert group["include_global_resource_types"] is global_resources(instance.variables), "IAM is not recorded as told"
    assert not group.get("resource_types")
    frequency = "CONTINUOUS" if instance.tier == "prod" else "DAILY"
    assert recorder.values["recording_mode"][0]["recording_frequency"] == frequency
    assert instance.plan.one("aws_config_configuration_recorder_status").values["is_enabled"], "it does not record"
    channel = instance.plan.one("aws_config_delivery_channel")
    assert instance.plan.references(channel, "s3_bucket_name") >= {'aws_s3_bucket.this["config"].id'}, "not delivered"
    assert channel.values.get("sns_topic_arn") is None, "AWS Config does not publish to an encrypted topic"


WRONG = [
    Refusal("trail.retention_days", st.sampled_from([0, 30, 364, 400.5])),
    Refusal("trail.topic_arn", st.sampled_from(["siem", "arn:aws:sqs:eu-central-1:111122223333:siem"])),
    Refusal("mfa_delete", st.sampled_from(["Enabled", "on", ""]), where=mfa_delete_off),
    Refusal("mfa_delete", st.just("enable"), says=("mfa_device is needed",), where=mfa_delete_off, name="no device"),
    Refusal("subscribers.alarms", st.sampled_from([["ann"], ["a@b.example", "a@b.example"]])),
    Refusal("aggregated_account_ids", st.sampled_from([["1"], ["111122223333", "x"]])),
    Refusal("aggregated_by", st.sampled_from([[{"account_id": "1", "region": "eu-central-1"}]])),
    Refusal("absent_rules", st.sampled_from([["elb-logging-enabled"]])),
]


@pytest.mark.parametrize("refusal", WRONG, ids=str)
def test_wrong_input_is_refused_with_variable_and_value(laboratory: Laboratory, refusal: Refusal) -> None:
    refused(laboratory, ROOT, refusal)
