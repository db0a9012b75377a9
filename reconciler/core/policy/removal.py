"""Removals that AWS would stop half-way: what must be turned off or emptied before the first call of a destroy.

Terraform destroys in the order of references, so that AWS refuses a protected load balancer or a repository with images
only when their callers, their rules and their keys are gone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.core.plan.deployment import ContentHolder
from reconciler.core.plan.model import Change, Plan
from reconciler.core.wording import first_few

# The attribute of a type that makes AWS refuse its deletion, and the value. Source: the AWS provider's documentation of
# each type.
_PROTECTED: Mapping[str, tuple[str, Any]] = {
    "aws_alb": ("enable_deletion_protection", True),
    "aws_cognito_user_pool": ("deletion_protection", "ACTIVE"),
    "aws_db_instance": ("deletion_protection", True),
    "aws_docdb_cluster": ("deletion_protection", True),
    "aws_dynamodb_table": ("deletion_protection_enabled", True),
    "aws_instance": ("disable_api_termination", True),
    "aws_lb": ("enable_deletion_protection", True),
    "aws_neptune_cluster": ("deletion_protection", True),
    "aws_networkfirewall_firewall": ("delete_protection", True),
    "aws_rds_cluster": ("deletion_protection", True),
    "aws_rds_global_cluster": ("deletion_protection", True),
}
# The permission to see whether something is inside. Source: service authorization reference, ECR and S3 (the action of
# ListObjectVersions).
_LOOKS: Mapping[str, str] = {"aws_ecr_repository": "`ecr:DescribeImages`", "aws_s3_bucket": "`s3:ListBucketVersions`"}
# Types that AWS deletes only while they hold nothing, unless Terraform may empty them: the attributes of that
# permission and of the name. Source: ECR API reference, DeleteRepository; S3 API reference, DeleteBucket.
_HOLDERS = {"aws_ecr_repository": ("force_delete", "name"), "aws_s3_bucket": ("force_destroy", "bucket")}
_NAMED = 3


def refusal(plan: Plan) -> str | None:
    """Return why a plan is refused that AWS would stop at a protected resource; None when nothing is protected."""
    found = [f"{change.address} ({_PROTECTED[change.type][0]})" for change in plan.changes if _is_protected(change)]
    if not found:
        return None
    return (
        f"AWS refuses to delete {first_few(found, _NAMED)} while its protection is on, and would stop half-way. To"
        " destroy it, turn the protection off in AWS first; nothing was touched"
    )


def must_be_empty(plan: Plan) -> tuple[ContentHolder, ...]:
    """Return the registries and buckets that the plan destroys and that Terraform may not empty."""
    return tuple(
        ContentHolder(change.type, str(change.before.get(name)))
        for change in plan.changes
        if change.deletes and change.type in _HOLDERS
        for permission, name in [_HOLDERS[change.type]]
        if change.before.get(permission) is not True
    )


def explain(full: Sequence[ContentHolder]) -> str:
    """Return why a destroy waits for these to be emptied, and what to do."""
    named = first_few([str(holder) for holder in full], _NAMED)
    return (
        f"AWS deletes {named} only when nothing is in it, and would stop half-way. Copy what is still needed, empty it,"
        " then reconcile again; nothing was touched"
    )


def explain_unseen(unseen: Sequence[ContentHolder]) -> str:
    """Return why a destroy waits for the permission to look into these, and how to give it."""
    named = first_few([str(holder) for holder in unseen], _NAMED)
    needed = " and ".join(sorted({_LOOKS[holder.type] for holder in unseen}))
    return (
        f"AWS does not let the daemon's role look into {named}, and would stop half-way if something is in it. Allow"
        f" the role {needed} on it, then reconcile again; nothing was touched"
    )


def _is_protected(change: Change) -> bool:
    if not change.deletes or change.type not in _PROTECTED:
        return False
    attribute, on = _PROTECTED[change.type]
    return bool(change.before.get(attribute) == on)
