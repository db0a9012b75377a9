"""Two networks of one account, peered over three plans: requested, accepted by the other side, known to be active."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.standin import StandIn
from tests.standins import borrowed
from tests.terraform.inputs import KEY, REGION, Variables, environment
from tests.terraform.plans import Plan
from tests.terraform.workbench import Workbench

pytestmark = [pytest.mark.aws, pytest.mark.chaos]
ROOT = "roots/networks"
CODE = f"""
variable "environments" {{ type = any }}
variable "networks" {{ type = any }}

provider "aws" {{
  region = "{REGION}"
}}

module "network" {{
  source   = "../../modules/network"
  for_each = var.networks

  environment  = var.environments[each.key]
  network      = each.value
  logs_key_arn = "{KEY}3"
}}

output "vpcs" {{ value = {{ for name, network in module.network : name => network.vpc_id }} }}
output "peerings" {{ value = {{ for name, network in module.network : name => network.peering_connection_ids }} }}
"""
CIDRS = {"develop": "10.10.0.0/16", "prod": "10.100.0.0/16"}


@pytest.fixture(scope="module")
def account() -> Iterator[StandIn]:
    with borrowed() as running:
        yield running


def networks(**peerings: Variables) -> Variables:
    """Return the variables of both networks, without a way out but to each other."""
    zones = [f"{REGION}{letter}" for letter in "abc"]
    return {
        "environments": {name: environment("test") | {"name": name} for name in CIDRS},
        "networks": {
            name: {"cidr": cidr, "availability_zones": zones, "nat": "none", "peerings": peerings.get(name, {})}
            for name, cidr in CIDRS.items()
        },
    }


def applied(workbench: Workbench, variables: Variables) -> Plan:
    """Apply the variables and return the plan after it."""
    workbench.plan(ROOT, variables)
    workbench.apply(ROOT)
    return workbench.plan(ROOT, variables)


def test_two_environments_are_joined_once_both_have_asked(workbench: Workbench, account: StandIn) -> None:
    tree = Workbench(workbench.directory.with_name("tree-peering"), account.environment(), workbench.warm)
    (tree.directory / ROOT).mkdir()
    (tree.directory / ROOT / "main.tf").write_text(CODE)
    ec2 = account.client("ec2")
    vpcs = {vpc.address: vpc.values["id"] for vpc in applied(tree, networks()).of("aws_vpc")}
    other = vpcs['module.network["prod"].aws_vpc.this']

    asked = {"prod": {"vpc_id": other, "cidr": CIDRS["prod"]}}
    requested = applied(tree, networks(develop=asked))
    connection = requested.one("aws_vpc_peering_connection").values["id"]
    assert requested.changed() == {}
    assert status(ec2, connection) == "pending-acceptance"

    answered = {"develop": {"connection_id": connection, "cidr": CIDRS["develop"], "callers": True}}
    known = {"prod": asked["prod"] | {"accepted": True}}
    applied(tree, networks(develop=asked, prod=answered))
    joined = applied(tree, networks(develop=known, prod=answered))
    assert joined.changed() == {}
    assert status(ec2, connection) == "active"
    ways = {route.values["destination_cidr_block"] for route in joined.of("aws_route") if route.name == "peer"}
    assert ways == set(CIDRS.values())


def status(ec2: object, connection: str) -> str:
    found = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[connection])  # type: ignore[attr-defined]  # boto3
    return str(found["VpcPeeringConnections"][0]["Status"]["Code"])
