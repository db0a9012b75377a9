"""Public exposure by a planned change. The load balancer's ports 80 and 443 are the only allowed entrance."""

import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.core.plan.model import Change

Values = Mapping[str, Any]

_ENTRANCE = "module.alb."
_ENTRANCE_PORTS = frozenset({(80, 80), (443, 443)})
# Wider than any network that one organisation owns: two halves of the internet are the internet.
_WIDEST = {4: 8, 6: 16}
_FLAGS = {
    "aws_db_instance": "publicly_accessible",
    "aws_rds_cluster_instance": "publicly_accessible",
    "aws_redshift_cluster": "publicly_accessible",
    "aws_dms_replication_instance": "publicly_accessible",
    "aws_instance": "associate_public_ip_address",
}
_BLOCKS_OF_ACCESS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
_OPEN_ACLS = frozenset({"public-read", "public-read-write", "website"})
_POLICIES = {
    "aws_ecr_repository_policy": "policy",
    "aws_kms_key": "policy",
    "aws_kms_key_policy": "policy",
    "aws_s3_bucket_policy": "policy",
    "aws_secretsmanager_secret_policy": "policy",
    "aws_sns_topic_policy": "policy",
    "aws_sqs_queue_policy": "policy",
}


def exposures(change: Change, gone: frozenset[str]) -> Iterator[str]:
    """Yield what would become public, a phrase each. `gone`: names of the buckets that the same plan destroys."""
    after = change.after
    for rule in _rules(change.type, after):
        if not _is_entrance(change.address, rule):
            yield f"{_ports(rule)} would be open to {', '.join(_everybody(rule))}"
    if after.get(_FLAGS.get(change.type, "")) is True:
        yield f"{_FLAGS[change.type]} would give it a public address"
    if change.type == "aws_ecs_service" and any(block.get("assign_public_ip") is True for block in _network(after)):
        yield "its tasks would have public addresses"
    yield from _bucket(change, gone)
    if _admits_everybody(after.get(_POLICIES.get(change.type, ""))):
        yield "its policy would allow everyone, without a condition"


def _rules(kind: str, after: Values) -> Iterator[Values]:
    """Yield the ingress rules of a resource that admit every address, in the form of an inline rule."""
    match kind:
        case "aws_security_group" | "aws_default_security_group":
            found = after.get("ingress")
            rules = found if isinstance(found, list) else []
        case "aws_security_group_rule":
            rules = [after] if after.get("type") == "ingress" else []
        case "aws_vpc_security_group_ingress_rule":
            sources = {"cidr_blocks": [after.get("cidr_ipv4")], "ipv6_cidr_blocks": [after.get("cidr_ipv6")]}
            rules = [{**after, **sources, "protocol": after.get("ip_protocol")}]
        case _:
            rules = []
    return (rule for rule in rules if isinstance(rule, Mapping) and _everybody(rule))


def _everybody(rule: Values) -> list[str]:
    sources = [rule.get("cidr_blocks"), rule.get("ipv6_cidr_blocks")]
    return [cidr for found in sources if isinstance(found, list) for cidr in found if _is_everybody(cidr)]


def _is_everybody(cidr: Any) -> bool:
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:  # not known yet, or not an address
        return False
    return network.prefixlen < _WIDEST[network.version]


def _is_entrance(address: str, rule: Values) -> bool:
    ports = (rule.get("from_port"), rule.get("to_port"))
    return address.startswith(_ENTRANCE) and ports in _ENTRANCE_PORTS and rule.get("protocol") in {"tcp", "6"}


def _ports(rule: Values) -> str:
    first, last, protocol = rule.get("from_port"), rule.get("to_port"), rule.get("protocol")
    if protocol in {"-1", "all"}:
        return "every port"
    return f"port {first}/{protocol}" if first == last else f"ports {first}-{last}/{protocol}"


def _network(after: Values) -> Iterable[Values]:
    found = after.get("network_configuration")
    return [block for block in found if isinstance(block, Mapping)] if isinstance(found, list) else []


def _bucket(change: Change, gone: frozenset[str]) -> Iterator[str]:
    if change.type == "aws_s3_bucket_public_access_block":
        if not change.after and change.before.get("bucket") not in gone:
            yield "the bucket's block of public access would be removed"
        for name in _BLOCKS_OF_ACCESS:
            if change.after.get(name) is False:
                yield f"{name} would be off"
    if change.type == "aws_s3_bucket_acl" and change.after.get("acl") in _OPEN_ACLS:
        yield f"the ACL {change.after['acl']} would open the bucket"


def _admits_everybody(policy: Any) -> bool:
    try:
        found = json.loads(policy) if isinstance(policy, str) else {}
    except ValueError:
        return False
    statements = found.get("Statement", []) if isinstance(found, Mapping) else []
    statements = statements if isinstance(statements, list) else [statements]
    return any(_is_open(statement) for statement in statements if isinstance(statement, Mapping))


def _is_open(statement: Values) -> bool:
    if statement.get("Effect") != "Allow" or statement.get("Condition"):
        return False
    principal = statement.get("Principal")
    who = principal.get("AWS") if isinstance(principal, Mapping) else principal
    return "*" in (who if isinstance(who, list) else [who])
