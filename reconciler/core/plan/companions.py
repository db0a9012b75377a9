"""Attributes that other resources of the same state account for.

A route table lists the routes that `aws_route` resources made, a bucket shows the policy of its `aws_s3_bucket_policy`.
Terraform reports them as outside changes at the first refresh after their creation. A real change of them shows in the
plan of the resource that manages them, so here they are no addition; what remains beside them is.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Values = Mapping[str, Any]
Rule = tuple[Any, ...]

_BUCKET_PARTS = {
    "acceleration_status": "aws_s3_bucket_accelerate_configuration",
    "acl": "aws_s3_bucket_acl",
    "cors_rule": "aws_s3_bucket_cors_configuration",
    "grant": "aws_s3_bucket_acl",
    "lifecycle_rule": "aws_s3_bucket_lifecycle_configuration",
    "logging": "aws_s3_bucket_logging",
    "object_lock_configuration": "aws_s3_bucket_object_lock_configuration",
    "policy": "aws_s3_bucket_policy",
    "replication_configuration": "aws_s3_bucket_replication_configuration",
    "request_payer": "aws_s3_bucket_request_payment_configuration",
    "server_side_encryption_configuration": "aws_s3_bucket_server_side_encryption_configuration",
    "versioning": "aws_s3_bucket_versioning",
    "website": "aws_s3_bucket_website_configuration",
}
# Types with a policy resource of their own, and the attribute by which that names its owner.
_POLICIES = {
    "aws_kms_key": ("aws_kms_key_policy", "key_id"),
    "aws_secretsmanager_secret": ("aws_secretsmanager_secret_policy", "secret_arn"),
    "aws_sns_topic": ("aws_sns_topic_policy", "arn"),
    "aws_sqs_queue": ("aws_sqs_queue_policy", "queue_url"),
}
_ASSOCIATION = frozenset({"association_id", "instance", "network_interface", "private_dns", "private_ip"})
_DIRECTIONS = {"ingress": "aws_vpc_security_group_ingress_rule", "egress": "aws_vpc_security_group_egress_rule"}
_SOURCES = ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups")
_DESTINATIONS = ("cidr_block", "ipv6_cidr_block", "destination_prefix_list_id")


def watched(kind: str, before: Values, after: Values, resources: Iterable[tuple[str, Values]]) -> frozenset[str]:
    """Return the attributes of one resource that other resources account for. `resources`: type and values of the
    state.
    """
    everyone = list(resources)
    match kind:
        case "aws_s3_bucket":
            mine = {other for other, values in everyone if values.get("bucket") == before.get("id")}
            return frozenset(part for part, other in _BUCKET_PARTS.items() if other in mine)
        case "aws_eip":
            associated = any(values.get("allocation_id") == before.get("id") for _, values in everyone)
            return _ASSOCIATION if associated else frozenset()
        case "aws_route_table":
            known = {_destination(values) for values in _of(everyone, "aws_route", "route_table_id", before)}
            added = [rule for rule in _blocks(after, "route") if rule not in list(_blocks(before, "route"))]
            return frozenset({"route"}) if all(_destination_of_block(rule) in known for rule in added) else frozenset()
        case "aws_security_group":
            return frozenset(side for side in _DIRECTIONS if _rules_are_known(side, before, after, everyone))
        case _ if kind in _POLICIES:
            companion, link = _POLICIES[kind]
            return frozenset({"policy"} if any(_of(everyone, companion, link, before)) else ())
        case _:
            return frozenset()


def _of(everyone: Iterable[tuple[str, Values]], kind: str, link: str, owner: Values) -> Iterator[Values]:
    return (values for other, values in everyone if other == kind and values.get(link) == owner.get("id"))


def _blocks(values: Values, name: str) -> Iterator[Values]:
    return (block for block in values.get(name) or () if isinstance(block, Mapping))


def _destination(route: Values) -> Any:
    names = ("destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id")
    return next((route[name] for name in names if route.get(name)), None)


def _destination_of_block(block: Values) -> Any:
    return next((block[name] for name in _DESTINATIONS if block.get(name)), None)


def _rules_are_known(side: str, before: Values, after: Values, everyone: list[tuple[str, Values]]) -> bool:
    known = {_modern(rule) for rule in _of(everyone, _DIRECTIONS[side], "security_group_id", before)}
    for rule in _of(everyone, "aws_security_group_rule", "security_group_id", before):
        if rule.get("type") == side:
            known |= set(_inline({**rule, "security_groups": [rule.get("source_security_group_id")]}))
    there = {rule for block in _blocks(before, side) for rule in _inline(block)}
    found = {rule for block in _blocks(after, side) for rule in _inline(block)}
    return bool(known) and found - there <= known


def _inline(block: Values) -> Iterator[Rule]:
    ports = _ports(block.get("protocol"), block.get("from_port"), block.get("to_port"))
    for kind in _SOURCES:
        yield from ((*ports, source) for source in block.get(kind) or () if source)
    if block.get("self"):
        yield (*ports, "self")


def _modern(rule: Values) -> Rule:
    names = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")
    source = next((rule[name] for name in names if rule.get(name)), None)
    return (*_ports(rule.get("ip_protocol"), rule.get("from_port"), rule.get("to_port")), source)


def _ports(protocol: Any, first: Any, last: Any) -> Rule:
    return ("-1", 0, 0) if str(protocol) == "-1" else (str(protocol), first, last)
