"""Parameters of a form, as in the protocols query and ec2.

A name such as `Tags.member.1.Key` is a path; the paths become a tree, and the tree is read along the model. Sources:
https://smithy.io/2.0/aws/protocols/aws-query-protocol.html and aws-ec2-query-protocol.html.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from deploy.local.standin.requests import scalars
from deploy.local.standin.requests.problems import Problem, unknown, wrong_type

# In every request, or in that of a signed address.
OF_THE_PROTOCOL = {"Action", "Version"}
SIGNATURE = ("X-Amz-", "AWSAccessKeyId", "Signature", "Timestamp", "Expires", "SecurityToken")


def read(shape: Any, fields: Iterable[tuple[str, str]], *, ec2: bool, problems: list[Problem]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, text in fields:
        if name not in OF_THE_PROTOCOL and not name.startswith(SIGNATURE):
            _insert(tree, name.split("."), text)
    if shape is None:
        problems.extend(unknown(name) for name in tree)
        return {}
    parsed: dict[str, Any] = _Form(problems, ec2=ec2).parse(shape, tree, "")
    return parsed


def _insert(tree: dict[str, Any], path: list[str], text: str) -> None:
    for part in path[:-1]:
        inner = tree.get(part)
        if not isinstance(inner, dict):  # an empty list is written as a field of its own, before or without elements
            inner = tree[part] = {}
        tree = inner
    tree.setdefault(path[-1], text)


class _Form:
    def __init__(self, problems: list[Problem], *, ec2: bool) -> None:
        self._problems = problems
        self._ec2 = ec2

    def parse(self, shape: Any, node: Any, place: str) -> Any:
        kind = shape.type_name
        if kind in ("structure", "list", "map"):
            return getattr(self, f"_{kind}")(shape, node, place)
        if isinstance(node, dict):
            self._problems.append(wrong_type(place, kind))
            return None
        return scalars.parse(shape, node, place, self._problems)

    def _structure(self, shape: Any, node: Any, place: str) -> Any:
        if not isinstance(node, dict):
            if node:
                self._problems.append(wrong_type(place, "structure"))
            return {}
        members = _members(shape, self._ec2)
        parsed = {}
        for key, each in node.items():
            inside = f"{place}.{key}" if place else key
            if key not in members:
                self._problems.append(unknown(inside))
                continue
            name, member = members[key]
            parsed[name] = self.parse(member, each, inside)
        return parsed

    def _list(self, shape: Any, node: Any, place: str) -> Any:
        if node == "":
            return []
        if not self._ec2 and not shape.serialization.get("flattened"):
            node, place = self._unwrap(node, shape.member.serialization.get("name", "member"), place)
        return [self.parse(shape.member, each, f"{place}.{number}") for number, each in self._numbered(node, place)]

    def _map(self, shape: Any, node: Any, place: str) -> Any:
        if node == "":
            return {}
        if not shape.serialization.get("flattened"):
            node, place = self._unwrap(node, "entry", place)
        key_name = shape.key.serialization.get("name", "key")
        value_name = shape.value.serialization.get("name", "value")
        parsed = {}
        for number, entry in self._numbered(node, place):
            if not isinstance(entry, dict) or key_name not in entry:
                self._problems.append(wrong_type(f"{place}.{number}", "an entry"))
                continue
            parsed[entry[key_name]] = self.parse(shape.value, entry.get(value_name, ""), f"{place}.{number}")
        return parsed

    def _unwrap(self, node: Any, name: str, place: str) -> tuple[Any, str]:
        others = [key for key in node if key != name] if isinstance(node, dict) else []
        self._problems.extend(unknown(f"{place}.{key}") for key in others)
        return (node.get(name, {}) if isinstance(node, dict) else node), f"{place}.{name}"

    def _numbered(self, node: Any, place: str) -> list[tuple[int, Any]]:
        if not isinstance(node, dict):
            self._problems.append(wrong_type(place, "list"))
            return []
        self._problems.extend(unknown(f"{place}.{key}") for key in node if not key.isdecimal())
        return sorted((int(key), each) for key, each in node.items() if key.isdecimal())


@cache
def _members(shape: Any, ec2: bool) -> dict[str, tuple[str, Any]]:
    return {_wire_name(name, member, ec2): (name, member) for name, member in shape.members.items()}


def _wire_name(name: str, member: Any, ec2: bool) -> str:
    if ec2:
        named = member.serialization.get("queryName")
        return named or _capitalised(member.serialization.get("name", name))
    if member.type_name == "list" and member.serialization.get("flattened"):
        return str(member.member.serialization.get("name") or member.serialization.get("name", name))
    return str(member.serialization.get("name", name))


def _capitalised(name: str) -> str:
    return name[:1].upper() + name[1:]
