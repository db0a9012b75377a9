"""Parameters of an XML document, as in the protocol rest-xml.

Source: https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html.
"""

from __future__ import annotations

from functools import cache
from typing import Any
from xml.etree.ElementTree import Element

from deploy.local.standin.requests import scalars
from deploy.local.standin.requests.problems import Problem, unknown, wrong_type

SCHEMA_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"


def parse(shape: Any, element: Element, place: str, problems: list[Problem]) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, element, place, problems)
    if kind == "list":
        name = shape.member.serialization.get("name", "member")
        return _list(shape, [each for each in element if _tag(each) == name], f"{place}.{name}", problems)
    if kind == "map":
        return _map(shape, list(element), place, problems)
    if len(element):
        problems.append(wrong_type(place, kind))
        return None
    return scalars.parse(shape, element.text or "", place, problems)


def _structure(shape: Any, element: Element, place: str, problems: list[Problem]) -> dict[str, Any]:
    members, attributes = _members(shape), _attributes(shape)
    gathered: dict[str, list[Element]] = {}
    for child in element:
        gathered.setdefault(_tag(child), []).append(child)
    parsed: dict[str, Any] = {
        name: element.attrib[attribute] for name, attribute in attributes.items() if attribute in element.attrib
    }
    for tag, found in gathered.items():
        inside = f"{place}.{tag}" if place else tag
        if tag not in members:
            problems.append(unknown(inside))
            continue
        name, member = members[tag]
        parsed[name] = _member(member, found, inside, problems)
    return parsed


def _member(member: Any, found: list[Element], place: str, problems: list[Problem]) -> Any:
    if member.serialization.get("flattened"):
        reader = _list if member.type_name == "list" else _map
        return reader(member, found, place, problems)
    if len(found) > 1:
        problems.append(wrong_type(place, f"one {member.type_name}"))
    return parse(member, found[0], place, problems)


def _list(shape: Any, found: list[Element], place: str, problems: list[Problem]) -> list[Any]:
    return [parse(shape.member, each, f"{place}.{number}", problems) for number, each in enumerate(found, 1)]


def _map(shape: Any, found: list[Element], place: str, problems: list[Problem]) -> dict[str, Any]:
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    parsed = {}
    for entry in found:
        parts = {_tag(part): part for part in entry}
        if {key_name, value_name} <= parts.keys():
            parsed[parts[key_name].text or ""] = parse(shape.value, parts[value_name], place, problems)
        else:
            problems.append(wrong_type(place, "an entry"))
    return parsed


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


@cache
def _members(shape: Any) -> dict[str, tuple[str, Any]]:
    return {
        _element_name(name, member): (name, member)
        for name, member in shape.members.items()
        if "location" not in member.serialization and not member.serialization.get("xmlAttribute")
    }


@cache
def _attributes(shape: Any) -> dict[str, str]:
    return {
        name: member.serialization["name"].replace("xsi:", SCHEMA_INSTANCE)
        for name, member in shape.members.items()
        if member.serialization.get("xmlAttribute")
    }


def _element_name(name: str, member: Any) -> str:
    if member.type_name == "list" and member.serialization.get("flattened"):
        inner = member.member.serialization.get("name")
        if inner:
            return str(inner)
    return str(member.serialization.get("name", name))
