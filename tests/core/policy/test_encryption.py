"""Encryption at rest: each change that would remove it is found, and no other change."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.plan.model import UNKNOWN, Change
from reconciler.core.policy.encryption import losses

SWITCHES = {
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
OFF: list[Any] = [None, "", False, [], {}]
PATHS = [
    "kms_key_id",
    "kms_key_arn",
    "kms_key",
    "kms_master_key_id",
    "encryption_key.0.id.kms_key_id",
    "encrypted",
    "storage_encrypted",
    "at_rest_encryption_enabled",
    "settings.0.cloud_watch_encryption_enabled",
    "server_side_encryption",
    "server_side_encryption.0",
    "server_side_encryption.0.enabled",
    "server_side_encryption_configuration.0.enabled",
    "encryption_configuration",
    "artifact_store.0.encryption_key",
]
OTHERS = [
    "name",
    "enabled",
    "logging.0.enabled",
    "kms_key_id.0.x",
    "tags.encrypted_by",
    "container_definitions.orders.environment.kms_key_id",
    "container_definitions.orders.encrypted",
]
BUCKET_GUARD = "aws_s3_bucket_server_side_encryption_configuration"


def change(
    kind: str,
    attributes: Mapping[str, tuple[Any, Any]] | None = None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Change:
    return Change(f"{kind}.this", kind, ("update",), (), attributes or {}, before or {}, after or {})


def losses_of(found: Change, *, gone: str = "") -> list[str]:
    return list(losses(found, frozenset({gone} if gone else ())))


def updated(kind: str, path: str, old: Any, new: Any) -> Change:
    return change(kind, {path: (old, new)}, before={"id": "a"}, after={"id": "a"})


@pytest.mark.parametrize("kind", SWITCHES)
@pytest.mark.parametrize("value", OFF, ids=repr)
def test_a_store_without_encryption_is_found(kind: str, value: Any) -> None:
    switch = SWITCHES[kind]
    assert losses_of(change(kind, after={"id": "a", switch: value})) == [f"{switch} is off"]
    assert losses_of(change(kind, before={switch: value}, after={"id": "a"})) == [f"{switch} is off"]


@pytest.mark.parametrize("kind", SWITCHES)
@pytest.mark.parametrize("value", [True, "true", UNKNOWN])
def test_a_store_with_encryption_or_an_unknown_value_is_allowed(kind: str, value: Any) -> None:
    assert losses_of(change(kind, after={SWITCHES[kind]: value})) == []
    assert losses_of(change(kind, before={SWITCHES[kind]: False})) == [], "a destroyed resource needs no encryption"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("new", OFF, ids=repr)
def test_removed_encryption_is_a_loss(path: str, new: Any) -> None:
    assert losses_of(updated("aws_thing", path, "arn:key", new)) == [f"{path} would be removed"]


@pytest.mark.parametrize("path", OTHERS)
def test_another_removed_attribute_is_no_loss(path: str) -> None:
    assert losses_of(updated("aws_thing", path, "arn:key", None)) == []


@given(st.sampled_from(PATHS), st.sampled_from([*OFF, "arn:1", True]), st.sampled_from(["arn:2", True, UNKNOWN]))
def test_law_changed_encryption_is_no_loss(path: str, old: Any, new: Any) -> None:
    assert losses_of(updated("aws_thing", path, old, new)) == []


@given(st.sampled_from(PATHS), st.sampled_from(OFF), st.sampled_from(OFF))
def test_law_encryption_that_was_off_is_no_loss(path: str, old: Any, new: Any) -> None:
    assert losses_of(updated("aws_thing", path, old, new)) == []


@given(st.sampled_from(PATHS), st.booleans())
def test_law_a_created_or_destroyed_resource_is_no_loss(path: str, created: bool) -> None:
    sides: dict[str, Any] = {"after": {"id": "a"}} if created else {"before": {"id": "a"}}
    assert losses_of(change("aws_thing", {path: ("arn:key", None)}, **sides)) == []


def test_an_encryption_type_of_none_is_a_loss_at_any_depth() -> None:
    path = "kinesis_configuration.0.encryption_type"
    assert losses_of(updated("aws_thing", path, "KMS", "NONE")) == [f"{path} would be NONE"]
    assert losses_of(updated("aws_thing", path, "NONE", "KMS")) == []


class TestBuckets:
    """The encryption of a bucket, which lasts as long as the bucket."""

    def test_removing_the_encryption_of_a_kept_bucket_is_a_loss(self) -> None:
        found = change(BUCKET_GUARD, before={"bucket": "logs"})
        assert losses_of(found) == ["the bucket's encryption would be removed"]
        assert losses_of(found, gone="another") == ["the bucket's encryption would be removed"]

    def test_removing_the_encryption_with_its_bucket_is_no_loss(self) -> None:
        assert losses_of(change(BUCKET_GUARD, before={"bucket": "logs"}), gone="logs") == []

    def test_creating_or_changing_the_encryption_is_no_loss(self) -> None:
        assert losses_of(change(BUCKET_GUARD, after={"bucket": "logs"})) == []


@pytest.mark.parametrize(("old", "new", "lost"), [(True, False, 1), (False, True, 0), (False, False, 0)])
def test_disabling_a_key_is_a_loss(old: bool, new: bool, lost: int) -> None:
    assert len(losses_of(updated("aws_kms_key", "is_enabled", old, new))) == lost
    assert losses_of(updated("aws_thing", "is_enabled", old, new)) == []
