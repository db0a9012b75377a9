"""Strings in HCL that stay what they are.

HCL evaluates `${…}` and `%{…}` inside quotes, so a value from outside could run functions. Values go to Terraform as
JSON variables, which are literal; the few places that must be HCL (backend and CLI configuration) quote here, and
refuse rather than escape.
"""

import json


def quote(value: str) -> str:
    """The value as a quoted HCL string. Raises: ValueError when HCL could see more in it than text."""
    if "${" in value or "%{" in value:
        raise ValueError(f"{value!r} holds an HCL template")
    if not value.isprintable():
        raise ValueError(f"{value!r} holds a character that cannot be printed")
    return json.dumps(value, ensure_ascii=False)
