"""A Module whose state is behind, and one whose root differs from itself, with the real Terraform and AWS provider.

One story is played once: companions after their first apply, an upgrade of the provider over a state of an older
schema, a value that was put back by hand, an addition beside companions; and a root with `timestamp()`.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deploy.local.standin import StandIn
from desired_state.instance import Key
from reconciler.core.ports.source import Revision
from reconciler.core.record.model import Record, StateWriter
from reconciler.core.vocabulary import ConditionType, Reason, Sync
from reconciler.engine.intake import Intake
from tests import roles
from tests.e2e.fleet import PROJECT, Fleet, fleet
from tests.standins import borrowed

pytestmark = [pytest.mark.aws, pytest.mark.long]

NETWORK, LOOP = Key("develop", "network"), Key("develop", "loop")
HEAD = """
terraform {
  backend "s3" {}
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "= 5.100.0"
    }
  }
}
variable "environment" {
  type = object({ name = string, region = string })
}
variable "aws" {
  type = object({ s3_use_path_style = optional(bool, false) })
}
provider "aws" {
  region = var.environment.region
}
"""
COMPANIONS = (
    HEAD
    + """
locals {
  trust = { Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }
  read  = { Effect = "Allow", Action = "s3:GetObject", Resource = "*" }
}
resource "aws_iam_policy" "read" {
  name   = "read"
  policy = jsonencode({ Version = "2012-10-17", Statement = [local.read] })
}
resource "aws_iam_role" "reader" {
  name                 = "reader"
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = [local.trust] })
  permissions_boundary = aws_iam_policy.boundary.arn
}
resource "aws_iam_policy" "boundary" {
  name   = "develop-boundary"
  policy = jsonencode({ Version = "2012-10-17", Statement = [local.read] })
}
resource "aws_iam_role_policy_attachment" "read" {
  role       = aws_iam_role.reader.name
  policy_arn = aws_iam_policy.read.arn
}
resource "aws_cloudwatch_log_group" "this" {
  name              = "/network"
  retention_in_days = 30
}
resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_lb_target_group" "this" {
  name     = "this"
  port     = 80
  protocol = "HTTP"
  vpc_id   = aws_vpc.this.id
}
resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}
resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id
}
resource "aws_route" "internet" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}
resource "aws_network_acl" "this" {
  vpc_id = aws_vpc.this.id
}
resource "aws_network_acl_rule" "https" {
  network_acl_id = aws_network_acl.this.id
  rule_number    = 100
  protocol       = "tcp"
  rule_action    = "allow"
  cidr_block     = "10.0.0.0/8"
  from_port      = 443
  to_port        = 443
}
resource "aws_vpc_endpoint" "s3" {
  vpc_id       = aws_vpc.this.id
  service_name = "com.amazonaws.${var.environment.region}.s3"
}
resource "aws_vpc_endpoint_route_table_association" "s3" {
  vpc_endpoint_id = aws_vpc_endpoint.s3.id
  route_table_id  = aws_route_table.this.id
}
"""
)
STAMP = """
resource "aws_cloudwatch_log_group" "a" {
  name = "/loop/a"
  tags = { Deployed = timestamp() }
}
"""
OWN = roles.for_types(
    "aws_cloudwatch_log_group", "aws_iam_policy", "aws_iam_role", "aws_iam_role_policy_attachment",
    "aws_internet_gateway", "aws_lb_target_group", "aws_network_acl", "aws_route", "aws_route_table", "aws_vpc",
    "aws_vpc_endpoint",
)  # fmt: skip
MANIFEST = """
apiVersion: reconciler/v1
kind: Module
metadata: {{name: {name}}}
spec: {{environments: [develop], root: {name}}}
"""
# What an older provider did not write, by type: it has no value in the state. The schemas of two types were older.
NOT_WRITTEN = {
    "aws_iam_role": ("max_session_duration", "force_detach_policies"),
    "aws_lb_target_group": ("ip_address_type", "target_failover", "target_group_health"),
    "aws_vpc": ("instance_tenancy", "enable_network_address_usage_metrics"),
    "aws_cloudwatch_log_group": ("log_group_class", "skip_destroy"),
}


@dataclass
class Played:
    """The records after each chapter, and the serials of the states then."""

    first: list[Record] = field(default_factory=list)
    upgraded: list[tuple[Record, int]] = field(default_factory=list)
    learned: dict[str, Any] = field(default_factory=dict)
    put_back: list[tuple[Record, int]] = field(default_factory=list)
    added: list[tuple[Record, int]] = field(default_factory=list)
    loop: list[Record] = field(default_factory=list)


class State:
    """The state of an instance in S3."""

    def __init__(self, stage: Fleet, key: Key) -> None:
        self._s3, self._place = stage.aws.client("s3"), f"{key}/terraform.tfstate"
        self._bucket = next(item["Name"] for item in self._s3.list_buckets()["Buckets"] if "states-" in item["Name"])

    def read(self) -> dict[str, Any]:
        body = self._s3.get_object(Bucket=self._bucket, Key=self._place)["Body"].read()
        document: dict[str, Any] = json.loads(body)
        return document

    def serial(self) -> int:
        return int(self.read()["serial"])

    def values(self, kind: str) -> dict[str, Any]:
        """Return the values of the one resource of that type."""
        (found,) = [each for each in self.read()["resources"] if each["type"] == kind]
        attributes: dict[str, Any] = found["instances"][0]["attributes"]
        return attributes

    def edit(self, change: Callable[[str, dict[str, Any]], None]) -> int:
        """Change each instance of each resource and store the state. Returns its serial."""
        document = self.read()
        for resource in document["resources"]:
            change(resource["type"], resource["instances"][0])
        document["serial"] += 1
        self._s3.put_object(Bucket=self._bucket, Key=self._place, Body=json.dumps(document).encode())
        return int(document["serial"])


def age(kind: str, instance: dict[str, Any]) -> None:
    """Turn an instance into one that an older provider wrote."""
    instance["schema_version"] = 0
    for name in NOT_WRITTEN.get(kind, ()):
        assert name in instance["attributes"], name
        instance["attributes"][name] = None


def shorten_retention(kind: str, instance: dict[str, Any]) -> None:
    if kind == "aws_cloudwatch_log_group":
        instance["attributes"]["retention_in_days"] = 1


async def accept(stage: Fleet, commit: str, companions: str) -> None:
    lock = (PROJECT / "terraform/roots/service/.terraform.lock.hcl").read_bytes()
    roots = {
        "roots/network/main.tf": companions.encode(),
        "roots/network/.terraform.lock.hcl": lock,
        "roots/loop/main.tf": (HEAD + STAMP).encode(),
        "roots/loop/.terraform.lock.hcl": lock,
    }
    files = {f"{name}.yaml": MANIFEST.format(name=name).encode() for name in ("network", "loop")}
    snapshot, _ = await Intake(stage.world).accept(Revision(commit, stage.clock, files, roots))
    assert snapshot.problems == ()


async def play(stage: Fleet) -> Played:
    seen = Played()
    await accept(stage, "c1", COMPANIONS)
    network = State(stage, NETWORK)

    async def looked() -> tuple[Record, int]:
        return await stage.visit(NETWORK), await asyncio.to_thread(network.serial)

    seen.first = [await stage.visit(NETWORK), await stage.visit(NETWORK)]
    seen.loop = [await stage.visit(LOOP) for _ in range(4)]

    await asyncio.to_thread(network.edit, age)
    record = stage.world.records[NETWORK]
    older = record.replace(version=record.version + 1, writer=StateWriter("hashicorp/aws 4.67.0"))
    await stage.world.store.save(older)
    await stage.world.records.load()
    await accept(stage, "c2", COMPANIONS + "# the next major\n")
    seen.upgraded = [await looked(), await looked()]
    seen.learned = {kind: network.values(kind) for kind in NOT_WRITTEN}

    await asyncio.to_thread(network.edit, shorten_retention)
    seen.put_back = [await looked(), await looked()]

    tables = stage.aws.client("ec2").describe_route_tables()["RouteTables"]
    by_hand = next(t for t in tables if any(r.get("GatewayId", "").startswith("igw-") for r in t["Routes"]))
    gateway = next(r["GatewayId"] for r in by_hand["Routes"] if r.get("GatewayId", "").startswith("igw-"))
    stage.aws.client("ec2").create_route(
        RouteTableId=by_hand["RouteTableId"], DestinationCidrBlock="192.0.2.0/24", GatewayId=gateway
    )
    seen.added = [await looked(), await looked()]
    return seen


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder: Path = tmp_path_factory.mktemp("behind")

    async def all_of_it(aws: StandIn) -> Played:
        async with fleet(aws, folder, own={"network": OWN}) as stage:
            return await play(stage)

    with borrowed() as aws, pytest.MonkeyPatch.context() as patch:
        for name, value in aws.environment().items():
            patch.setenv(name, value)
        yield asyncio.run(all_of_it(aws))


def is_quiet(record: Record) -> bool:
    return (record.sync, record.drift, record.reason in {Reason.APPLIED, Reason.IN_SYNC}) == (Sync.IN_SYNC, None, True)


def test_companions_are_no_drift_at_the_first_check_after_their_apply(played: Played) -> None:
    assert [is_quiet(record) for record in played.first] == [True, True]
    assert played.first[1].writer == StateWriter("hashicorp/aws 5.100.0")


def test_an_upgrade_of_the_provider_is_told_to_nobody_and_refreshes_the_state_once(played: Played) -> None:
    (record, serial), (again, later) = played.upgraded
    assert (is_quiet(record), is_quiet(again), record.applied_commit) == (True, True, "c2")
    assert record.writer == StateWriter("hashicorp/aws 5.100.0", refreshed=True)
    assert serial == later
    missing = {kind: [n for n in names if played.learned[kind][n] is None] for kind, names in NOT_WRITTEN.items()}
    assert played.learned["aws_iam_role"]["max_session_duration"] == 3600
    assert played.learned["aws_lb_target_group"]["ip_address_type"] == "ipv4"
    assert missing["aws_vpc"] == []


def test_a_value_that_was_put_back_by_hand_is_told_to_nobody(played: Played) -> None:
    assert [is_quiet(record) for record, _ in played.put_back] == [True, True]


def test_an_addition_beside_companions_and_an_old_state_is_told_alone_and_nothing_is_refreshed(played: Played) -> None:
    record, serial = played.added[-1]
    assert record.drift is not None
    assert record.drift.reason == Reason.UNMANAGED_ADDITION
    assert [each.address for each in record.drift.resources] == ["aws_route_table.this"]
    assert {serial for _, serial in (*played.put_back, *played.added)} == {serial}


def test_a_root_that_differs_from_itself_is_applied_once_more_and_named(played: Played) -> None:
    applied = [record.applied_at for record in played.loop]
    assert applied[0] != applied[1]
    assert applied[1:] == [applied[1]] * 3
    record = played.loop[-1]
    assert (record.reason, record.drift) == (Reason.NEVER_SETTLES, None)
    assert "aws_cloudwatch_log_group.a tags" in record.conditions[ConditionType.STALLED].message
