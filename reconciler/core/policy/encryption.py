"""Encryption at rest that a planned change would remove."""

from collections.abc import Iterator
from typing import Any

from reconciler.core.plan.model import Change
from reconciler.core.plan.paths import head, last

_MUST = {
    "aws_db_instance": "storage_encrypted",
    "aws_docdb_cluster": "storage_encrypted",
    "aws_ebs_encryption_by_default": "enabled",
    "aws_ebs_volume": "encrypted",
    "aws_efs_file_system": "encrypted",
    "aws_elasticache_replication_group": "at_rest_encryption_enabled",
    "aws_neptune_cluster": "storage_encrypted",
    "aws_rds_cluster": "storage_encrypted",
    "aws_redshift_cluster": "encrypted",
}
_KEYS = frozenset({"kms_key_id", "kms_key_arn", "kms_key", "kms_master_key_id", "encryption_key"})
_SWITCHES = frozenset(
    {"encrypted", "storage_encrypted", "at_rest_encryption_enabled", "cloud_watch_encryption_enabled"}
)
_BLOCKS = frozenset({"server_side_encryption", "server_side_encryption_configuration", "encryption_configuration"})
_GUARD = "aws_s3_bucket_server_side_encryption_configuration"
_OFF: tuple[Any, ...] = (None, "", False, [], {})


def losses(change: Change, gone: frozenset[str]) -> Iterator[str]:
    """Yield what would lose its encryption, a phrase each. `gone`: names of the buckets that the same plan destroys."""
    switch = _MUST.get(change.type)
    if switch and change.after and change.after.get(switch) in _OFF:
        yield f"{switch} is off"
    if change.type == _GUARD and not change.after and change.before.get("bucket") not in gone:
        yield "the bucket's encryption would be removed"
    if not change.before or not change.after:
        return
    for path, (old, new) in change.attributes.items():
        if old not in _OFF and new in _OFF and _is_encryption(path):
            yield f"{path} would be removed"
        if last(path) == "encryption_type" and new == "NONE":
            yield f"{path} would be NONE"
    if change.type == "aws_kms_key" and change.attributes.get("is_enabled") == (True, False):
        yield "the key would be disabled, and with it all that it encrypts"


def _is_encryption(path: str) -> bool:
    attribute, name = head(path), last(path)
    if attribute == "container_definitions":
        return False
    return name in _KEYS | _SWITCHES | _BLOCKS or (attribute in _BLOCKS and name == "enabled")
