"""Overrides: RFC 7386, JSON merge patch.

The rule: a mapping is merged field by field, null removes a field, anything else (a list too) replaces.
Nothing is changed in place.
"""

from collections.abc import Mapping

from pydantic import JsonValue


def merge_patch(target: JsonValue, patch: JsonValue) -> JsonValue:
    """The target as the patch would have it."""
    if not isinstance(patch, Mapping):
        return patch
    merged: dict[str, JsonValue] = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
