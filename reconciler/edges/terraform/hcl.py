"""Literal strings in HCL.

HCL evaluates `${…}` and `%{…}` inside quotes, so a value from outside could run functions. Values reach Terraform as
JSON variables, which are literal. The few files that must be HCL (backend and CLI configuration) use this module, which
refuses a template rather than escape it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the image downloads Terraform with `plugins.py` before any package is installed
    from desired_state.instance import Key
    from reconciler.core.environment import Environment
    from reconciler.edges.state.settings import StateSettings


def quote(value: str) -> str:
    """Return the value as a quoted HCL string. Raises: ValueError when HCL could read more than text in it."""
    if "${" in value or "%{" in value:
        raise ValueError(f"{value!r} holds an HCL template")
    if not value.isprintable():
        raise ValueError(f"{value!r} holds a character that cannot be printed")
    return json.dumps(value, ensure_ascii=False)


def backend(settings: StateSettings, key: Key, environment: Environment) -> str:
    """Return the text of the backend's configuration file. Raises: ValueError for a value that is not plain text.

    With `encrypt` and without a key the backend asks for `AES256`, which S3 puts above the bucket's default; without
    `encrypt` it asks for nothing, and the default applies (S3 API reference, PutObject, x-amz-server-side-encryption).
    """
    key_id = settings.key_in(environment)
    values: dict[str, str | bool | None] = {
        "bucket": settings.bucket_in(environment),
        "key": settings.object_key(key),
        "region": environment.region,
        "encrypt": key_id is not None,
        "use_lockfile": True,
        "dynamodb_table": settings.lock_table,
        "kms_key_id": key_id,
    }
    if environment.endpoint:
        values |= dict.fromkeys(("use_path_style", "skip_credentials_validation", "skip_metadata_api_check"), True)
        values["skip_requesting_account_id"] = True
    lines = [f"{name} = {_literal(value)}" for name, value in values.items() if value is not None]
    if environment.role:
        lines.append(f'assume_role = {{ role_arn = {quote(environment.role)}, session_name = "reconciler" }}')
    return "\n".join([*lines, ""])


def _literal(value: str | bool) -> str:
    return quote(value) if isinstance(value, str) else str(value).lower()
