"""The plan of an environment's platform before anything is applied, read from real plans."""

from __future__ import annotations

import re
from decimal import Decimal
from ipaddress import ip_network
from itertools import combinations

import pytest

from tests.terraform.inputs import ACCOUNT, REGION, TAGS
from tests.terraform.plans import Plan, Resource
from tests.terraform.runs import PROJECT

pytestmark = pytest.mark.aws
ZONES = {f"{REGION}{letter}" for letter in "abc"}


def test_each_zone_has_a_private_and_a_public_subnet_that_overlap_with_nothing(prod_platform: Plan) -> None:
    subnets = prod_platform.of("aws_subnet")
    vpc = ip_network(prod_platform.one("aws_vpc").values["cidr_block"])
    for name, length in (("private", 20), ("public", 24)):
        mine = [subnet.values for subnet in subnets if subnet.name == name]
        assert {subnet["availability_zone"] for subnet in mine} == ZONES
        assert {ip_network(subnet["cidr_block"]).prefixlen for subnet in mine} == {length}
    networks = [ip_network(subnet.values["cidr_block"]) for subnet in subnets]
    assert len(networks) == 6
    assert all(network.subnet_of(vpc) for network in networks)  # type: ignore[arg-type]  # all are IPv4
    assert not any(one.overlaps(other) for one, other in combinations(networks, 2))
    assert not any(subnet.values["map_public_ip_on_launch"] for subnet in subnets)


def test_only_the_public_table_leads_to_the_internet_gateway(prod_platform: Plan) -> None:
    routes = {(route.name, route.key): route for route in prod_platform.of("aws_route")}
    assert {name for name, route in routes.items() if "gateway_id" in route.unknown} == {("public_internet", None)}
    assert {name for name, route in routes.items() if "nat_gateway_id" in route.unknown} == {
        ("private_nat", zone) for zone in ZONES
    }


def test_production_has_a_nat_gateway_per_zone_and_develop_may_share_one(
    prod_platform: Plan, develop_platform: Plan
) -> None:
    assert {gateway.key for gateway in prod_platform.of("aws_nat_gateway")} == ZONES
    assert [gateway.key for gateway in develop_platform.of("aws_nat_gateway")] == [f"{REGION}a"]
    assert len(develop_platform.of("aws_route")) == 4
    assert {address.values["domain"] for address in prod_platform.of("aws_eip")} == {"vpc"}


def test_every_connection_is_logged(prod_platform: Plan) -> None:
    flow_log = prod_platform.one("aws_flow_log")
    assert flow_log.values["traffic_type"] == "ALL"
    assert flow_log.values["max_aggregation_interval"] == 60


def test_the_only_way_in_from_the_internet_is_the_load_balancers_80_and_443(prod_platform: Plan) -> None:
    open_ports = {
        (group.name, rule["from_port"], rule["to_port"])
        for group in prod_platform.of("aws_security_group", "aws_default_security_group")
        for rule in group.values["ingress"]
        if {"0.0.0.0/0", "::/0"} & {*rule["cidr_blocks"], *rule["ipv6_cidr_blocks"]}
    }
    assert open_ports == {("this", 80, 80), ("this", 443, 443)}


def test_groups_own_all_of_their_rules(prod_platform: Plan) -> None:
    closed = prod_platform.one("aws_default_security_group").values
    assert (closed["ingress"], closed["egress"]) == ([], [])
    badge = prod_platform.one("aws_security_group", "internal_services").values
    assert (badge["ingress"], badge["egress"]) == ([], [])
    kafka = prod_platform.one("aws_security_group", "kafka_client").values
    assert kafka["ingress"] == []
    assert {(rule["from_port"], *rule["cidr_blocks"]) for rule in kafka["egress"]} == {
        (port, "10.10.0.0/16") for port in (9092, 9094, 9096, 9098)
    }
    assert prod_platform.of("aws_security_group_rule", "aws_vpc_security_group_ingress_rule") == []


def test_there_is_a_rotating_key_per_purpose_that_only_this_account_administers(prod_platform: Plan) -> None:
    keys = {key.key or key.name: key for key in prod_platform.of("aws_kms_key")}
    assert set(keys) == {"ecs", "ecr", "secrets", "logs", "s3", "topics"}
    for key in keys.values():
        assert key.values["enable_key_rotation"]
        assert key.values["deletion_window_in_days"] == 30
        principals = [statement["Principal"] for statement in key.document("policy")["Statement"]]
        assert {"AWS": f"arn:aws:iam::{ACCOUNT}:root"} in principals
        assert not any("*" in principal.values() for principal in principals)
    assert {alias.values["name"] for alias in prod_platform.of("aws_kms_alias")} == {
        f"alias/prod-{key}" for key in keys
    }


def test_the_logs_key_serves_log_groups_of_this_environment_only(prod_platform: Plan) -> None:
    key = next(key for key in prod_platform.of("aws_kms_key") if key.key == "logs")
    logs = next(s for s in key.document("policy")["Statement"] if s["Sid"] == "LogGroupsOfThisEnvironment")
    assert logs["Principal"] == {"Service": f"logs.{REGION}.amazonaws.com"}
    assert logs["Condition"]["ArnLike"] == {
        "kms:EncryptionContext:aws:logs:arn": [
            f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/*/prod/*",
            f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:aws-waf-logs-prod",
        ]
    }


def test_logs_are_encrypted_and_kept_by_tier(prod_platform: Plan, develop_platform: Plan) -> None:
    for plan, days in ((prod_platform, 90), (develop_platform, 30)):
        groups = plan.of("aws_cloudwatch_log_group")
        assert len(groups) == 4
        assert {group.values["retention_in_days"] for group in groups} == {days}
        assert all("kms_key_id" in group.unknown for group in groups)


def test_https_is_current_and_http_only_redirects(prod_platform: Plan) -> None:
    https, http = (prod_platform.one("aws_lb_listener", name).values for name in ("https", "http"))
    assert (https["port"], https["protocol"], https["ssl_policy"]) == (
        443,
        "HTTPS",
        "ELBSecurityPolicy-TLS13-1-2-2021-06",
    )
    assert https["certificate_arn"].startswith("arn:aws:acm:")
    assert https["default_action"][0]["fixed_response"][0]["status_code"] == "404"
    assert http["default_action"][0]["redirect"][0].items() >= {
        "port": "443", "protocol": "HTTPS", "status_code": "HTTP_301",
    }.items()  # fmt: skip


def test_the_load_balancer_is_public_careful_and_protected_in_production(
    prod_platform: Plan, develop_platform: Plan
) -> None:
    balancer = prod_platform.one("aws_lb").values
    assert not balancer["internal"]
    assert balancer["drop_invalid_header_fields"]
    assert balancer["enable_deletion_protection"]
    assert balancer["access_logs"][0]["enabled"]
    assert not develop_platform.one("aws_lb").values["enable_deletion_protection"]


def test_buckets_are_encrypted_versioned_expiring_and_closed_to_the_public(prod_platform: Plan) -> None:
    for bucket, algorithm, days in (("logs", "AES256", 365), ("artifacts", "aws:kms", 90)):
        module = f"module.storage.module.{bucket}"

        def setting(name: str, module: str = module) -> Resource:
            return prod_platform.one(f"aws_s3_bucket_{name}", module=module)

        encryption = setting("server_side_encryption_configuration").values["rule"][0]
        assert encryption["apply_server_side_encryption_by_default"][0]["sse_algorithm"] == algorithm
        assert setting("versioning").values["versioning_configuration"][0]["status"] == "Enabled"
        assert setting("lifecycle_configuration").values["rule"][0]["expiration"][0]["days"] == days
        closed = setting("public_access_block").values
        assert all(closed[block] for block in closed if block.startswith(("block_", "ignore_", "restrict_")))
        tls = setting("policy").document("policy")["Statement"][0]
        assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_load_balancers_of_this_account_may_write_their_logs(prod_platform: Plan) -> None:
    policy = prod_platform.one("aws_s3_bucket_policy", module="module.storage.module.logs").document("policy")
    write = policy["Statement"][1]
    assert write["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert write["Resource"].endswith(f"/alb/AWSLogs/{ACCOUNT}/*")


def default_capacity(plan: Plan) -> set[str]:
    providers = plan.one("aws_ecs_cluster_capacity_providers").values
    return {entry["capacity_provider"] for entry in providers["default_capacity_provider_strategy"]}


def test_the_cluster_has_insights_encrypted_exec_and_spot_only_where_allowed(
    prod_platform: Plan, develop_platform: Plan
) -> None:
    cluster = prod_platform.one("aws_ecs_cluster").values
    assert cluster["name"] == "prod"
    assert cluster["setting"] == [{"name": "containerInsights", "value": "enabled"}]
    execute = cluster["configuration"][0]["execute_command_configuration"][0]
    assert execute["logging"] == "OVERRIDE"
    assert execute["log_configuration"][0]["cloud_watch_encryption_enabled"]
    assert default_capacity(prod_platform) == {"FARGATE"}
    assert default_capacity(develop_platform) == {"FARGATE", "FARGATE_SPOT"}


def test_roles_answer_to_this_account_and_keep_no_policy_that_is_not_theirs(prod_platform: Plan) -> None:
    trust = prod_platform.one("aws_iam_role").document("assume_role_policy")["Statement"][0]
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert prod_platform.one("aws_iam_role_policies_exclusive").values["policy_names"] == ["write-flow-logs"]
    assert prod_platform.one("aws_iam_role_policy_attachments_exclusive").values["policy_arns"] == []


def test_everything_that_can_carry_tags_carries_the_mandatory_ones(prod_platform: Plan) -> None:
    tagged = [resource for resource in prod_platform.resources if "tags_all" in resource.values]
    mandatory = {
        "Environment": "prod",
        "Owner": TAGS["owner"],
        "CostCenter": TAGS["cost_center"],
        "Compliance": TAGS["compliance"],
        "ManagedBy": "reconciler",
    }
    assert len(tagged) > 30
    assert [
        resource.address for resource in tagged if not resource.values["tags_all"].items() >= mandatory.items()
    ] == []


def test_the_platform_speaks_through_one_output(prod_platform: Plan) -> None:
    assert prod_platform.outputs == {"platform"}


def fixed_cost(plan: Plan) -> dict[str, int]:
    """Return how many there are of what costs money by the hour or the month, by the name that docs/cost.md has."""
    (firewall,) = plan.of("aws_wafv2_web_acl")
    return {
        "NAT gateway": len(plan.of("aws_nat_gateway")),
        "public IPv4 address": len(plan.of("aws_eip"))
        + len([one for one in plan.of("aws_subnet") if one.name == "public"]),
        "load balancer": len(plan.of("aws_lb")),
        "web ACL": 1,
        "rule of the web ACL": len(firewall.values["rule"]),
        "KMS key": len(plan.of("aws_kms_key")),
        "alarm": len(plan.of("aws_cloudwatch_metric_alarm")),
        "dashboard": len(plan.of("aws_cloudwatch_dashboard")),
    }


def test_the_page_of_costs_counts_what_the_plans_make_and_adds_up(develop_platform: Plan, prod_platform: Plan) -> None:
    page = (PROJECT / "docs/cost.md").read_text()
    rows = re.findall(r"^\| ([\w ]+) \| ([\d.]+) \| (\d+) \| ([\d.]+) \| (\d+) \| ([\d.]+) \|$", page, re.MULTILINE)
    counted = [fixed_cost(plan) for plan in (develop_platform, prod_platform)]
    assert {name: (int(few), int(many)) for name, _, few, _, many, _ in rows} == {
        name: (counted[0][name], counted[1][name]) for name in counted[0]
    }
    totals = [Decimal(0), Decimal(0)]
    for name, price, few, cost, many, more in rows:
        assert (Decimal(price) * int(few), Decimal(price) * int(many)) == (Decimal(cost), Decimal(more)), name
        totals = [totals[0] + Decimal(cost), totals[1] + Decimal(more)]
    assert f"| together | | | {totals[0]} | | {totals[1]} |" in page
