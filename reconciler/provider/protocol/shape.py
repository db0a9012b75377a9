"""Shapes of JSON answers: the parts of an answer that are used, each with its type.

Malformed    a part is missing, or has another type
"""

from collections.abc import Mapping
from typing import Any

NUMBER = (int, float)
TEXT = str


class Malformed(ValueError):
    """The answer lacks a part, or a part has another type; the message names its place, never its value."""


def check(value: Any, shape: Any, place: str = "the answer") -> None:
    """Check a value against a shape. Raises Malformed.

    A shape is a type or a tuple of types; a mapping of names to shapes, of which every name must exist; or a list of
    one shape, which holds for each item of a list. In a mapping, the name `*` holds for all values.
    """
    if isinstance(shape, Mapping):
        _require(value, Mapping, place)
        for name, inner in shape.items():
            for key in value if name == "*" else [name]:
                if key not in value:
                    raise Malformed(f"{place} has no {key!r}")
                check(value[key], inner, f"`{key}`" if name != "*" else f"a value of {place}")
    elif isinstance(shape, list):
        _require(value, list, place)
        for item in value:
            check(item, shape[0], f"an item of {place}")
    else:
        _require(value, shape, place)


def _require(value: Any, kind: Any, place: str) -> None:
    if not isinstance(value, kind) or (kind in (int, NUMBER) and isinstance(value, bool)):
        raise Malformed(f"{place} is of another type")
