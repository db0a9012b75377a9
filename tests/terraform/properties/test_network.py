"""The network module, proven: what is private stays private, zones fail alone, every connection is logged."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations

import pytest
import yaml
from hypothesis import strategies as st

from tests.terraform.inputs import TIERS, Variables
from tests.terraform.plans import Resource
from tests.terraform.properties import strategies
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import Edit, proof
from tests.terraform.properties.refusal import Refusal, refused
from tests.terraform.properties.subjects import Subject
from tests.terraform.runs import PROJECT

MAIN = "modules/network/main.tf"
ROUTES = "modules/network/routes.tf"
SETTINGS = "modules/settings/main.tf"
PEERING = "modules/network/peering.tf"
FLOW_LOGS = "modules/network/flow_logs.tf"
ACLS = "modules/network/acls.tf"
ALL_PEERS = "merge([\n    for name, peer in var.network.peerings"
EXAMPLES = PROJECT / "desired_state/examples"
KINDS = ("public_internet", "private_nat")
WAYS = ("gateway_id", "nat_gateway_id", "vpc_peering_connection_id")
UNASKED = """
resource "aws_vpc_peering_connection" "unasked" {
  vpc_id      = aws_vpc.this.id
  peer_vpc_id = "vpc-0123456789abcdef0"
}
"""
CLOSED = {"ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ssmmessages"}
GATEWAYS = {"one_per_az": 3, "single": 1, "none": 0}


@st.composite
def networks(draw: st.DrawFn, _: Variables) -> Variables:
    environment = draw(strategies.environments())
    return {
        "environment": environment,
        "network": draw(strategies.networks(environment)),
        "logs_key_arn": draw(strategies.key_arns(environment)),
    }


NETWORK = Subject("modules/network", networks)


def in_production(variables: Variables) -> bool:
    return str(variables["environment"]["tier"]) == "prod"


def peers(variables: Variables) -> bool:
    return bool(variables["network"]["peerings"])


def requests(variables: Variables) -> bool:
    return any(peer["vpc_id"] for peer in variables["network"]["peerings"].values())


def accepts(variables: Variables) -> bool:
    return any(peer["connection_id"] for peer in variables["network"]["peerings"].values())


def waits(variables: Variables) -> bool:
    return any(peer["vpc_id"] and not peer["accepted"] for peer in variables["network"]["peerings"].values())


def with_nat(variables: Variables) -> bool:
    return str(variables["network"]["nat"]) != "none"


WRONG = [
    Refusal("network.nat", st.sampled_from(["two", "", "One_per_az", "all"]), says=("one_per_az, single or none",)),
    Refusal("network.nat", st.sampled_from(["single", "none"]), where=in_production, name="nat in production"),
    Refusal("network.cidr", st.sampled_from(["10.0.0.0/15", "10.0.0.0/21", "10.0.0.1/16", "10.0.0.0", "vpc", "::/16"])),
    Refusal("network.availability_zones", st.sampled_from([["eu-central-1a"] * 3, ["a", "b"], [], list("abcd")]),
            says=("three different",)),
    Refusal("network.availability_zones", st.just(["mars-1a", "mars-1b", "mars-1c"]), says=("region",), name="region"),
    Refusal("environment.tier", st.sampled_from(["production", "PROD", "staging", ""])),
    Refusal("environment.name", st.sampled_from(["internal", "internal-a", "Prod", "a--b", "-a", "a" * 17, "a_b"])),
    Refusal("environment.account_id", st.sampled_from(["1", "12345678901", "1234567890123", "12345678901a"])),
    Refusal("environment.region", st.sampled_from(["Frankfurt", "eu-central", "eu_central_1"])),
    Refusal("environment.partition", st.sampled_from(["aws-iso", "amazon"])),
    Refusal("logs_key_arn", st.sampled_from(["alias/logs", "arn:aws:s3:::bucket", ""])),
]  # fmt: skip


def subnets(instance: Instance, kind: str) -> list[Resource]:
    return [subnet for subnet in instance.plan.of("aws_subnet") if subnet.name == kind]


@proof(
    8,
    "VPC network segmentation",
    of=NETWORK,
    broken_by=[
        Edit(MAIN, "map_public_ip_on_launch = false", "map_public_ip_on_launch = true", says="public address"),
        Edit(MAIN, "cidrsubnet(var.network.cidr, local.private_bits, index)", "var.network.cidr", says="overlap"),
        Edit(ROUTES, "nat_gateway_id         = aws_nat_gateway.this[each.value].id",
             "gateway_id = aws_internet_gateway.this.id", says="private tables", where=with_nat),
        Edit("modules/network/endpoints.tf", '"ssmmessages"', '"sts"', says="AWS is not reached",
             where=lambda v: not with_nat(v)),
        Edit(MAIN, "enable_dns_hostnames = true", "enable_dns_hostnames = false", says="DNS"),
    ],
)  # fmt: skip
def test_property_08_vpc_network_segmentation(instance: Instance) -> None:
    """Three private and three public subnets that share nothing; only the public table leads to the internet."""
    vpc = instance.plan.one("aws_vpc").values
    assert vpc["enable_dns_support"] and vpc["enable_dns_hostnames"], "names in the VPC need both DNS settings"  # noqa: PT018
    both = {kind: subnets(instance, kind) for kind in ("private", "public")}
    assert {kind: len(found) for kind, found in both.items()} == {"private": 3, "public": 3}, "three of each kind"
    assert not any(subnet.values["map_public_ip_on_launch"] for subnet in instance.plan.of("aws_subnet")), (
        "an instance would get a public address"
    )
    ranges = [IPv4Network(subnet.values["cidr_block"]) for subnet in instance.plan.of("aws_subnet")]
    assert all(found.subnet_of(IPv4Network(vpc["cidr_block"])) for found in ranges), "a subnet is outside of the VPC"
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2)), "subnets overlap"
    routes = {kind: [route for route in instance.plan.of("aws_route") if route.name == kind] for kind in KINDS}
    (out,) = routes["public_internet"]
    assert "gateway_id" in out.unknown, "the public table leads nowhere"
    nat = 3 if with_nat(instance.variables) else 0
    assert [leads_by_nat(instance, route) for route in routes["private_nat"]] == [True] * nat, (
        "the private tables lead out by NAT, or nowhere"
    )
    assert {route.name for route in instance.plan.of("aws_route")} <= {*KINDS, "peer"}, "there is another way out"
    assert len(instance.plan.of("aws_route_table_association")) == 6, "a subnet follows the main table"
    reached = {endpoint.key for endpoint in instance.plan.of("aws_vpc_endpoint") if endpoint.name == "interface"}
    assert reached == (set() if with_nat(instance.variables) else CLOSED), "AWS is not reached without NAT"


def leads_by_nat(instance: Instance, route: Resource) -> bool:
    return (
        "nat_gateway_id" in route.unknown
        and not route.values.get("gateway_id")
        and "gateway_id" not in route.unknown
        and route.values["destination_cidr_block"] == "0.0.0.0/0"
        and "aws_route_table.private" in instance.plan.references(route, "route_table_id")
    )


@proof(
    34,
    "Multi-AZ deployment",
    of=NETWORK,
    broken_by=[
        Edit(MAIN, "availability_zone       = each.key", "availability_zone = var.network.availability_zones[0]",
             says="zones"),
        Edit(MAIN, "one_per_az = var.network.availability_zones",
             "one_per_az = slice(var.network.availability_zones, 0, 1)", says="NAT gateways",
             where=lambda variables: variables["network"]["nat"] == "one_per_az"),
    ],
)  # fmt: skip
def test_property_34_multi_az_deployment(instance: Instance) -> None:
    """Each of three zones has a private and a public subnet, and as many NAT gateways stand as the mode says."""
    zones = set(instance.variables["network"]["availability_zones"])
    for kind in ("private", "public"):
        found = [subnet.values["availability_zone"] for subnet in subnets(instance, kind)]
        assert sorted(found) == sorted(zones), f"the {kind} subnets do not cover the zones"
    expected = GATEWAYS[instance.variables["network"]["nat"]]
    gateways = instance.plan.of("aws_nat_gateway")
    assert len({gateway.key for gateway in gateways}) == len(gateways) == expected, f"{expected} NAT gateways"
    assert all("aws_subnet.public" in instance.plan.references(g, "subnet_id") for g in gateways), "a private gateway"
    addresses = instance.plan.of("aws_eip")
    assert [address.values["domain"] for address in addresses] == ["vpc"] * expected, "an address for each gateway"
    if instance.tier == "prod":
        assert expected == 3, "in production the loss of a zone cuts off the others"


@proof(
    36,
    "VPC Flow Logs enabled",
    of=NETWORK,
    broken_by=[
        Edit(FLOW_LOGS, 'traffic_type             = "ALL"', 'traffic_type = "ACCEPT"', says="every connection"),
        Edit(FLOW_LOGS, "kms_key_id        = var.logs_key_arn", "", says="encrypted"),
        Edit(SETTINGS, 'log_days             = 90', "log_days = 30", says="days", where=in_production),
        Edit(FLOW_LOGS, "module.settings.settings.flow_log_seconds", "60", says="gathers",
             where=lambda v: not in_production(v)),
    ],
)  # fmt: skip
def test_property_36_vpc_flow_logs_enabled(instance: Instance) -> None:
    """Every connection in the VPC is logged to an encrypted group that keeps it, by a role that can do just that."""
    flow_log = instance.plan.one("aws_flow_log")
    assert flow_log.values["traffic_type"] == "ALL", "every connection is logged, refused ones too"
    assert flow_log.values["log_destination_type"] == "cloud-watch-logs"
    seconds = flow_log.values["max_aggregation_interval"]
    assert seconds == (60 if instance.tier == "prod" else 600), f"gathers for {seconds} seconds"
    assert instance.plan.references(flow_log, "vpc_id") >= {"aws_vpc.this.id"}, "the log of another VPC"
    assert instance.plan.references(flow_log, "iam_role_arn") >= {"aws_iam_role.flow_logs.arn"}, "no role to write with"
    assert instance.plan.references(flow_log, "log_destination") >= {"aws_cloudwatch_log_group.flow.arn"}
    group = instance.plan.one("aws_cloudwatch_log_group").values
    assert group.get("kms_key_id") == instance.variables["logs_key_arn"], "the log group is not encrypted with our key"
    days = 90 if instance.tier == "prod" else 30
    assert group["retention_in_days"] == days, f"kept for {group['retention_in_days']} days"
    (write,) = instance.plan.one("aws_iam_role_policy").document("policy")["Statement"]
    assert write["Resource"] == [
        strategies.arn(instance.variables["environment"], "logs", f"log-group:{group['name']}:*")
    ], "the role may write to other groups"


@proof(
    49,
    "Production VPC isolation",
    of=NETWORK,
    broken_by=[
        Edit(PEERING, "destination_cidr_block    = each.value.cidr", 'destination_cidr_block = "0.0.0.0/0"',
             says="exactly", where=peers),
        Edit(PEERING, "auto_accept   = false", "auto_accept   = true", says="joins another", where=requests),
        Edit(PEERING, "auto_accept               = true", "auto_accept = false", says="consents", where=accepts),
        Edit(PEERING, "if peer.accepted || peer.connection_id != null", "if true", says="is not active", where=waits),
        Edit(PEERING, 'each.value.vpc_id == null ? ["accepter"] : []', "[]", says="resolve", where=accepts),
        Edit(PEERING, ALL_PEERS, ALL_PEERS.replace("var.network.peerings", "local.requested_peerings"),
             says="exactly", where=accepts),
        Edit(ACLS, "[for name in sort(keys(var.network.peerings)) : var.network.peerings[name].cidr]",
             "[for name in sort(keys(local.requested_peerings)) : var.network.peerings[name].cidr]",
             says="network ACL", where=accepts),
        Edit(ROUTES, "nat_gateway_id         = aws_nat_gateway.this[each.value].id",
             'vpc_peering_connection_id = "pcx-0123456789abcdef0"', says="another VPC", where=with_nat),
        Edit(MAIN, 'resource "aws_internet_gateway" "this" {', UNASKED + 'resource "aws_internet_gateway" "this" {',
             says="asked for"),
    ],
)  # fmt: skip
def test_property_49_production_vpc_isolation(instance: Instance) -> None:
    """One VPC, of the addresses it was given. Ways into others only where both sides asked for them, and only to their
    addresses; where they did, in both directions."""
    vpc = instance.plan.one("aws_vpc").values
    wanted = instance.variables["network"]["peerings"]
    assert vpc["cidr_block"] == instance.variables["network"]["cidr"], "the VPC has other addresses"
    if instance.tier == "prod" and wanted:
        assert instance.variables["network"]["allow_prod_peering"], "production peers"
    check_consent(instance, wanted)
    for route in instance.plan.of("aws_route"):
        ways = {name for name in WAYS if route.values.get(name) or name in route.unknown}
        assert len(ways) == 1, f"{route.address} leads nowhere"
        assert (ways == {"vpc_peering_connection_id"}) == (route.name == "peer"), f"{route.address}: into another VPC"
    routed = [route.values["destination_cidr_block"] for route in instance.plan.of("aws_route") if route.name == "peer"]
    assert sorted(routed) == sorted(peer["cidr"] for peer in wanted.values() for _ in range(3)), (
        "not exactly the peer's"
    )
    for table in instance.plan.of("aws_route_table"):
        assert not table.values.get("route"), "a table has routes of its own"
    inside = {instance.variables["network"]["cidr"], *(peer["cidr"] for peer in wanted.values())}
    for acl in instance.plan.of("aws_network_acl", "aws_default_network_acl"):
        for way in ("ingress", "egress"):
            free = {rule["cidr_block"] for rule in acl.values[way] if rule["protocol"] == "-1"}
            assert free == inside, f"the network ACL {acl.name} lets through {sorted(free)}"


def check_consent(instance: Instance, wanted: Variables) -> None:
    """Assert that peerings are requested and accepted as asked for, never both by one side."""
    requested = {str(found.key): found.values for found in instance.plan.of("aws_vpc_peering_connection")}
    accepted = {str(found.key): found.values for found in instance.plan.of("aws_vpc_peering_connection_accepter")}
    assert set(requested) == {name for name, peer in wanted.items() if peer["vpc_id"]}, (
        "peers with what was not asked for"
    )
    assert set(accepted) == {name for name, peer in wanted.items() if peer["connection_id"]}, (
        "accepts what was not asked for"
    )
    assert not any(found["auto_accept"] for found in requested.values()), "joins another's network by itself"
    for name, found in accepted.items():
        assert found["vpc_peering_connection_id"] == wanted[name]["connection_id"], "accepts another"
        assert found["auto_accept"], "nobody consents"
    options = {str(found.key): found.values for found in instance.plan.of("aws_vpc_peering_connection_options")}
    active = {name for name, peer in wanted.items() if peer["connection_id"] or peer["accepted"]}
    assert set(options) <= active, "options of a connection that is not active"
    for name in active:
        side = "requester" if wanted[name]["vpc_id"] else "accepter"
        halves = options.get(name, {}).get(side) or []
        assert [half["allow_remote_vpc_dns_resolution"] for half in halves] == [True], "names do not resolve"


def test_the_instances_are_of_every_tier_and_every_nat_mode(laboratory: Laboratory) -> None:
    batch = laboratory.batch(NETWORK)
    assert {instance.tier for instance in batch} == set(TIERS)
    assert {instance.variables["network"]["nat"] for instance in batch} == set(GATEWAYS)


def test_the_example_platforms_share_no_addresses() -> None:
    ranges = {tier: IPv4Network(example_platform(tier)["spec"]["network"]["cidr"]) for tier in TIERS}
    assert not any(one.overlaps(other) for one, other in combinations(ranges.values(), 2))


def example_platform(tier: str) -> Variables:
    found: Variables = yaml.safe_load((EXAMPLES / f"platforms/{tier}.yaml").read_text())
    return found


@pytest.mark.parametrize("refusal", WRONG, ids=str)
def test_wrong_input_is_refused_with_variable_and_value(laboratory: Laboratory, refusal: Refusal) -> None:
    refused(laboratory, NETWORK, refusal)
