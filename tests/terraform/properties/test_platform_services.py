"""The load balancer and the cluster of a platform, proven: TLS from end to end of the internet, everything logged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from tests.terraform.inputs import Variables
from tests.terraform.plans import Resource
from tests.terraform.properties import platforms
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.refusal import Refusal, refused
from tests.terraform.properties.services import depends_on
from tests.terraform.properties.subjects import Subject

ALB_MAIN = "modules/alb/main.tf"
WAF = "modules/alb/waf.tf"
CLUSTER_MAIN = "modules/cluster/main.tf"
SETTINGS = "modules/settings/main.tf"

ALB = Subject("modules/alb", platforms.balancers)
CLUSTER = Subject("modules/cluster", platforms.with_cluster)
TLS_POLICIES = {"ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"}
REDIRECT = """type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }"""
ANSWER = """type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      status_code  = "200"
    }"""
EXPLOITS = "AWSManagedRulesKnownBadInputsRuleSet"  # never only counted
BLOCKING = {
    "AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesCommonRuleSet",
}  # fmt: skip


def in_production(variables: Variables) -> bool:
    return str(variables["environment"]["tier"]) == "prod"


def behind_a_firewall(variables: Variables) -> bool:
    return bool(variables["firewall"])


def with_spot(variables: Variables) -> bool:
    return bool(variables["cluster"]["spot"])


@proof(
    6,
    "TLS encryption in transit",
    part="listeners",
    of=ALB,
    broken_by=[
        Edit(ALB_MAIN, "ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-2016-08", says="old TLS"),
        Edit(ALB_MAIN, REDIRECT, ANSWER, says="without TLS"),
        Edit(ALB_MAIN, "  certificate_arn   = var.certificate_arn\n", "  certificate_arn = null\n", says="certificate"),
    ],
)  # fmt: skip
def test_property_06_tls_encryption_in_transit_listeners(instance: Instance) -> None:
    """HTTPS with a current policy and the environment's certificate; HTTP answers nothing but a redirect."""
    listeners = {listener.values["port"]: listener.values for listener in instance.plan.of("aws_lb_listener")}
    assert set(listeners) == {80, 443}
    https, http = listeners[443], listeners[80]
    assert https["protocol"] == "HTTPS"
    assert https["ssl_policy"] in TLS_POLICIES, "takes old TLS"
    assert https["certificate_arn"] == instance.variables["certificate_arn"], "another certificate, or none"
    assert [action["type"] for action in http["default_action"]] == ["redirect"], "answers without TLS"


@proof(
    31,
    "ALB access logging",
    part="load balancer",
    of=ALB,
    broken_by=[
        Edit(ALB_MAIN, "    enabled = true\n", "    enabled = false\n", says="not logged"),
        Edit(ALB_MAIN, "bucket  = var.access_logs.bucket", 'bucket  = "another"', says="elsewhere"),
        Edit(WAF, 'default_behavior = "DROP"', 'default_behavior = "KEEP"', says="allowed", where=behind_a_firewall),
        Edit(WAF, 'name = "cookie"', 'name = "accept"', says="cookies", where=behind_a_firewall),
        Edit(WAF, "resource_arn            = aws_wafv2_web_acl.this[each.key].arn", "resource_arn = aws_lb.this.arn",
             says="firewall", where=behind_a_firewall),
    ],
)  # fmt: skip
def test_property_31_alb_access_logging_load_balancer(instance: Instance) -> None:
    """Every request is logged, and what the firewall blocks or counts, without what would let a reader in."""
    (logs,) = instance.plan.one("aws_lb").values["access_logs"]
    assert logs["enabled"], "requests are not logged"
    assert (logs["bucket"], logs["prefix"]) == tuple(instance.variables["access_logs"].values()), "logged elsewhere"
    if not behind_a_firewall(instance.variables):
        return
    firewall = instance.plan.one("aws_wafv2_web_acl_logging_configuration")
    assert "aws_wafv2_web_acl.this" in instance.plan.references(firewall, "resource_arn"), "not the firewall's log"
    (kept,) = firewall.values["logging_filter"]
    assert kept["default_behavior"] == "DROP", "allowed requests are logged twice"
    actions = {(f["behavior"], c["action_condition"][0]["action"]) for f in kept["filter"] for c in f["condition"]}
    assert actions == {("KEEP", "BLOCK"), ("KEEP", "COUNT")}, "other decisions are logged"
    redacted = {field["single_header"][0]["name"] for field in firewall.values["redacted_fields"]}
    assert redacted == {"authorization", "cookie"}, "credentials or cookies are logged"
    group = instance.plan.one("aws_cloudwatch_log_group").values
    assert group["name"].startswith("aws-waf-logs-"), "AWS takes no other name"
    assert group["kms_key_id"] == instance.variables["logs_key_arn"]


@proof(
    40,
    "TLS termination",
    of=ALB,
    broken_by=[
        Edit(ALB_MAIN, '"HTTP_301"', '"HTTP_302"', says="for good"),
        Edit(ALB_MAIN, "drop_invalid_header_fields = true", "drop_invalid_header_fields = false", says="smuggled"),
        Edit(ALB_MAIN, '"defensive"', '"monitor"', says="smuggled"),
        Edit(ALB_MAIN, "internal                   = false", "internal = true", says="public"),
        Edit(SETTINGS, "deletion_protection  = true", "deletion_protection = false",
             says="by mistake", where=in_production),
        Edit(WAF, "web_acl_arn  = aws_wafv2_web_acl.this[each.key].arn", "web_acl_arn = aws_lb.this.arn",
             says="firewall", where=behind_a_firewall),
        Edit(WAF, "var.firewall_mode ==", "var.firewall_mode !=", says="blocks by", where=behind_a_firewall),
        Edit(WAF, "limit              = var.rate_limit", "limit = 2000000000", says="rate", where=behind_a_firewall),
        Edit(WAF, "var.firewall ?", "!var.firewall ?", says="asked for"),
    ],
)  # fmt: skip
def test_property_40_tls_termination(instance: Instance) -> None:
    """TLS ends at one public load balancer, which sends HTTP to HTTPS for good, takes no doubtful request and stands
    behind a firewall where one is asked for."""
    balancer = instance.plan.one("aws_lb").values
    assert (balancer["internal"], balancer["load_balancer_type"]) == (False, "application"), "not the public entrance"
    assert balancer["drop_invalid_header_fields"], "requests can be smuggled"
    assert balancer["desync_mitigation_mode"] in ("defensive", "strictest"), "requests can be smuggled"
    assert set(balancer["subnets"]) == set(instance.variables["vpc"]["public_subnet_ids"])
    assert balancer["enable_deletion_protection"] == (instance.tier == "prod"), "deleted by mistake"
    (redirect,) = instance.plan.one("aws_lb_listener", "http").values["default_action"][0]["redirect"]
    to = (redirect["port"], redirect["protocol"], redirect["status_code"])
    assert to == ("443", "HTTPS", "HTTP_301"), "HTTP does not redirect for good"
    walls = instance.plan.of("aws_wafv2_web_acl")
    assert len(walls) == behind_a_firewall(instance.variables), "a firewall, or none, as asked for"
    for wall in walls:
        check_firewall(instance, wall)


def check_firewall(instance: Instance, wall: Resource) -> None:
    association = instance.plan.one("aws_wafv2_web_acl_association")
    assert "aws_wafv2_web_acl.this" in instance.plan.references(association, "web_acl_arn"), "no firewall"
    rules = {rule["name"]: rule for rule in wall.values["rule"]}
    rate = rules["rate-per-address"]["statement"][0]["rate_based_statement"][0]
    assert rate["limit"] == instance.variables["rate_limit"], "another rate"
    overrides = {name: rule["override_action"][0] for name, rule in rules.items() if rule["override_action"]}
    blocks = {name for name, override in overrides.items() if override["none"]}
    counts = {name for name, override in overrides.items() if override["count"]}
    mode = instance.variables["firewall_mode"]
    assert blocks == (BLOCKING if mode == "block" else {EXPLOITS}), f"blocks by {sorted(blocks)}"
    assert counts == set(overrides) - blocks, f"counts by {sorted(counts)}"
    assert rules["rate-per-address"]["action"][0]["block"], "the limit does not block"


@proof(
    11,
    "Container insights enabled",
    of=CLUSTER,
    broken_by=[
        Edit(CLUSTER_MAIN, '? "enhanced" : "enabled"', '? "disabled" : "disabled"', says="insights"),
        Edit(SETTINGS, 'insights             = "enhanced"', 'insights = "enabled"', says="insights",
             where=lambda variables: in_production(variables) and variables["cluster"]["insights"] is None),
    ],
)  # fmt: skip
def test_property_11_container_insights_enabled(instance: Instance) -> None:
    """Container Insights are on, enhanced in production unless the manifest says otherwise."""
    (setting,) = instance.plan.one("aws_ecs_cluster").values["setting"]
    expected = instance.variables["cluster"]["insights"] or ("enhanced" if instance.tier == "prod" else "enabled")
    assert setting == {"name": "containerInsights", "value": expected}, "insights are off, or of another kind"


@proof(
    47,
    "Cluster per environment",
    of=CLUSTER,
    broken_by=[
        Edit(CLUSTER_MAIN, "  name = var.environment.name\n", '  name = "shared"\n', says="own cluster"),
        Edit(CLUSTER_MAIN, "  depends_on = [aws_cloudwatch_log_group.insights]\n", "", says="after its log group"),
        Edit(CLUSTER_MAIN, 'logging    = "OVERRIDE"', 'logging    = "DEFAULT"', says="sessions"),
        Edit(CLUSTER_MAIN, "cloud_watch_encryption_enabled = true", "cloud_watch_encryption_enabled = false",
             says="sessions"),
        Edit(CLUSTER_MAIN, "fargate_ephemeral_storage_kms_key_id = var.kms.ecs", "kms_key_id = var.kms.ecs",
             says="storage"),
        Edit(CLUSTER_MAIN, 'capacity_providers = ["FARGATE", "FARGATE_SPOT"]', 'capacity_providers = ["FARGATE"]',
             says="providers"),
        Edit(CLUSTER_MAIN, "var.cluster.spot ? { FARGATE_SPOT", "true ? { FARGATE_SPOT",
             says="Spot", where=in_production),
        Edit(SETTINGS, "spot_weight          = 4", "spot_weight = 9", says="Spot",
             where=lambda v: with_spot(v) and v["environment"]["tier"] in ("develop", "test")),
    ],
)  # fmt: skip
def test_property_47_cluster_per_environment(instance: Instance) -> None:
    """An environment has its own cluster, with encrypted and logged sessions, and Spot only where it is allowed."""
    cluster = instance.plan.one("aws_ecs_cluster").values
    assert cluster["name"] == instance.environment, "not its own cluster"
    assert "aws_cloudwatch_log_group.insights" in depends_on(instance, "aws_ecs_cluster.this"), (
        "not after its log group"
    )
    configuration = cluster["configuration"][0]
    sessions = configuration["execute_command_configuration"][0]
    assert (sessions["logging"], sessions["kms_key_id"]) == ("OVERRIDE", instance.variables["kms"]["ecs"]), "sessions"
    assert sessions["log_configuration"][0]["cloud_watch_encryption_enabled"], "sessions are logged in clear text"
    storage = configuration["managed_storage_configuration"][0]
    assert storage["fargate_ephemeral_storage_kms_key_id"] == instance.variables["kms"]["ecs"], "storage is not ours"
    providers = instance.plan.one("aws_ecs_cluster_capacity_providers").values
    assert set(providers["capacity_providers"]) == {"FARGATE", "FARGATE_SPOT"}, "not both providers"
    weights = {entry["capacity_provider"]: entry for entry in providers["default_capacity_provider_strategy"]}
    assert (weights["FARGATE"]["base"], weights["FARGATE"]["weight"]) == (1, 1)
    spot = {"develop": 4, "test": 4, "qa": 1}[instance.tier] if with_spot(instance.variables) else None
    assert (weights["FARGATE_SPOT"]["weight"] if "FARGATE_SPOT" in weights else None) == spot, "Spot as the tier allows"
    namespace = instance.plan.one("aws_service_discovery_private_dns_namespace").values["name"]
    assert namespace == f"{instance.environment}.internal"


def only(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


WRONG = [
    (ALB, Refusal("certificate_arn", only(["mine", "arn:aws:iam::123456789012:server-certificate/a"]))),
    (ALB, Refusal("access_logs.prefix", only(["/alb", "alb/", ""]))),
    (ALB, Refusal("logs_key_arn", only(["alias/logs", ""]))),
    (CLUSTER, Refusal("cluster.insights", only(["disabled", "on", ""]))),
    (CLUSTER, Refusal("vpc_id", only(["vpc", "subnet-0a"]))),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "refusal"), [pytest.param(*one, id=f"{one[0].name} {one[1]}") for one in WRONG])
def test_wrong_input_is_refused_with_variable_and_value(
    laboratory: Laboratory, subject: Subject, refusal: Refusal
) -> None:
    refused(laboratory, subject, refusal)
