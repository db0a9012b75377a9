"""JSON Schemas of the manifests, for editors and other tools.

The rule: they are generated from the models, never written by hand; the files in `schema/` are held to
this by a test. They accept every valid manifest. Rules between fields are beyond them: `validate` knows those.
"""

import json
from typing import Final

from pydantic import JsonValue

from desired_state.manifest import KINDS

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE: Final = "#/$defs/"
_PATCH: Final = "Override"

Schema = dict[str, JsonValue]


def generate(kind: str) -> Schema:
    """The JSON Schema of a kind. Raises KeyError where there is no such kind."""
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
    """The JSON Schema as the text of its file."""
    return json.dumps(generate(kind), indent=2, ensure_ascii=False) + "\n"


def _trimmed(value: JsonValue) -> JsonValue:
    """Without the titles that only repeat names, and with mappings closed to keys of another form."""
    if isinstance(value, list):
        return [_trimmed(item) for item in value]
    if not isinstance(value, dict):
        return value
    trimmed = {name: _trimmed(item) for name, item in value.items() if not (name == "title" and isinstance(item, str))}
    return {**trimmed, "additionalProperties": False} if "patternProperties" in trimmed else trimmed


def _patch(definition: Schema) -> Schema:
    """What may stand in an override where the definition stands in the spec: any part, and null to remove."""
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
    """References to the patch form, except inside lists, which a patch replaces as a whole."""
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
        raise TypeError(f"a JSON Schema has a mapping where this one has {value!r}")
    return value
