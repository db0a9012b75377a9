"""Values of environment variables: text, or any other scalar as it is written.

Numbers and booleans become the text that stands in the file, so that `1.10` stays `1.10`. A spelling that YAML 1.1 and
1.2 read differently stays a problem, since its author may mean either.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Final

from pydantic import BeforeValidator, JsonValue, WithJsonSchema

from desired_state.located import Node, Place
from desired_state.reading.document import Document

_APART: Final = frozenset({"secrets", "inputs"})  # keys whose contents have names of their own


def _text(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


EnvText = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "number", "boolean"]})]


def as_written(document: Document) -> Document:
    """Return the document with the numbers and booleans of every `env` as the text that its author wrote."""
    if not document.spellings:
        return document
    data = _within(dict(document.data), document.root, document.spellings)
    return replace(document, data=data) if isinstance(data, dict) else document


def _within(data: JsonValue, node: Node, spellings: Mapping[Place, str]) -> JsonValue:
    if isinstance(data, list):
        return [_within(item, node.children.get(n, node), spellings) for n, item in enumerate(data)]
    if not isinstance(data, dict):
        return data
    found: dict[str, JsonValue] = {}
    for name, value in data.items():
        child = node.children.get(name, node)
        if name == "env" and isinstance(value, dict):
            found[name] = {key: _spelt(item, child.children.get(key), spellings) for key, item in value.items()}
        else:
            found[name] = value if name in _APART else _within(value, child, spellings)
    return found


def _spelt(value: JsonValue, node: Node | None, spellings: Mapping[Place, str]) -> JsonValue:
    if node is None or not isinstance(value, bool | int | float):
        return value
    return spellings.get((node.line, node.column), value)
