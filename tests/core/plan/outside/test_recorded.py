"""Companions in a recorded plan: the first one after the apply of a root that a real Terraform and provider made.

Terraform lists what the companions did as changes outside: of 15 resources nothing is drift. Beside each of them one
change by hand is told, and nothing else.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.plan.drift import DriftFinding, classify
from reconciler.core.plan.read import read
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.vocabulary import Reason, Sync
from tests.core.documents import SCHEMAS
from tests.core.instances import NOW

RECORDED = Path(__file__).with_name("companions.json").read_text()
Values = dict[str, Any]
RULE = {"action": "allow", "cidr_block": "0.0.0.0/0", "from_port": 22, "protocol": "6", "rule_no": 90, "to_port": 22}


def found(document: Values) -> DriftFinding:
    schemas = {"provider_schemas": {"aws": {"resource_schemas": SCHEMAS}}}
    plan = read({**document, **schemas}, Redactor(b"a key for tests"))
    return classify(plan, applied_digest="d1", desired_digest="d1", ignore=(), rolled_back=False, now=NOW)


def without_references(document: Values) -> None:
    document["configuration"] = {}


def without_ids(document: Values) -> None:
    """Leave the references alone to say which resource is a companion of which."""
    for entry in document["resource_drift"]:
        for side in ("before", "after"):
            entry["change"][side].pop("id", None)
            entry["change"][side].pop("arn", None)


def as_they_are(document: Values) -> None:
    """Change nothing."""


@pytest.mark.parametrize("edit", [as_they_are, without_references, without_ids])
def test_nothing_that_companions_did_is_drift(edit: Callable[[Values], None]) -> None:
    document = json.loads(RECORDED)
    edit(document)
    assert found(document) == DriftFinding(Sync.IN_SYNC, None, ())


BY_HAND: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "a rule of a network ACL": ("aws_network_acl.n", "ingress", lambda rules: [*rules, RULE]),
    "another port of a managed rule": (
        "aws_network_acl.n",
        "ingress",
        lambda rules: [rules[0], {**rules[0], "rule_no": 101, "to_port": 444}],
    ),
    "the outgoing rule of a network ACL as an incoming one": (
        "aws_network_acl.n",
        "ingress",
        lambda rules: [*rules, {"action": "allow", "cidr_block": "0.0.0.0/0", "protocol": "-1", "rule_no": 100}],
    ),
    "a route": (
        "aws_route_table.t",
        "route",
        lambda routes: [*routes, {**routes[0], "cidr_block": "192.0.2.0/24"}],
    ),
    "a route table of an endpoint": ("aws_vpc_endpoint.e", "route_table_ids", lambda ids: [*ids, "rtb-9"]),
    "a volume": (
        "aws_instance.i",
        "ebs_block_device",
        lambda devices: [*devices, {**devices[0], "volume_id": "vol-9", "device_name": "/dev/sdi"}],
    ),
    "a member of a cluster": ("aws_rds_cluster.c", "cluster_members", lambda members: [*members, "c-9"]),
    "a target group of a scaling group": (
        "aws_autoscaling_group.g",
        "target_group_arns",
        lambda arns: [*arns, "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/x/1"],
    ),
    "a policy of a role": (
        "aws_iam_role.r",
        "managed_policy_arns",
        lambda arns: [*arns, "arn:aws:iam::aws:policy/AdministratorAccess"],
    ),
    "an inline policy of a role": (
        "aws_iam_role.r",
        "inline_policy",
        lambda policies: [*policies, {"name": "all", "policy": "{}"}],
    ),
    "another content of an inline policy": (
        "aws_iam_role.r",
        "inline_policy",
        lambda policies: [{**policies[0], "policy": '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'}],
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("edit", [as_they_are, without_references, without_ids])
def test_what_was_added_beside_a_companion_is_told_alone(name: str, edit: Callable[[Values], None]) -> None:
    address, attribute, added = BY_HAND[name]
    document = json.loads(RECORDED)
    edit(document)
    (entry,) = [each for each in document["resource_drift"] if each["address"] == address]
    entry["change"]["after"][attribute] = added(entry["change"]["after"][attribute])
    drift = found(document)
    assert (drift.sync, drift.reason) == (Sync.DRIFTED, Reason.UNMANAGED_ADDITION)
    told = [(each.address, {path.split(".")[0] for path in each.attributes}) for each in drift.drifted]
    assert told == [(address, {attribute})]
