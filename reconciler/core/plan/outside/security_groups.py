"""Rules of a security group and the resources that manage them, of either generation of the provider.

A group shows rules with the same ports as one block, whatever resources made them. They are compared source by source.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Values = Mapping[str, Any]
Rule = tuple[Any, ...]
_DIRECTIONS = {"ingress": "aws_vpc_security_group_ingress_rule", "egress": "aws_vpc_security_group_egress_rule"}
_SOURCES = ("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "security_groups")


def is_accounted_for(side: str, before: Values, after: Values, related: Iterable[tuple[str, Values]]) -> bool:
    """Return whether rule resources account for each rule that was added on this side. `related`: type and values."""
    everyone = [(kind, rule) for kind, rule in related if rule.get("security_group_id") == after.get("id")]
    known = {_modern(rule) for kind, rule in everyone if kind == _DIRECTIONS.get(side)}
    for kind, rule in everyone:
        if kind == "aws_security_group_rule" and rule.get("type") == side:
            known |= set(_inline({**rule, "security_groups": [rule.get("source_security_group_id")]}))
    there = {rule for block in _blocks(before, side) for rule in _inline(block)}
    found = {rule for block in _blocks(after, side) for rule in _inline(block)}
    return bool(known) and found - there <= known


def _blocks(values: Values, name: str) -> Iterator[Values]:
    found = values.get(name)
    return (block for block in found if isinstance(block, Mapping)) if isinstance(found, list) else iter(())


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
