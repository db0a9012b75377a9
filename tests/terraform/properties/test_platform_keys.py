"""Keys, topics, buckets and secrets of a platform, proven: each opens to those it was made for and to nobody else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.terraform.inputs import Variables
from tests.terraform.properties import platforms
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.refusal import Refusal, refused
from tests.terraform.properties.strategies import arn
from tests.terraform.properties.subjects import Subject

KEYS = "modules/security/main.tf"
BOUNDARY = "modules/security/boundary.tf"
TOPICS = "modules/monitoring/topics.tf"
BUCKET = "modules/bucket/main.tf"
STORES = "modules/storage/main.tf"
HIDDEN = "modules/secrets/main.tf"
SETTINGS = "modules/settings/main.tf"

SECURITY = Subject("modules/security", platforms.security)
MONITORING = Subject("modules/monitoring", platforms.monitoring)
STORAGE = Subject("modules/storage", platforms.storage)
SECRETS = Subject("modules/secrets", platforms.with_secrets)
UNDOCUMENTED = 'condition     = { ArnLike = { "aws:SourceArn" = "*" }, StringEquals'
RECOVERY = {"develop": 0, "test": 0, "qa": 7, "prod": 30}
WINDOWS = {"develop": 7, "test": 7, "qa": 14, "prod": 30}
WITHOUT_CONDITION = {"Root", "FargateDescribe", "PublisherAlarms"}


def principals(environment: Variables) -> dict[str, set[str]]:
    """Which AWS services each key lets in, besides the account itself."""
    logs = f"logs.{environment['region']}.amazonaws.com"
    return {"ecs": {"fargate.amazonaws.com"}, "ecr": set(), "secrets": set(), "logs": {logs}, "s3": set()}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def in_production(variables: Variables) -> bool:
    return str(variables["environment"]["tier"]) == "prod"


def rotated(variables: Variables) -> bool:
    return any(secret["rotation"] for secret in variables["secrets"].values())


def exempt(variables: Variables) -> bool:
    return any(secret["rotation_exempt_reason"] for secret in variables["secrets"].values())


def check_key(environment: Variables, key: Any, services: set[str]) -> None:
    """A key that rotates, lets in its services under conditions, and leaves the rest to the account's IAM."""
    root = arn(environment, "iam", "root", region=False)
    assert key.values["enable_key_rotation"], "a key does not rotate"
    assert key.values["is_enabled"], "a key is not enabled"
    assert key.values["deletion_window_in_days"] == WINDOWS[environment["tier"]], "not the tier's window"
    found: set[str] = set()
    for statement in key.document("policy")["Statement"]:
        assert isinstance(statement["Principal"], dict), "a key is open to everybody"
        found |= set(listed(statement["Principal"].get("Service", [])))
        assert set(listed(statement["Principal"].get("AWS", root))) == {root}, "a key names a stranger"
        assert statement.get("Condition") or statement["Sid"] in WITHOUT_CONDITION, "let in without a condition"
    assert found == services, f"lets in {found}"


@proof(
    5,
    "KMS encryption at rest",
    part="keys",
    of=SECURITY,
    broken_by=[
        Edit(KEYS, "enable_key_rotation     = true", "enable_key_rotation = false", says="does not rotate"),
        Edit(KEYS, "Principal = { AWS = local.account_root }", 'Principal = "*"', says="everybody"),
        Edit(KEYS, 'Principal = { Service = "logs.${local.region}.amazonaws.com" }',
             'Principal = { Service = "s3.amazonaws.com" }', says="lets in"),
        Edit(KEYS, 's3      = "build artifacts in S3"', "", says="five purposes"),
        Edit(KEYS, '"alias/${var.environment.name}-${each.key}"', '"alias/${each.key}"', says="names"),
        Edit(SETTINGS, "key_deletion_days    = 30", "key_deletion_days = 7", says="window", where=in_production),
    ],
)  # fmt: skip
def test_property_05_kms_encryption_at_rest_keys(instance: Instance) -> None:
    """Five keys, one per purpose, each open to the services that need it and on their own conditions."""
    environment = instance.variables["environment"]
    keys = {str(key.key): key for key in instance.plan.of("aws_kms_key")}
    expected = principals(environment)
    assert set(keys) == set(expected), "not the five purposes"
    for purpose, key in keys.items():
        check_key(environment, key, expected[purpose])
    aliases = {alias.values["name"] for alias in instance.plan.of("aws_kms_alias")}
    assert aliases == {f"alias/{instance.environment}-{purpose}" for purpose in expected}, "other names"
    logs = json.dumps(keys["logs"].document("policy"))
    assert f":log-group:/*/{instance.environment}/*" in logs, "not this environment's groups"


@proof(
    5,
    "KMS encryption at rest",
    part="topics",
    of=MONITORING,
    broken_by=[
        Edit(TOPICS, "  kms_master_key_id = aws_kms_key.topics.arn\n", "", says="not encrypted"),
        Edit(TOPICS, "[for name in sort(keys(local.topics)) : merge", '[for name in ["alarms"] : merge',
             says="lets in"),
        Edit(TOPICS, '"kms:ViaService" = "sns.${var.environment.region}.amazonaws.com"',
             '"aws:SourceAccount" = local.account', says="other conditions of the key"),
        Edit(TOPICS, "condition     = { StringEquals", UNDOCUMENTED,
             says="other conditions of the topic"),
        Edit(TOPICS, "Principal = { Service = topic.publisher }", 'Principal = "*"', says="everybody"),
    ],
)  # fmt: skip
def test_property_05_kms_encryption_at_rest_topics(instance: Instance) -> None:
    """Topics are encrypted with a key that their publishers may use, or CloudWatch would drop alarms in silence."""
    environment = instance.variables["environment"]
    publishers = {"alarms": "cloudwatch.amazonaws.com", "deliveries": "codestar-notifications.amazonaws.com"}
    key = instance.plan.one("aws_kms_key")
    check_key(environment, key, set(publishers.values()))
    through_sns = {"StringEquals": {"kms:ViaService": f"sns.{environment['region']}.amazonaws.com"}}
    conditions = {s["Sid"]: s.get("Condition") for s in key.document("policy")["Statement"]}
    documented = {"Root": None, "PublisherAlarms": None, "PublisherDeliveries": through_sns}
    assert conditions == documented, "other conditions of the key than AWS documents"
    topics = instance.plan.of("aws_sns_topic")
    assert {topic.key for topic in topics} == set(publishers)
    for topic in topics:
        used = instance.plan.references(topic, "kms_master_key_id")
        assert "aws_kms_key.topics.arn" in used, "a topic is not encrypted"
    for policy in instance.plan.of("aws_sns_topic_policy"):
        publish = next(s for s in policy.document("policy")["Statement"] if s["Sid"] == "Publisher")
        assert publish["Principal"] == {"Service": publishers[str(policy.key)]}, "everybody may publish"
        account = {"StringEquals": {"aws:SourceAccount": environment["account_id"]}}
        alarms = {"ArnLike": {"aws:SourceArn": arn(environment, "cloudwatch", "alarm:*")}}
        wanted = account | (alarms if policy.key == "alarms" else {})
        assert publish["Condition"] == wanted, "other conditions of the topic than AWS documents"
    told = {(str(s.key).split("/")[0], s.values["endpoint"]) for s in instance.plan.of("aws_sns_topic_subscription")}
    asked = instance.variables["subscribers"]
    assert told == {(topic, email) for topic, emails in asked.items() for email in emails}, "others are told"


@proof(
    5,
    "KMS encryption at rest",
    part="buckets",
    of=STORAGE,
    broken_by=[
        Edit(BUCKET, '"aws:kms" : "AES256"', '"AES256" : "AES256"', says="our key"),
        Edit(STORES, '  encryption        = "s3"\n', "  kms_key_arn = var.s3_key_arn\n", says="load balancers cannot"),
        Edit(BUCKET, 'status = "Enabled"\n  }\n}\n\nresource "aws_s3_bucket_server',
             'status = "Suspended"\n  }\n}\n\nresource "aws_s3_bucket_server',
             says="versions"),
        Edit(BUCKET, "restrict_public_buckets = true", "restrict_public_buckets = false", says="public"),
    ],
)  # fmt: skip
def test_property_05_kms_encryption_at_rest_buckets(instance: Instance) -> None:
    """Artifacts are encrypted with the environment's key; logs, which AWS itself writes, with S3's own."""
    for bucket in ("logs", "artifacts"):
        module = f"module.{bucket}."
        encryption = instance.plan.one("aws_s3_bucket_server_side_encryption_configuration", module=module)
        how = encryption.values["rule"][0]["apply_server_side_encryption_by_default"][0]
        if bucket == "logs":
            assert how["sse_algorithm"] == "AES256", "load balancers cannot write"
        else:
            key = instance.variables["s3_key_arn"]
            assert (how["sse_algorithm"], how["kms_master_key_id"]) == ("aws:kms", key), "not encrypted with our key"
        versioning = instance.plan.one("aws_s3_bucket_versioning", module=module).values["versioning_configuration"]
        assert versioning[0]["status"] == "Enabled", "keeps no versions"
        block = instance.plan.one("aws_s3_bucket_public_access_block", module=module).values
        assert all(block[name] for name in block if name.startswith(("block_", "ignore_", "restrict_"))), "is public"


@proof(
    6,
    "TLS encryption in transit",
    part="buckets",
    of=STORAGE,
    broken_by=[
        Edit(BUCKET, '"aws:SecureTransport" = "false"', '"aws:SecureTransport" = "true"', says="without TLS"),
        Edit(BUCKET, "concat([local.tls_only], jsondecode(var.statements))", "jsondecode(var.statements)",
             says="without TLS"),
    ],
)  # fmt: skip
def test_property_06_tls_encryption_in_transit_buckets(instance: Instance) -> None:
    """Nobody reaches a bucket without TLS."""
    policies = instance.plan.of("aws_s3_bucket_policy")
    assert len(policies) == 2
    for policy in policies:
        denied = [s for s in policy.document("policy")["Statement"] if s["Effect"] == "Deny" and s["Principal"] == "*"]
        conditions = [(statement["Action"], statement["Condition"]) for statement in denied]
        assert conditions == [("s3:*", {"Bool": {"aws:SecureTransport": "false"}})], "answers without TLS"


@proof(
    31,
    "ALB access logging",
    part="bucket",
    of=STORAGE,
    broken_by=[
        Edit(STORES, "logdelivery.elasticloadbalancing.amazonaws.com", "ec2.amazonaws.com", says="write"),
        Edit(STORES, "${local.logs_arn}/alb/AWSLogs/${var.environment.account_id}/*", "${local.logs_arn}/*",
             says="of this account"),
        Edit(STORES, "${local.logs_arn}/alb/AWSLogs/${var.environment.account_id}/*\"\n",
             "${local.logs_arn}/alb/AWSLogs/${var.environment.account_id}/*\"\n      Condition = { ArnLike = "
             '{ "aws:SourceArn" = "arn:aws:elasticloadbalancing:*:*:loadbalancer/*" } }\n', says="does not document"),
        Edit(SETTINGS, "access_log_days      = 365", "access_log_days = 30", says="long enough", where=in_production),
    ],
)  # fmt: skip
def test_property_31_alb_access_logging_bucket(instance: Instance) -> None:
    """Load balancers of this account may write into the bucket for logs, which keeps them as long as the tier says."""
    environment = instance.variables["environment"]
    policy = instance.plan.one("aws_s3_bucket_policy", module="module.logs.").document("policy")
    writers = [s for s in policy["Statement"] if s["Sid"] == "LoadBalancersOfThisAccount"]
    principal = {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert [writer["Principal"] for writer in writers] == [principal], "load balancers cannot write"
    assert "Condition" not in writers[0], "a condition that AWS does not document"
    prefix = f"/alb/AWSLogs/{environment['account_id']}/*"
    assert writers[0]["Resource"].endswith(prefix), "not only logs of this account"
    expires = instance.plan.one("aws_s3_bucket_lifecycle_configuration", module="module.logs.").values["rule"][0]
    assert expires["expiration"][0]["days"] == (365 if instance.tier == "prod" else 30), "not kept long enough"


@proof(
    45,
    "Secret rotation configuration",
    of=SECRETS,
    broken_by=[
        Edit(HIDDEN, "each.value.days < 90 ? each.value.days : 90", "365", says="days", where=rotated),
        Edit(HIDDEN, "{ RotationExempt = each.value.rotation_exempt_reason }", "{}", says="says why", where=exempt),
        Edit(HIDDEN, "rotate_immediately  = false", "rotate_immediately = true", says="no value yet", where=rotated),
        Edit(HIDDEN, "  kms_key_id              = var.secrets_key_arn\n", "", says="our key"),
        Edit(HIDDEN, "resource \"aws_secretsmanager_secret_rotation\"",
             'resource "aws_secretsmanager_secret_version" "this" {\n  for_each      = var.secrets\n'
             '  secret_id     = each.key\n  secret_string = "x"\n}\n\nresource "aws_secretsmanager_secret_rotation"',
             says="value"),
        Edit(SETTINGS, "secret_recovery_days = 30", "secret_recovery_days = 7",
             says="brought back", where=in_production),
        Edit(HIDDEN, '"${local.prefix}${each.key}"', "each.key", says="another environment"),
    ],
)  # fmt: skip
def test_property_45_secret_rotation_configuration(instance: Instance) -> None:
    """Each secret is rotated at most every 90 days or says why not; no value of one is in the plan."""
    wanted = instance.variables["secrets"]
    made = {str(secret.key): secret.values for secret in instance.plan.of("aws_secretsmanager_secret")}
    rotations = {str(r.key): r.values for r in instance.plan.of("aws_secretsmanager_secret_rotation")}
    assert set(made) == set(wanted)
    assert not instance.plan.of("aws_secretsmanager_secret_version"), "a value is in the plan"
    for name, secret in made.items():
        assert secret.get("kms_key_id") == instance.variables["secrets_key_arn"], "not encrypted with our key"
        assert secret["name"] == f"{instance.environment}/{name}", "its name may be another environment's"
        assert secret["recovery_window_in_days"] == RECOVERY[instance.tier], "cannot be brought back"
        if rotation := wanted[name]["rotation"]:
            days = rotations[name]["rotation_rules"][0]["automatically_after_days"]
            assert (rotations[name]["rotation_lambda_arn"], days) == tuple(rotation.values()), (
                f"rotated after {days} days"
            )
            assert not rotations[name]["rotate_immediately"], "there is no value yet"
        else:
            assert name not in rotations
            assert (secret["tags"] or {}).get("RotationExempt") == wanted[name]["rotation_exempt_reason"], (
                "nothing says why"
            )


def only(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


WRONG = [
    (MONITORING, Refusal("subscribers.alarms", only([["oncall"], ["a b@c.de"], ["a@b"]]), ("mail addresses",))),
    (MONITORING, Refusal("subscribers.deliveries", st.just(["a@b.de", "a@b.de"]), ("twice",), name="told twice")),
    (MONITORING, Refusal("alb_arn_suffix", only(["net/a/0", "app/a", ""]))),
    (MONITORING, Refusal("cluster_name", only(["", "a b"]))),
    (STORAGE, Refusal("s3_key_arn", only(["alias/s3", ""]))),
    (SECRETS, Refusal("secrets_key_arn", only(["alias/secrets", ""]))),
    (SECURITY, Refusal("vpc.cidr", only(["10.0.0.0", "vpc"]))),
    (SECURITY, Refusal("data_resources", only([["orders"], ["arn:aws:iam:::role/x"], ["arn:aws:sqs:" + "x" * 1000]]))),
    (SECURITY, Refusal("broker_cidrs", only([["brokers"], ["10.0.0.1/8"]]))),
    (SECURITY, Refusal("broker_security_group_id", only(["brokers", "sg-x", "1/sg-0a", "/sg-0a"]))),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "refusal"), [pytest.param(*one, id=f"{one[0].name} {one[1]}") for one in WRONG])
def test_wrong_input_is_refused_with_variable_and_value(
    laboratory: Laboratory, subject: Subject, refusal: Refusal
) -> None:
    refused(laboratory, subject, refusal)
