"""Public exposure by a planned change. The load balancer's ports 80 and 443 are the only allowed entrance."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from reconciler.core.plan.model import Change
from reconciler.core.policy.grants import WIDEST, is_narrow, is_of_everything, is_to_everyone, statements

Values = Mapping[str, Any]

_ENTRANCE = "module.alb."
_ENTRANCE_PORTS = frozenset({(80, 80), (443, 443)})
_FLAGS = {
    "aws_db_instance": "publicly_accessible",
    "aws_rds_cluster_instance": "publicly_accessible",
    "aws_redshift_cluster": "publicly_accessible",
    "aws_dms_replication_instance": "publicly_accessible",
    "aws_instance": "associate_public_ip_address",
}
_BLOCKS_OF_ACCESS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
_OPEN_ACLS = frozenset({"public-read", "public-read-write", "website"})
# Attributes with the policy of a resource, which says who may use it, by type. Source: the AWS provider's schemas.
_POLICIES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "aws_backup_vault_policy", "aws_dynamodb_resource_policy", "aws_ecr_registry_policy",
            "aws_ecr_repository_policy", "aws_efs_file_system_policy", "aws_glue_resource_policy",
            "aws_kinesis_resource_policy", "aws_kms_external_key", "aws_kms_key", "aws_kms_key_policy",
            "aws_kms_replica_key", "aws_s3_access_point", "aws_s3_bucket", "aws_s3_bucket_policy",
            "aws_secretsmanager_secret", "aws_secretsmanager_secret_policy", "aws_sns_topic", "aws_sns_topic_policy",
            "aws_sqs_queue", "aws_sqs_queue_policy",
        ),
        ("policy", "resource_policy"),
    ),
    "aws_cloudwatch_log_resource_policy": ("policy_document",),
    "aws_elasticsearch_domain": ("access_policies",),
    "aws_iam_role": ("assume_role_policy",),
    "aws_opensearch_domain": ("access_policies",),
    "aws_opensearch_domain_policy": ("access_policies",),
}  # fmt: skip
_OF_IDENTITIES = frozenset({"aws_iam_group_policy", "aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy"})
_ATTACHMENTS = frozenset({
    "aws_iam_group_policy_attachment", "aws_iam_policy_attachment", "aws_iam_role_policy_attachment",
    "aws_iam_user_policy_attachment", "aws_iam_role_policy_attachments_exclusive",
    "aws_iam_user_policy_attachments_exclusive", "aws_iam_group_policy_attachments_exclusive",
    "aws_ssoadmin_managed_policy_attachment", "aws_iam_role",
})  # fmt: skip
_READ_BACK = ("inline_policy", "managed_policy_arns")
_ADMINISTRATORS = (":policy/AdministratorAccess", ":policy/IAMFullAccess")
_PERMISSIONS = frozenset({"aws_lambda_permission", "aws_lambda_layer_version_permission"})
_URLS = frozenset({"aws_lambda_function_url", "aws_lambda_permission"})
_SOURCES = {
    "source_account": "aws:SourceAccount",
    "source_arn": "aws:SourceArn",
    "principal_org_id": "aws:PrincipalOrgID",
    "organization_id": "aws:PrincipalOrgID",
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
    yield from _grants(change.type, _of_the_plan(change))


def _of_the_plan(change: Change) -> Values:
    """Return the planned values, without the policies that a role has already.

    The provider reads them back into `aws_iam_role`, whoever gave them to the role: the plan that takes away what
    somebody added by hand still shows it there.
    """
    if change.type != "aws_iam_role":
        return change.after
    kept = {name for name in _READ_BACK if change.after.get(name) == change.before.get(name)}
    return {name: value for name, value in change.after.items() if name not in kept}


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
    return network.prefixlen < WIDEST[network.version]


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


def _grants(kind: str, after: Values) -> Iterator[str]:
    """Yield what a policy would give to everyone, and what would make an identity an administrator."""
    if any(map(is_to_everyone, chain.from_iterable(statements(after.get(name)) for name in _POLICIES.get(kind, ())))):
        yield "its policy would allow everyone, without a condition that names an account, organisation or network"
    if any(map(is_of_everything, chain.from_iterable(map(statements, _identity_policies(kind, after))))):
        yield "its policy would allow all of IAM, and with it everything"
    if administrators := [arn for arn in _attached(kind, after) if arn.endswith(_ADMINISTRATORS)]:
        yield f"{administrators[0].rpartition('/')[2]} would be attached"
    sources = {key: after.get(name) for name, key in _SOURCES.items()}
    if kind in _PERMISSIONS and after.get("principal") == "*" and not any(is_narrow(*one) for one in sources.items()):
        yield "everyone could call it"
    if "NONE" in (after.get("authorization_type"), after.get("function_url_auth_type")) and kind in _URLS:
        yield "its URL would be open to everyone"


def _identity_policies(kind: str, after: Values) -> list[Any]:
    if kind == "aws_iam_role":
        inline = after.get("inline_policy")
        return [one.get("policy") for one in inline if isinstance(one, Mapping)] if isinstance(inline, list) else []
    if kind == "aws_ssoadmin_permission_set_inline_policy":
        return [after.get("inline_policy")]
    return [after.get("policy")] if kind in _OF_IDENTITIES else []


def _attached(kind: str, after: Values) -> list[str]:
    if kind not in _ATTACHMENTS:
        return []
    found = [after.get(name) for name in ("policy_arn", "managed_policy_arn")]
    for name in ("policy_arns", "managed_policy_arns"):
        several = after.get(name)
        found += several if isinstance(several, list) else []
    return [arn for arn in found if isinstance(arn, str)]
