"""Companions: attributes that another resource of the state accounts for, and no others."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.plan.outside.companions import StateResource, watched
from reconciler.core.plan.outside.schema import read
from tests.core.documents import SCHEMAS

Values = Mapping[str, Any]
State = list[tuple[str, Values]]
RECORDED = read({"provider_schemas": {"aws": {"resource_schemas": SCHEMAS}}})

OWNERS = {
    "aws_s3_bucket": "logs",
    "aws_eip": "eipalloc-1",
    "aws_route_table": "rtb-1",
    "aws_security_group": "sg-1",
    "aws_kms_key": "key-1",
    "aws_secretsmanager_secret": "arn:secret",
    "aws_sns_topic": "arn:topic",
    "aws_sqs_queue": "https://queue",
}
HTTPS: Values = {"protocol": "tcp", "from_port": 443, "to_port": 443}
MODERN: Values = {"security_group_id": "sg-1", "ip_protocol": "tcp", "from_port": 443, "to_port": 443}
OLD: Values = {"security_group_id": "sg-1", **HTTPS}
# The attribute, and the companion that accounts for it, by the type of the owner.
COMPANIONS: list[tuple[str, str, str, Values]] = [
    ("aws_s3_bucket", "acceleration_status", "aws_s3_bucket_accelerate_configuration", {"bucket": "logs"}),
    ("aws_s3_bucket", "acl", "aws_s3_bucket_acl", {"bucket": "logs"}),
    ("aws_s3_bucket", "grant", "aws_s3_bucket_acl", {"bucket": "logs"}),
    ("aws_s3_bucket", "cors_rule", "aws_s3_bucket_cors_configuration", {"bucket": "logs"}),
    ("aws_s3_bucket", "lifecycle_rule", "aws_s3_bucket_lifecycle_configuration", {"bucket": "logs"}),
    ("aws_s3_bucket", "logging", "aws_s3_bucket_logging", {"bucket": "logs"}),
    ("aws_s3_bucket", "object_lock_configuration", "aws_s3_bucket_object_lock_configuration", {"bucket": "logs"}),
    ("aws_s3_bucket", "policy", "aws_s3_bucket_policy", {"bucket": "logs"}),
    ("aws_s3_bucket", "replication_configuration", "aws_s3_bucket_replication_configuration", {"bucket": "logs"}),
    ("aws_s3_bucket", "request_payer", "aws_s3_bucket_request_payment_configuration", {"bucket": "logs"}),
    (
        "aws_s3_bucket",
        "server_side_encryption_configuration",
        "aws_s3_bucket_server_side_encryption_configuration",
        {"bucket": "logs"},
    ),
    ("aws_s3_bucket", "versioning", "aws_s3_bucket_versioning", {"bucket": "logs"}),
    ("aws_s3_bucket", "website", "aws_s3_bucket_website_configuration", {"bucket": "logs"}),
    ("aws_eip", "association_id", "aws_nat_gateway", {"allocation_id": "eipalloc-1"}),
    ("aws_eip", "private_ip", "aws_eip_association", {"allocation_id": "eipalloc-1"}),
    ("aws_kms_key", "policy", "aws_kms_key_policy", {"key_id": "key-1"}),
    ("aws_secretsmanager_secret", "policy", "aws_secretsmanager_secret_policy", {"secret_arn": "arn:secret"}),
    ("aws_sns_topic", "policy", "aws_sns_topic_policy", {"arn": "arn:topic"}),
    ("aws_sqs_queue", "policy", "aws_sqs_queue_policy", {"queue_url": "https://queue"}),
]


def found(kind: str, state: State, *, before: Values | None = None, after: Values | None = None) -> frozenset[str]:
    owner = {"id": OWNERS.get(kind, "x")}
    found = StateResource(f"{kind}.owner", kind, {**owner, **(after or {})})
    resources = [StateResource(f"{other}.n{number}", other, values) for number, (other, values) in enumerate(state)]
    return watched(found, {**owner, **(before or {})}, resources, {}, RECORDED)


@pytest.mark.parametrize(("kind", "attribute", "companion", "values"), COMPANIONS)
def test_a_companion_of_the_same_owner_accounts_for_its_attribute(
    kind: str, attribute: str, companion: str, values: Values
) -> None:
    state = [("aws_vpc", {"id": "vpc-1"}), (companion, values)]
    assert found(kind, state, after={attribute: ["changed"]}) == {attribute}


@pytest.mark.parametrize(("kind", "attribute", "companion", "values"), COMPANIONS)
def test_a_companion_of_another_owner_accounts_for_nothing(
    kind: str, attribute: str, companion: str, values: Values
) -> None:
    assert found(kind, [(companion, dict.fromkeys(values, "another"))], after={attribute: ["changed"]}) == frozenset()


@given(st.sampled_from([*OWNERS, "aws_vpc", "aws_iam_role"]), st.dictionaries(st.text(), st.text(), max_size=3))
def test_law_without_companions_no_addition_is_accounted_for(kind: str, values: Values) -> None:
    added = {
        "route": [{"cidr_block": "10.0.0.0/8"}],
        "ingress": [{"protocol": "tcp", "from_port": 1, "to_port": 1, "cidr_blocks": ["10.0.0.0/8"]}],
    }
    assert found(kind, [("aws_thing", values)], after=added) == frozenset()


@given(st.lists(st.tuples(st.sampled_from(sorted({row[2] for row in COMPANIONS})), st.just({"bucket": "logs"}))))
def test_law_a_type_without_companions_is_never_accounted_for(state: State) -> None:
    assert found("aws_iam_role", state) == frozenset()


class TestRoutes:
    """A route table lists the routes of `aws_route` resources."""

    @pytest.mark.parametrize(
        ("block", "route"),
        [
            ("cidr_block", "destination_cidr_block"),
            ("ipv6_cidr_block", "destination_ipv6_cidr_block"),
            ("destination_prefix_list_id", "destination_prefix_list_id"),
        ],
    )
    def test_a_route_resource_is_matched_by_its_destination(self, block: str, route: str) -> None:
        state: State = [("aws_route", {"route_table_id": "rtb-1", route: "there"})]
        assert found("aws_route_table", state, after={"route": [{block: "there"}]}) == {"route"}
        assert found("aws_route_table", state, after={"route": [{block: "elsewhere"}]}) == frozenset()
        assert found("aws_route_table", state, after={"route": [{block: "there"}, {block: "also"}]}) == frozenset()

    def test_an_earlier_route_needs_no_resource(self) -> None:
        inline = {"route": [{"cidr_block": "10.0.0.0/8"}]}
        state: State = [("aws_route", {"route_table_id": "rtb-1", "destination_cidr_block": "there"})]
        more = {"route": [*inline["route"], {"cidr_block": "there"}]}
        assert found("aws_route_table", state, before=inline, after=more) == {"route"}

    def test_a_route_of_another_table_accounts_for_nothing(self) -> None:
        state: State = [("aws_route", {"route_table_id": "rtb-2", "destination_cidr_block": "there"})]
        assert found("aws_route_table", state, after={"route": [{"cidr_block": "there"}]}) == frozenset()


class TestRules:
    """A security group lists the rules of resources of either generation."""

    @pytest.mark.parametrize(
        ("modern", "inline"),
        [
            ({"cidr_ipv4": "10.0.0.0/8"}, {"cidr_blocks": ["10.0.0.0/8"]}),
            ({"cidr_ipv6": "fd00::/8"}, {"ipv6_cidr_blocks": ["fd00::/8"]}),
            ({"prefix_list_id": "pl-1"}, {"prefix_list_ids": ["pl-1"]}),
            ({"referenced_security_group_id": "sg-2"}, {"security_groups": ["sg-2"]}),
        ],
    )
    @pytest.mark.parametrize("side", ["ingress", "egress"])
    def test_a_rule_resource_accounts_for_its_rule(self, side: str, modern: Values, inline: Values) -> None:
        state: State = [(f"aws_vpc_security_group_{side}_rule", {**MODERN, **modern})]
        other = {"ingress": "egress", "egress": "ingress"}[side]
        shown = {**HTTPS, **inline}
        assert found("aws_security_group", state, after={side: [shown]}) == {side}
        assert found("aws_security_group", state, after={other: [shown]}) == frozenset()
        beside = {**shown, "from_port": 22, "to_port": 22}
        assert found("aws_security_group", state, after={side: [shown, beside]}) == frozenset()

    @pytest.mark.parametrize(
        ("old", "inline"),
        [
            ({"cidr_blocks": ["10.0.0.0/8"]}, {"cidr_blocks": ["10.0.0.0/8"]}),
            ({"source_security_group_id": "sg-2"}, {"security_groups": ["sg-2"]}),
            ({"self": True}, {"self": True}),
        ],
    )
    @pytest.mark.parametrize("side", ["ingress", "egress"])
    def test_a_rule_resource_of_the_old_generation_accounts_for_its_rule(
        self, side: str, old: Values, inline: Values
    ) -> None:
        state: State = [("aws_security_group_rule", {**OLD, "type": side, **old})]
        assert found("aws_security_group", state, after={side: [{**HTTPS, **inline}]}) == {side}
        state = [("aws_security_group_rule", {**OLD, "type": "another", **old})]
        assert found("aws_security_group", state, after={side: [{**HTTPS, **inline}]}) == frozenset()

    def test_ports_are_ignored_for_all_protocols(self) -> None:
        every = {"security_group_id": "sg-1", "ip_protocol": "-1", "cidr_ipv4": "10.0.0.0/8"}
        shown = {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["10.0.0.0/8"]}
        state: State = [("aws_vpc_security_group_ingress_rule", every)]
        assert found("aws_security_group", state, after={"ingress": [shown]}) == {"ingress"}

    def test_a_removed_rule_is_accounted_for(self) -> None:
        state: State = [("aws_vpc_security_group_ingress_rule", {**MODERN, "cidr_ipv4": "10.0.0.0/8"})]
        both = {"ingress": [{**HTTPS, "cidr_blocks": ["10.0.0.0/8", "192.0.2.0/24"]}]}
        one = {"ingress": [{**HTTPS, "cidr_blocks": ["10.0.0.0/8"]}]}
        assert found("aws_security_group", state, before=both, after=one) == {"ingress"}
