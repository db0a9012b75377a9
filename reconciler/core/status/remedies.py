"""Remedies for resources that were added beside what Terraform manages, and hints for what a repair does not end."""

from reconciler.core.plan.outside import principals
from reconciler.core.plan.paths import head
from reconciler.core.plan.summary import ResourceSummary
from reconciler.core.record.model import Drift
from reconciler.core.vocabulary import Reason

_PARTS: dict[tuple[str, str], tuple[str, str]] = {
    ("aws_route_table", "route"): ("delete the route", "an `aws_route`"),
    ("aws_security_group", "ingress"): (
        "revoke the rule",
        "an `aws_vpc_security_group_ingress_rule` or an inline rule",
    ),
    ("aws_security_group", "egress"): ("revoke the rule", "an `aws_vpc_security_group_egress_rule` or an inline rule"),
    ("aws_iam_user", "tags"): ("remove the tags", "tags of the user"),
    ("aws_iam_group", "users"): ("remove the members", "an `aws_iam_group_membership`"),
    ("aws_kms_key", "policy"): ("restore the key policy", "an `aws_kms_key_policy`"),
    ("aws_s3_bucket", "acl"): ("remove the ACL", "an `aws_s3_bucket_acl`"),
    ("aws_s3_bucket", "grant"): ("remove the grant", "an `aws_s3_bucket_acl`"),
    ("aws_s3_bucket", "cors_rule"): ("delete the CORS rules", "an `aws_s3_bucket_cors_configuration`"),
    ("aws_s3_bucket", "lifecycle_rule"): ("delete the rules", "an `aws_s3_bucket_lifecycle_configuration`"),
    ("aws_s3_bucket", "logging"): ("switch access logging off", "an `aws_s3_bucket_logging`"),
    ("aws_s3_bucket", "policy"): ("delete the bucket policy", "an `aws_s3_bucket_policy`"),
    ("aws_s3_bucket", "replication_configuration"): (
        "delete the replication",
        "an `aws_s3_bucket_replication_configuration`",
    ),
    ("aws_s3_bucket", "versioning"): ("suspend versioning", "an `aws_s3_bucket_versioning`"),
    ("aws_s3_bucket", "website"): ("delete the website", "an `aws_s3_bucket_website_configuration`"),
    ("aws_ecs_cluster", "service_connect_defaults"): (
        "remove the default",
        "`service_connect_defaults` of the cluster",
    ),
    ("aws_vpc", "ipv6_cidr_block"): ("disassociate the block", "`assign_generated_ipv6_cidr_block` of the VPC"),
}


def remedies(drift: Drift) -> tuple[str, ...]:
    """Return a sentence for each resource; for drift that a plan repairs only where a deleted principal is named."""
    if drift.reason != Reason.UNMANAGED_ADDITION:
        return tuple(filter(None, map(_hint, drift.resources)))
    return tuple(filter(None, (said for each in drift.resources for said in (remedy(each), _hint(each)))))


def _hint(resource: ResourceSummary) -> str | None:
    ids = principals.deleted([found for _, found in resource.attributes.values()])
    return f"{resource.address}: its policy {principals.hint(ids)}" if ids else None


def remedy(resource: ResourceSummary) -> str:
    """Return what to remove, or what to manage from now on."""
    heads = sorted({head(path) for path in resource.attributes})
    kind = resource_type(resource.address)
    known = [_PARTS[kind, head] for head in heads if (kind, head) in _PARTS]
    if len(known) == len(heads) and known:
        return f"{resource.address}: " + "; ".join(f"{remove}, or manage it with {by}" for remove, by in known)
    what = ", ".join(heads) or "it"
    return f"{resource.address}: restore {what}, or set it in the root so that it is managed"


def resource_type(address: str) -> str:
    """Return the type in an address: `aws_vpc` in `module.network.aws_vpc.this`, whatever its brackets contain."""
    plain, depth = "", 0
    for letter in address:
        depth += (letter == "[") - (letter == "]")
        plain += letter if depth == 0 and letter != "]" else ""
    return plain.rsplit(".", 2)[-2] if plain.count(".") else plain
