"""The platform's root, proven: what holds over all of its modules together, in every tier."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.terraform.inputs import TIERS, Variables
from tests.terraform.plans import Resource
from tests.terraform.properties import platforms
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.refusal import Refusal, refused

PLATFORM = platforms.OfEveryTier("roots/platform", platforms.rest, shared=platforms.tops(*TIERS), plans=12)
SETTINGS = "modules/settings/main.tf"
PROVIDER = "roots/platform/providers.tf"
ALB_MAIN = "modules/alb/main.tf"
GROUPS = "modules/security/groups.tf"
ENDPOINTS = "modules/network/endpoints.tf"
EVERYBODY = {"0.0.0.0/0", "::/0"}
OPEN_DEFAULT = """
  ingress = [{
    description      = "anything inside the group"
    from_port        = 0
    to_port          = 0
    protocol         = "-1"
    self             = true
    cidr_blocks      = []
    ipv6_cidr_blocks = []
    prefix_list_ids  = []
    security_groups  = []
  }]
"""
KAFKA = (9092, 9094, 9096, 9098)

# The tier's settings of the requirements, as far as the platform has them.
TABLE: dict[str, dict[str, Any]] = {
    "develop": {"logs": 30, "protected": False, "disposable": True, "recovery": 0, "window": 7, "spot": 4},
    "test": {"logs": 30, "protected": False, "disposable": True, "recovery": 0, "window": 7, "spot": 4},
    "qa": {"logs": 30, "protected": False, "disposable": False, "recovery": 7, "window": 14, "spot": 1},
    "prod": {"logs": 90, "protected": True, "disposable": False, "recovery": 30, "window": 30, "spot": None},
}

# Types of this root that have no tags in the provider.
UNTAGGED = {
    "aws_route", "aws_route_table_association", "aws_kms_alias", "aws_iam_role_policy",
    "aws_iam_role_policies_exclusive", "aws_iam_role_policy_attachments_exclusive",
    "aws_secretsmanager_secret_rotation", "aws_vpc_peering_connection_options",
    "aws_ecs_cluster_capacity_providers", "aws_cloudwatch_dashboard", "aws_cloudwatch_log_resource_policy",
    "aws_sns_topic_policy", "aws_sns_topic_subscription", "aws_wafv2_web_acl_association",
    "aws_wafv2_web_acl_logging_configuration", "aws_s3_bucket_logging", "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_public_access_block", "aws_s3_bucket_versioning", "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_server_side_encryption_configuration", "aws_s3_bucket_policy", "aws_s3_bucket_notification",
}  # fmt: skip


def tier_is(*tiers: str) -> Any:
    return lambda variables: variables["environment"]["tier"] in tiers


def without_nat(variables: Variables) -> bool:
    return str(variables["network"]["nat"]) == "none"


def groups(instance: Instance) -> dict[str, Resource]:
    found = instance.plan.of("aws_security_group", "aws_default_security_group")
    return {group.address.split(".aws_")[0].removeprefix("module.") + "." + group.name: group for group in found}


def rules(group: Resource, way: str) -> list[tuple[Any, ...]]:
    """A group's rules as ports, protocol and the other side."""
    return sorted(
        (rule["from_port"], rule["to_port"], rule["protocol"], *rule["cidr_blocks"], *rule["security_groups"])
        for rule in group.values[way]
    )


@proof(
    9,
    "CloudWatch log retention",
    of=PLATFORM,
    broken_by=[
        Edit(SETTINGS, "log_days             = 90", "log_days = 30", says="days", where=tier_is("prod")),
        Edit("modules/cluster/main.tf", "  kms_key_id        = var.kms.logs\n", "", says="encrypted"),
        Edit("modules/cluster/main.tf", "/aws/ecs/containerinsights/${var.environment.name}/performance",
             "/cluster/${var.environment.name}/insights", says="by itself"),
        Edit("modules/network/flow_logs.tf", "  retention_in_days = module.settings.settings.log_days\n", "",
             says="days"),
    ],
)  # fmt: skip
def test_property_09_cloudwatch_log_retention(instance: Instance) -> None:
    """Every log group keeps what it has as long as the tier says, encrypted."""
    found = instance.plan.of("aws_cloudwatch_log_group")
    assert len(found) == (4 if instance.variables["alb"]["firewall"] else 3)
    insights = f"/aws/ecs/containerinsights/{instance.environment}/performance"
    assert insights in {group.values["name"] for group in found}, "Container Insights makes its group by itself"
    for group in found:
        days = group.values.get("retention_in_days")
        assert days == TABLE[instance.tier]["logs"], f"{group.values['name']} is kept for {days} days"
        assert "kms_key_id" in group.unknown, f"{group.values['name']} is not encrypted"


@proof(
    10,
    "Security group least privilege",
    of=PLATFORM,
    broken_by=[
        Edit(ALB_MAIN, '443 = "HTTPS" }', '443 = "HTTPS", 22 = "SSH" }', says="open to everybody"),
        Edit(ALB_MAIN, "cidr_blocks      = [var.vpc.cidr]", 'cidr_blocks      = ["0.0.0.0/0"]',
             says="out to everybody"),
        Edit(GROUPS, "description      = purpose", 'description = ""', says="says why"),
        Edit(ENDPOINTS, "[var.network.cidr]", '["0.0.0.0/0"]', says="open to everybody", where=without_nat),
        Edit(GROUPS, '  name        = "${var.environment.name}-kafka-client"',
             '  name        = "${var.environment.name}-kafka-client"\n  revoke_rules_on_delete = true', says="revoked"),
    ],
)  # fmt: skip
def test_property_10_security_group_least_privilege(instance: Instance) -> None:
    """Nobody comes in from everywhere but to the load balancer's two ports; every rule is inline and says why."""
    for name, group in groups(instance).items():
        for rule in group.values["ingress"]:
            assert rule["protocol"] != "-1", f"{name} takes any protocol"
            if EVERYBODY & {*rule["cidr_blocks"], *rule["ipv6_cidr_blocks"]}:
                ports = (rule["from_port"], rule["to_port"])
                assert (name, ports) in {("alb.this", (80, 80)), ("alb.this", (443, 443))}, (
                    f"{name} is open to everybody"
                )
        for rule in group.values["egress"]:
            world = EVERYBODY & {*rule["cidr_blocks"], *rule["ipv6_cidr_blocks"]}
            assert not world, f"{name} leads out to everybody"
        every = (*group.values["ingress"], *group.values["egress"])
        assert all(rule["description"] for rule in every), f"nobody says why {name} is so"
        assert not group.values["revoke_rules_on_delete"], "rules of others are revoked"
    apart = ("aws_security_group_rule", "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")
    assert not instance.plan.of(*apart), "a rule outside of its group, which others could not be told from"


@proof(
    35,
    "Comprehensive security group rules",
    of=PLATFORM,
    broken_by=[
        Edit(GROUPS, '    9098 = "Kafka with IAM"\n', "", says="kafka_client"),
        Edit(GROUPS, "security_groups  = local.broker_groups", "security_groups  = []", says="kafka_client",
             where=lambda variables: bool(variables["kafka"]["broker_security_group_id"])),
        Edit(GROUPS, "? var.broker_cidrs : [var.vpc.cidr]", "? [] : [var.vpc.cidr]", says="kafka_client",
             where=lambda variables: bool(variables["kafka"]["broker_cidrs"])),
        Edit(ALB_MAIN, '80 = "HTTP, answered with a redirect", ', "", says="alb"),
        Edit(ALB_MAIN, "    to_port          = 65535\n", "    to_port          = 1024\n", says="alb"),
        Edit(ENDPOINTS, "from_port        = 443", "from_port        = 80", says="endpoints", where=without_nat),
        Edit("modules/network/main.tf", "  ingress = []\n", OPEN_DEFAULT, says="default"),
    ],
)  # fmt: skip
def test_property_35_comprehensive_security_group_rules(instance: Instance) -> None:
    """The shared groups have exactly the rules of docs/environments.md."""
    cidr = instance.variables["network"]["cidr"]
    kafka = instance.variables["kafka"]
    groups_of_brokers = [kafka["broker_security_group_id"]] if kafka["broker_security_group_id"] else []
    brokers = (*(kafka["broker_cidrs"] or ([] if groups_of_brokers else [cidr])), *groups_of_brokers)
    web = [(80, 80, "tcp", "0.0.0.0/0"), (443, 443, "tcp", "0.0.0.0/0")]
    expected: dict[str, tuple[list[Any], list[Any]]] = {
        "alb.this": (web, [(1, 65535, "tcp", cidr)]),
        "security.internal_services": ([], []),
        "security.kafka_client": ([], [(port, port, "tcp", *brokers) for port in KAFKA]),
        "network.this": ([], []),
    }
    if without_nat(instance.variables):
        expected["network.endpoints"] = ([(443, 443, "tcp", cidr)], [])
    found = groups(instance)
    assert set(found) == set(expected), "other groups"
    for name, (ways_in, ways_out) in expected.items():
        what = "default" if name == "network.this" else name
        assert (rules(found[name], "ingress"), rules(found[name], "egress")) == (ways_in, ways_out), f"rules of {what}"


@proof(
    46,
    "Environment-specific configuration",
    of=PLATFORM,
    broken_by=[
        Edit(SETTINGS, "deletion_protection  = true", "deletion_protection = false", says="protected",
             where=tier_is("prod")),
        Edit(SETTINGS, "disposable           = false", "disposable = true", says="disposable",
             where=tier_is("prod", "qa")),
        Edit(SETTINGS, "secret_recovery_days = 0", "secret_recovery_days = 7", says="recovery",
             where=tier_is("develop", "test")),
        Edit(SETTINGS, "key_deletion_days    = 14", "key_deletion_days = 7", says="window", where=tier_is("qa")),
        Edit(SETTINGS, "log_days             = 30", "log_days = 90", says="logs",
             where=tier_is("develop", "test", "qa")),
    ],
)  # fmt: skip
def test_property_46_environment_specific_configuration(instance: Instance) -> None:
    """Prove that a tier means what the table of the requirements says."""
    expected = TABLE[instance.tier]
    plan = instance.plan
    found: dict[str, set[Any]] = {
        "logs": {group.values["retention_in_days"] for group in plan.of("aws_cloudwatch_log_group")},
        "protected": {balancer.values["enable_deletion_protection"] for balancer in plan.of("aws_lb")},
        "disposable": {bucket.values["force_destroy"] for bucket in plan.of("aws_s3_bucket")},
        "recovery": {secret.values["recovery_window_in_days"] for secret in plan.of("aws_secretsmanager_secret")},
        "window": {key.values["deletion_window_in_days"] for key in plan.of("aws_kms_key")},
    }
    for name, values in found.items():
        assert values == {expected[name]}, f"{name}: {values}"
    (providers,) = plan.of("aws_ecs_cluster_capacity_providers")
    strategy = providers.values["default_capacity_provider_strategy"]
    spot = [entry["weight"] for entry in strategy if entry["capacity_provider"] == "FARGATE_SPOT"]
    assert spot == ([expected["spot"]] if instance.variables["cluster"]["spot"] else []), f"spot: {spot}"
    gateways = len(plan.of("aws_nat_gateway"))
    assert gateways == 3 or instance.tier != "prod", "production has a NAT gateway per zone"


@proof(
    51,
    "Mandatory environment tags",
    of=PLATFORM,
    broken_by=[
        Edit(PROVIDER, "      Owner       = var.tags.owner\n", "", says="Owner"),
        Edit(PROVIDER, "      Environment = var.environment.name\n", '      Environment = "some"\n',
             says="Environment"),
        Edit(PROVIDER, "      CostCenter  = var.tags.cost_center\n", "", says="CostCenter"),
        Edit("modules/network/main.tf", 'tags = { Name = var.environment.name }', 'tags = { Owner = "me" }',
             says="Owner"),
    ],
)  # fmt: skip
def test_property_51_mandatory_environment_tags(instance: Instance) -> None:
    """Whatever can carry tags says which environment it belongs to, who owns it and who pays."""
    tags = instance.variables["tags"]
    wanted = {"Environment": instance.environment, "Tier": instance.tier, "Owner": tags["owner"],
              "CostCenter": tags["cost_center"], "ManagedBy": "reconciler"}  # fmt: skip
    for resource in instance.plan.resources:
        if resource.type in UNTAGGED:
            assert "tags_all" not in resource.values
            continue
        found = resource.values["tags_all"]
        for name, value in wanted.items():
            assert found.get(name) == value, f"{resource.address} is tagged {name}={found.get(name)}"


@proof(
    55,
    "Mandatory compliance tags",
    of=PLATFORM,
    broken_by=[
        Edit(PROVIDER, "      Compliance  = var.tags.compliance\n", "", says="compliance"),
        Edit(PROVIDER, "Compliance  = var.tags.compliance", 'Compliance  = "none"', says="compliance"),
    ],
)  # fmt: skip
def test_property_55_mandatory_compliance_tags(instance: Instance) -> None:
    """Whatever can carry tags says its class of compliance."""
    tagged = [resource for resource in instance.plan.resources if resource.type not in UNTAGGED]
    assert tagged
    for resource in tagged:
        assert resource.values["tags_all"].get("Compliance") == instance.variables["tags"]["compliance"], (
            f"{resource.address} has no compliance class, or another"
        )


def test_the_instances_are_of_every_tier(laboratory: Laboratory) -> None:
    assert {instance.tier for instance in laboratory.batch(PLATFORM)} == set(TIERS)


def test_no_plan_holds_a_dashboard_that_does_not_parse(laboratory: Laboratory) -> None:
    body = laboratory.batch(PLATFORM)[0].plan.one("aws_cloudwatch_dashboard")
    assert "dashboard_body" in body.unknown or json.loads(body.values["dashboard_body"])


UNFIT = st.sampled_from(["", "a|b", "x" * 257])
WRONG = [Refusal(f"tags.{name}", UNFIT) for name in ("owner", "cost_center", "compliance")]


@pytest.mark.parametrize("refusal", WRONG, ids=str)
def test_wrong_input_is_refused_with_variable_and_value(laboratory: Laboratory, refusal: Refusal) -> None:
    refused(laboratory, PLATFORM, refusal)
