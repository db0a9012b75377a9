"""Parameters of a JSON document, as in the protocols json and rest-json.

Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html. `null` counts as absent there.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from deploy.local.standin.requests.problems import Problem, unknown, wrong_type

SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "blob": (str,),
    "boolean": (bool,),
    "byte": (int,),
    "short": (int,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float, str),  # "NaN" and "Infinity" are text
    "double": (int, float, str),
    "timestamp": (int, float, str),
}


def parse(shape: Any, value: Any, place: str, problems: list[Problem]) -> Any:
    """Return a value with the model's names; append what does not fit to `problems`."""
    kind = shape.type_name
    if kind == "structure":
        return value if shape.is_document_type else _structure(shape, value, place, problems)
    if kind == "list" and isinstance(value, list):
        return [parse(shape.member, each, f"{place}.{number}.member", problems) for number, each in enumerate(value, 1)]
    if kind == "map" and isinstance(value, dict):
        return {key: parse(shape.value, each, f"{place}.{key}", problems) for key, each in value.items()}
    expected = SCALARS.get(kind)
    if expected is None or not isinstance(value, expected) or (isinstance(value, bool) and kind != "boolean"):
        problems.append(wrong_type(place, kind))
        return None
    return value


def _structure(shape: Any, value: Any, place: str, problems: list[Problem]) -> Any:
    if not isinstance(value, dict):
        problems.append(wrong_type(place or "the body", "structure"))
        return None
    members = _members(shape)
    parsed = {}
    for key, each in value.items():
        inside = f"{place}.{key}" if place else key
        if key not in members:
            problems.append(unknown(inside))
        elif each is not None:
            name, member = members[key]
            parsed[name] = parse(member, each, inside, problems)
    return parsed


@cache
def _members(shape: Any) -> dict[str, tuple[str, Any]]:
    """Return the members of a structure that are in the document, by their names in it."""
    return {
        member.serialization.get("name", name): (name, member)
        for name, member in shape.members.items()
        if "location" not in member.serialization
    }
