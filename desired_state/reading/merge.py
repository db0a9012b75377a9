"""Overrides by RFC 7386, JSON merge patch.

A mapping is merged field by field, null removes a field, any other value (also a list) replaces.
"""

from collections.abc import Mapping

from pydantic import JsonValue


def merge_patch(target: JsonValue, patch: JsonValue) -> JsonValue:
    """Return the patched target; neither argument is changed."""
    if not isinstance(patch, Mapping):
        return patch
    merged: dict[str, JsonValue] = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
