"""The table `actions.yaml`: which IAM actions a root needs, by its resource types, and which ones a run of it used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.deploy.calls import PROJECT

TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "actions.yaml").read_text())
ROOTS = ("account", "job", "platform", "service")

# Operations whose action has another name: service authorization reference of S3. A deletion of a setting is a change.
_OF_S3 = {
    "BucketAccelerateConfiguration": "AccelerateConfiguration",
    "BucketCors": "BucketCORS",
    "BucketEncryption": "EncryptionConfiguration",
    "BucketLifecycle": "LifecycleConfiguration",
    "BucketLifecycleConfiguration": "LifecycleConfiguration",
    "BucketNotificationConfiguration": "BucketNotification",
    "BucketReplication": "ReplicationConfiguration",
    "ObjectLockConfiguration": "BucketObjectLockConfiguration",
    "PublicAccessBlock": "BucketPublicAccessBlock",
}
_CHANGED = {"DeleteEncryptionConfiguration", "DeleteLifecycleConfiguration", "DeleteBucketOwnershipControls",
            "DeleteBucketPublicAccessBlock"}  # fmt: skip
_LISTED = {"HeadBucket": "ListBucket", "ListObjectsV2": "ListBucket", "ListObjectVersions": "ListBucketVersions"}
_WITHOUT = {"sts:GetCallerIdentity"}  # needs no permission


def types_of(folder: Path) -> set[str]:
    """Return the resource types of a root and of the modules that it calls."""
    text = "\n".join(file.read_text() for file in folder.glob("*.tf"))
    found = set(re.findall(r'^resource "(\w+)"', text, re.MULTILINE))
    for source in re.findall(r'^\s*source\s*=\s*"(\.\.[^"]+)"', text, re.MULTILINE):
        found |= types_of((folder / source).resolve())
    return found


def needed(root: str) -> set[str]:
    """Return the actions that the resource types of a root need."""
    return needed_by(types_of(PROJECT / "terraform/roots" / root)) - set(TABLE["without"].get(root, []))


def needed_by(types: Iterable[str]) -> set[str]:
    """Return the actions that resource types need."""
    entries = (TABLE["types"][name] for name in types)
    return {f"{service}:{action}" for entry in entries for service, names in entry.items() for action in names}


def used(requests: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the actions of the calls that Terraform made, from the stand-in's request log."""
    return {
        _action(entry["service"], entry["operation"]) for entry in requests if "Terraform" in entry["user_agent"]
    } - _WITHOUT


def _action(service: str, operation: str) -> str:
    if service != "s3":
        return f"{'cloudwatch' if service == 'monitoring' else service}:{operation}"
    verb, rest = re.fullmatch(r"([A-Z][a-z]+)(.*)", operation).groups()  # type: ignore[union-attr]
    name = _LISTED.get(operation, verb + _OF_S3.get(rest, rest))
    return f"s3:{name.replace('Delete', 'Put', 1) if name in _CHANGED else name}"
