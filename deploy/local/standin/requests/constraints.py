"""The constraints of a model, on the parameters of one request: required, enumerations, lengths, ranges, patterns.

A text is compared with the whole of a pattern, as AWS does. A pattern that the engine cannot compile is not compared.
Sources: https://smithy.io/2.0/spec/constraint-traits.html, and botocore's models, which are AWS's own.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import regex  # type: ignore[import-untyped]  # python-hcl2 brings it

from deploy.local.standin.requests.problems import Problem, constraint, missing

MEASURED = ("string", "blob", "list", "map")


def violations(shape: Any, value: Any, place: str = "") -> list[Problem]:
    found: list[Problem] = []
    _check(shape, value, place, found)
    return found


def _check(shape: Any, value: Any, place: str, found: list[Problem]) -> None:
    if value is None:  # null, or no value of its type, which is reported already
        return
    kind = shape.type_name
    if kind == "structure":
        _structure(shape, value, place, found)
        return
    _own(shape, value, place, found)
    if kind == "list" and _has_constraints(shape.member):
        for number, each in enumerate(value, 1):
            _check(shape.member, each, f"{place}.{number}.member", found)
    elif kind == "map":
        for key, each in value.items():
            _check(shape.key, key, f"{place}.key", found)
            _check(shape.value, each, f"{place}.{key}", found)


def _structure(shape: Any, value: Any, place: str, found: list[Problem]) -> None:
    if shape.is_document_type or not isinstance(value, dict):
        return
    inside = f"{place}." if place else ""
    found.extend(missing(inside + name) for name in shape.metadata.get("required", ()) if name not in value)
    members = shape.members
    for name, each in value.items():
        _check(members[name], each, inside + name, found)


def _own(shape: Any, value: Any, place: str, found: list[Problem]) -> None:
    metadata = shape.metadata
    if metadata:
        sensitive = bool(metadata.get("sensitive"))
        found.extend(constraint(place, value, text, sensitive=sensitive) for text in _broken(shape, metadata, value))


def _broken(shape: Any, metadata: dict[str, Any], value: Any) -> list[str]:
    broken = []
    allowed = metadata.get("enum")
    if allowed and value not in allowed:
        broken.append(f"satisfy enum value set: [{', '.join(allowed)}]")
    measured = shape.type_name in MEASURED
    size, what = (len(value), "length") if measured else (value, "value")
    if isinstance(size, int | float):
        if "min" in metadata and size < metadata["min"]:
            broken.append(f"have {what} greater than or equal to {metadata['min']}")
        if "max" in metadata and size > metadata["max"]:
            broken.append(f"have {what} less than or equal to {metadata['max']}")
    pattern = metadata.get("pattern")
    if pattern and isinstance(value, str) and not _matches(pattern, value):
        broken.append(f"satisfy regular expression pattern: {pattern}")
    return broken


def _matches(pattern: str, value: str) -> bool:
    compiled = _compile(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


@cache
def _compile(pattern: str) -> Any:
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:
        pass
    try:
        return regex.compile(pattern, regex.DOTALL)  # classes such as \p{L}
    except regex.error:
        return None


@cache
def _has_constraints(shape: Any) -> bool:
    return shape.type_name in ("structure", "list", "map") or bool(shape.metadata)
