"""Patterns of policies: wildcards, ARNs that are compared field by field, and policy variables.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

ARN_FIELDS = 6
_VARIABLE = re.compile(r"\$\{\s*([^},]+?)\s*(?:,\s*'([^']*)'\s*)?\}")
_ESCAPES = {"*": "*", "?": "?", "$": "$"}
_ESCAPED = {"*": "\ue000", "?": "\ue001"}  # private use: characters that stand for themselves, not for wildcards
_PLAIN = {literal: character for character, literal in _ESCAPED.items()}


class Unresolved(Exception):
    """A policy variable has no value in this request, so its statement does not apply."""


def resolve(pattern: str, value_of: Callable[[str], tuple[str, ...] | None]) -> str:
    """Put the values of policy variables into a pattern; wildcards in a value stand for themselves.

    Only keys with a single value can be variables. Raises `Unresolved` for a key that is absent and has no default.
    """

    def value(found: re.Match[str]) -> str:
        key, default = found[1], found[2]
        if key in _ESCAPES:
            return _ESCAPED.get(key, key)
        values = value_of(key)
        if values is None or len(values) != 1:
            if default is None:
                raise Unresolved(key)
            return literal(default)
        return literal(values[0])

    return _VARIABLE.sub(value, pattern) if "${" in pattern else pattern


def literal(text: str) -> str:
    """Return a pattern that only the text itself matches."""
    return "".join(_ESCAPED.get(character, character) for character in text)


def plain(pattern: str) -> str:
    """Return the text of a resolved pattern for comparisons that know no wildcards."""
    return "".join(_PLAIN.get(character, character) for character in pattern)


def like(pattern: str, text: str) -> bool:
    """Compare a text with a pattern in which `*` is any text and `?` any character; case counts."""
    return _compiled(pattern).fullmatch(text) is not None


def action_like(pattern: str, action: str) -> bool:
    """Compare an action with a pattern; case does not count."""
    return like(pattern.lower(), action.lower())


def arn_like(pattern: str, arn: str) -> bool:
    """Compare two ARNs field by field: a wildcard in one of the first five fields does not reach beyond its colon.

    A pattern with fewer than six fields stands for any value of those that are missing, and `*` for any resource.
    """
    if pattern == "*":
        return True
    patterns, fields = pattern.split(":", ARN_FIELDS - 1), arn.split(":", ARN_FIELDS - 1)
    if len(fields) < ARN_FIELDS or patterns[0] != "arn":
        return like(pattern, arn)
    patterns += ["*"] * (ARN_FIELDS - len(patterns))
    return all(like(part, value) for part, value in zip(patterns, fields, strict=True))


@lru_cache(maxsize=8192)
def _compiled(pattern: str) -> re.Pattern[str]:
    wildcards = {"*": ".*", "?": "."}
    return re.compile("".join(wildcards.get(c) or re.escape(_PLAIN.get(c, c)) for c in pattern), re.DOTALL)
