"""Locks that Terraform could not write, although nobody holds one: AWS refused the lock file or the item of the table.

Terraform reports a held lock and an unwritable one under the same summary. The S3 backend writes `<state>.tflock` with
the key of the state (`use_lockfile`), then the item of the lock table. Sources: Terraform's "Backend Type: s3",
"Permissions required"; error codes of the S3, KMS and DynamoDB API references.
"""

import re

_BEGIN = re.compile(r"operation error (S3|DynamoDB): (\w+),")
_OF_KEY = re.compile(r"KMS\.\w+|\bkms:\w+")
_DENIED = re.compile(r"AccessDenied(?:Exception)?\b|StatusCode: 403|not authorized to perform")
_NO_TABLE = re.compile(r"operation error DynamoDB.*ResourceNotFoundException")
_KEY = (
    "AWS refused the KMS key of the state: enable or restore the key, or allow the daemon's role kms:GenerateDataKey"
    " and kms:Decrypt on it"
)
_TABLE_MISSING = (
    "the lock table does not exist: create it with `reconciler bootstrap`, or correct `state.lock_table` in the"
    " configuration"
)
_TABLE_DENIED = (
    "the daemon's role may not use the lock table: allow it dynamodb:GetItem, dynamodb:PutItem and dynamodb:DeleteItem"
    " on it"
)
_FILE_DENIED = (
    "the daemon's role may not write the lock file: allow it s3:GetObject, s3:PutObject and s3:DeleteObject on"
    " `<state>.tflock`"
)


def remedy(text: str) -> str | None:
    """Return what keeps the lock from being written, and what to do; None when it is held, or nothing is known."""
    first = _BEGIN.search(text)
    if first is None:
        return None
    if _OF_KEY.search(text):
        return _KEY
    if _NO_TABLE.search(text):
        return _TABLE_MISSING
    if _DENIED.search(text):
        return _FILE_DENIED if first[1] == "S3" else _TABLE_DENIED
    return None
