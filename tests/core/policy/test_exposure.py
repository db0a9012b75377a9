"""Exposure: each change that would open a resource to the internet is found, except the load balancer's ports."""

import ipaddress
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.plan.model import UNKNOWN, Change
from reconciler.core.policy.exposure import exposures

NETWORKS = st.builds(
    lambda address, prefix: ipaddress.ip_network((address, prefix), strict=False),
    st.ip_addresses(v=4),
    st.integers(0, 32),
) | st.builds(
    lambda address, prefix: ipaddress.ip_network((address, prefix), strict=False),
    st.ip_addresses(v=6),
    st.integers(0, 128),
)
ALL = "0.0.0.0/0"


def change(kind: str, module: str = "module.orders", /, **after: Any) -> Change:
    return Change(f"{module}.{kind}.this", kind, ("update",), (), {}, {}, after)


def exposures_of(found: Change, *, gone: str = "") -> list[str]:
    return list(exposures(found, frozenset({gone} if gone else ())))


def inline(cidr: Any, first: int = 22, last: int = 22, protocol: str = "tcp") -> dict[str, Any]:
    return {"cidr_blocks": [cidr], "ipv6_cidr_blocks": None, "from_port": first, "to_port": last, "protocol": protocol}


def opened(kind: str, cidr: str) -> list[str]:
    """Return the phrases for one ingress rule, in the form of this resource type."""
    six = ":" in cidr
    ports = {"from_port": 22, "to_port": 22}
    match kind:
        case "aws_security_group" | "aws_default_security_group":
            block = {"ipv6_cidr_blocks" if six else "cidr_blocks": [cidr], "protocol": "tcp", **ports}
            return exposures_of(change(kind, ingress=[block]))
        case "aws_security_group_rule":
            blocks = {"ipv6_cidr_blocks" if six else "cidr_blocks": [cidr]}
            return exposures_of(change(kind, type="ingress", protocol="tcp", **ports, **blocks))
        case _:
            return exposures_of(change(kind, ip_protocol="tcp", **ports, **{"cidr_ipv6" if six else "cidr_ipv4": cidr}))


INGRESS = st.sampled_from(
    [
        "aws_security_group",
        "aws_default_security_group",
        "aws_security_group_rule",
        "aws_vpc_security_group_ingress_rule",
    ]
)


@given(INGRESS, NETWORKS)
def test_law_a_network_wider_than_one_organisation_owns_is_the_internet(
    kind: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> None:
    wide = network.prefixlen < (8 if network.version == 4 else 16)
    assert opened(kind, str(network)) == ([f"port 22/tcp would be open to {network}"] if wide else [])


@given(st.integers(0, 65535), st.integers(0, 65535), st.sampled_from(["tcp", "6", "udp", "17", "-1", "icmp"]))
def test_law_the_entrance_is_80_and_443_over_tcp_of_the_load_balancer(first: int, last: int, protocol: str) -> None:
    rule = inline(ALL, first, last, protocol)
    found = exposures_of(change("aws_security_group", "module.alb", ingress=[rule]))
    entrance = (first, last) in {(80, 80), (443, 443)} and protocol in {"tcp", "6"}
    assert len(found) == (0 if entrance else 1)
    assert len(exposures_of(change("aws_security_group", ingress=[rule]))) == 1, "no other group has an entrance"


@pytest.mark.parametrize("port", [80, 443])
@pytest.mark.parametrize("protocol", ["tcp", "6"])
def test_the_entrance_is_open(port: int, protocol: str) -> None:
    rule = inline(ALL, port, port, protocol)
    assert exposures_of(change("aws_security_group", "module.alb", ingress=[rule])) == []
    assert exposures_of(change("aws_security_group", "module.albs", ingress=[rule])) != []


@pytest.mark.parametrize(
    ("first", "last", "protocol", "phrase"),
    [
        (22, 22, "tcp", "port 22/tcp"),
        (0, 1024, "udp", "ports 0-1024/udp"),
        (0, 0, "-1", "every port"),
        (None, None, "all", "every port"),
    ],
)
def test_the_ports_are_named(first: int, last: int, protocol: str, phrase: str) -> None:
    found = exposures_of(change("aws_security_group", ingress=[inline(ALL, first, last, protocol)]))
    assert found == [f"{phrase} would be open to {ALL}"]


def test_every_rule_and_every_network_of_a_group_is_named() -> None:
    two = {**inline(ALL), "ipv6_cidr_blocks": ["::/0", "fd00::/16"]}
    assert exposures_of(
        change("aws_security_group", ingress=[two, inline("10.0.0.0/8"), inline("0.0.0.0/1", 80, 80)])
    ) == [
        "port 22/tcp would be open to 0.0.0.0/0, ::/0",
        "port 80/tcp would be open to 0.0.0.0/1",
    ]


@pytest.mark.parametrize(
    "found",
    [
        change("aws_security_group", ingress=UNKNOWN),
        change("aws_security_group", ingress=[UNKNOWN]),
        change("aws_security_group", ingress=[inline(UNKNOWN)]),
        change("aws_security_group", ingress=[inline(None)]),
        change("aws_security_group", egress=[inline(ALL)]),
        change("aws_security_group_rule", type="egress", **inline(ALL)),
        change("aws_vpc_security_group_egress_rule", cidr_ipv4=ALL, from_port=22, to_port=22, ip_protocol="tcp"),
        change("aws_ecs_service", network_configuration=UNKNOWN),
        change("aws_ecs_service", network_configuration=[UNKNOWN]),
        change("aws_ecs_service", network_configuration=[{"assign_public_ip": False}]),
        change("aws_thing", network_configuration=[{"assign_public_ip": True}]),
    ],
    ids=lambda found: f"{found.type} {found.after}",
)
def test_unknown_values_and_egress_open_nothing(found: Change) -> None:
    assert exposures_of(found) == []


@pytest.mark.parametrize(
    ("kind", "flag"),
    [
        ("aws_db_instance", "publicly_accessible"),
        ("aws_rds_cluster_instance", "publicly_accessible"),
        ("aws_redshift_cluster", "publicly_accessible"),
        ("aws_dms_replication_instance", "publicly_accessible"),
        ("aws_instance", "associate_public_ip_address"),
    ],
)
def test_a_public_address_is_an_exposure(kind: str, flag: str) -> None:
    assert exposures_of(change(kind, **{flag: True})) == [f"{flag} would give it a public address"]
    assert exposures_of(change(kind, **{flag: False})) == []
    assert exposures_of(change("aws_thing", **{flag: True})) == []


def test_tasks_with_public_addresses_are_an_exposure() -> None:
    assert exposures_of(change("aws_ecs_service", network_configuration=[{"assign_public_ip": True}])) == [
        "its tasks would have public addresses"
    ]


class TestBuckets:
    """The public access block of a bucket, which lasts as long as the bucket."""

    KIND = "aws_s3_bucket_public_access_block"

    def test_removing_the_block_of_a_kept_bucket_is_an_exposure(self) -> None:
        found = Change(f"{self.KIND}.this", self.KIND, ("delete",), (), {}, {"bucket": "logs"}, {})
        assert exposures_of(found) == ["the bucket's block of public access would be removed"]
        assert exposures_of(found, gone="logs") == []

    @pytest.mark.parametrize(
        "part", ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]
    )
    def test_disabling_a_part_of_the_block_is_an_exposure(self, part: str) -> None:
        assert exposures_of(change(self.KIND, bucket="logs", **{part: False})) == [f"{part} would be off"]
        assert exposures_of(change(self.KIND, bucket="logs", **{part: True})) == []

    @pytest.mark.parametrize(
        ("acl", "opens"),
        [("public-read", True), ("public-read-write", True), ("website", True), ("private", False), (None, False)],
    )
    def test_an_open_acl_is_an_exposure(self, acl: str | None, opens: bool) -> None:
        assert exposures_of(change("aws_s3_bucket_acl", acl=acl)) == (
            [f"the ACL {acl} would open the bucket"] if opens else []
        )
        assert exposures_of(change("aws_thing", acl=acl)) == []


EVERYONE = "its policy would allow everyone, without a condition that names an account, organisation or network"
ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Principal": "*"}
POLICIES: dict[str, tuple[Any, bool]] = {
    "any principal": ({"Statement": [ALLOW]}, True),
    "any principal in one statement that is no list": ({"Statement": ALLOW}, True),
    "any principal as an AWS principal": ({"Statement": [{**ALLOW, "Principal": {"AWS": "*"}}]}, True),
    "any principal among principals": ({"Statement": [{**ALLOW, "Principal": {"AWS": ["arn:1", "*"]}}]}, True),
    "any principal after another statement": ({"Statement": [{**ALLOW, "Effect": "Deny"}, ALLOW]}, True),
    "any principal under an empty condition": ({"Statement": [{**ALLOW, "Condition": {}}]}, True),
    "any principal under a condition that narrows nothing": (
        {"Statement": [{**ALLOW, "Condition": {"Bool": {"a": "true"}}}]},
        True,
    ),
    "a denial": ({"Statement": [{**ALLOW, "Effect": "Deny"}]}, False),
    "an account": ({"Statement": [{**ALLOW, "Principal": {"AWS": "arn:1"}}]}, False),
    "a service": ({"Statement": [{**ALLOW, "Principal": {"Service": "*"}}]}, False),
    "a statement that is no object": ({"Statement": ["*"]}, False),
    "no statement": ({}, False),
    "a list": ([ALLOW], False),
}


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize(
    "kind",
    [
        "aws_ecr_repository_policy",
        "aws_kms_key",
        "aws_kms_key_policy",
        "aws_s3_bucket_policy",
        "aws_secretsmanager_secret_policy",
        "aws_sns_topic_policy",
        "aws_sqs_queue_policy",
    ],
)
def test_a_policy_that_admits_any_principal_is_an_exposure(kind: str, name: str) -> None:
    document, admits = POLICIES[name]
    phrases = [EVERYONE] if admits else []
    assert exposures_of(change(kind, policy=json.dumps(document))) == phrases
    assert exposures_of(change("aws_thing", policy=json.dumps(document))) == []


@pytest.mark.parametrize("policy", [UNKNOWN, "{", None, 7, {"Statement": [ALLOW]}])
def test_a_text_that_is_no_policy_document_admits_no_principal(policy: Any) -> None:
    assert exposures_of(change("aws_s3_bucket_policy", policy=policy)) == []
