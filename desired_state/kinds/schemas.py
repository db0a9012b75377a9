"""JSON Schemas of the manifests, for editors and other tools.

They are generated from the models; a test compares the files in `schema/` with the generated ones. They accept every
valid manifest, but cannot express the rules between fields, which only `reconciler validate` checks.
"""

import json
from typing import Final

from pydantic import JsonValue

from desired_state.kinds.manifest import KINDS

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE: Final = "#/$defs/"
_PATCH: Final = "Override"

Schema = dict[str, JsonValue]


def generate(kind: str) -> Schema:
    """Generate the JSON Schema of a kind. Raises KeyError for an unknown kind."""
    schema = _mapping(_trimmed(KINDS[kind].model_json_schema()))
    definitions = _mapping(schema.pop("$defs"))
    spec = f"{kind}Spec"
    patches = {name + _PATCH: _patch(_mapping(definition)) for name, definition in definitions.items()}
    properties = _mapping(schema["properties"])
    names = _mapping(_mapping(properties["overrides"])["patternProperties"])
    names.update({pattern: {"$ref": _REFERENCE + spec + _PATCH} for pattern in names})
    _mapping(_mapping(patches[spec + _PATCH])["properties"]).pop("environments")
    reachable = _reachable({**definitions, **patches}, schema)
    return {"$schema": _DIALECT, **schema, "$defs": {name: reachable[name] for name in sorted(reachable)}}


def write(kind: str) -> str:
    """Return the JSON Schema of a kind as the text of its file. Raises KeyError for an unknown kind."""
    return json.dumps(generate(kind), indent=2, ensure_ascii=False) + "\n"


def generate_union() -> Schema:
    """Generate the JSON Schema of a document of any kind, which an editor can use for every file of a repository.

    The kind chooses the schema, so that a mistake is reported once, and not for every kind that it also is not."""
    definitions: Schema = {}
    choices: list[JsonValue] = []
    for kind in KINDS:
        one = _mapping(_qualified(generate(kind), kind))
        del one["$schema"]
        definitions |= {f"{kind}.{name}": each for name, each in _mapping(one.pop("$defs")).items()} | {kind: one}
        chosen: Schema = {"properties": {"kind": {"const": kind}}, "required": ["kind"]}
        choices.append({"if": chosen, "then": {"$ref": _REFERENCE + kind}})
    return {
        "$schema": _DIALECT,
        "description": "A manifest of any kind.",
        "type": "object",
        "properties": {"kind": {"enum": list(KINDS)}},
        "required": ["kind"],
        "allOf": choices,
        "$defs": {name: definitions[name] for name in sorted(definitions)},
    }


def write_union() -> str:
    """Return the JSON Schema of any kind as the text of its file."""
    return json.dumps(generate_union(), indent=2, ensure_ascii=False) + "\n"


def _qualified(value: JsonValue, kind: str) -> JsonValue:
    """Point references at the definitions of a kind: two kinds may have different ones of a name."""
    if isinstance(value, str) and value.startswith(_REFERENCE):
        return f"{_REFERENCE}{kind}.{value.removeprefix(_REFERENCE)}"
    if isinstance(value, list):
        return [_qualified(item, kind) for item in value]
    if isinstance(value, dict):
        return {name: _qualified(item, kind) for name, item in value.items()}
    return value


def _trimmed(value: JsonValue) -> JsonValue:
    """Drop titles, which only repeat names, and close mappings to keys that match no pattern."""
    if isinstance(value, list):
        return [_trimmed(item) for item in value]
    if not isinstance(value, dict):
        return value
    trimmed = {name: _trimmed(item) for name, item in value.items() if not (name == "title" and isinstance(item, str))}
    return {**trimmed, "additionalProperties": False} if "patternProperties" in trimmed else trimmed


def _patch(definition: Schema) -> Schema:
    """Return the schema of an override of this definition: no field is required, and null removes one."""
    patch: Schema = {name: value for name, value in definition.items() if name != "required"}
    properties = definition.get("properties")
    if isinstance(properties, dict):
        patch["properties"] = {name: _nullable(_mapping(value)) for name, value in properties.items()}
    return patch


def _nullable(schema: Schema) -> JsonValue:
    renamed = {name: _renamed_part(name, value) for name, value in schema.items() if name != "default"}
    options = renamed.get("anyOf")
    if isinstance(options, list):
        return {**renamed, "anyOf": [option for option in options if option != {"type": "null"}] + [{"type": "null"}]}
    return {"anyOf": [renamed, {"type": "null"}]}


def _renamed(value: JsonValue) -> JsonValue:
    """Point references at the override schemas, except inside lists, which an override replaces as a whole."""
    if isinstance(value, str) and value.startswith(_REFERENCE):
        return value + _PATCH
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    if isinstance(value, dict):
        return {name: _renamed_part(name, item) for name, item in value.items()}
    return value


def _renamed_part(name: str, item: JsonValue) -> JsonValue:
    if name == "items":
        return item
    if name == "patternProperties":
        return {pattern: _nullable(_mapping(schema)) for pattern, schema in _mapping(item).items()}
    return _renamed(item)


def _reachable(definitions: Schema, schema: Schema) -> Schema:
    found: Schema = {}
    waiting = list(_references(schema))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = definitions[name]
            waiting.extend(_references(definitions[name]))
    return found


def _references(value: JsonValue) -> list[str]:
    if isinstance(value, str):
        return [value.removeprefix(_REFERENCE)] if value.startswith(_REFERENCE) else []
    if isinstance(value, list):
        return [name for item in value for name in _references(item)]
    if isinstance(value, dict):
        return [name for item in value.values() for name in _references(item)]
    return []


def _mapping(value: JsonValue) -> Schema:
    if not isinstance(value, dict):
        raise TypeError(f"expected a mapping in the JSON Schema, got {value!r}")
    return value
