"""Records and passes as JSON documents, for any store.

A document says which schema wrote it. It is read completely or not at all: a field or a value that this version does
not know is an error that names its place, because a record that is read in part and written back loses data.
"""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from desired_state.instance import Instance, Key
from reconciler.core.record.model import ABSENT, Pass, Record

SCHEMA = 1
_T = TypeVar("_T", Record, Pass)


def dump(record: Record) -> dict[str, Any]:
    """Return the record as a JSON document. Raises: ValueError for one that no later start could read."""
    return _dumped(record, {"instance": record.instance.to_json()})


def load(data: Any) -> Record:
    """Return the record in a document. Raises: ValueError with the place of the mistake."""
    return _loaded(Record, data, {"instance": Instance.from_json})


def dump_pass(finished: Pass) -> dict[str, Any]:
    """Return the pass as a JSON document. Raises: ValueError for one that could not be read again."""
    return _dumped(finished, {"key": str(finished.key)})


def load_pass(data: Any) -> Pass:
    """Return the pass in a document. Raises: ValueError with the place of the mistake."""
    return _loaded(Pass, data, {"key": _key})


def _key(text: Any) -> Key:
    if not isinstance(text, str):
        raise ValueError("not an instance's name")
    return Key.parse(text)


def _dumped(value: Record | Pass, own: Mapping[str, Any]) -> dict[str, Any]:
    absent = {each.name for each in dataclasses.fields(value) if each.metadata == ABSENT}
    plain = {
        name: adapter.dump_python(getattr(value, name), mode="json", warnings=False)
        for name, adapter in _ADAPTERS[type(value)].items()
        if name not in own and not (name in absent and getattr(value, name) is None)
    }
    for name, data in plain.items():
        _field(type(value), name, data, None, type(value).__name__.lower())
    return {"schema": SCHEMA, **own, **plain}


def _loaded(kind: type[_T], data: Any, own: Mapping[str, Any]) -> _T:
    what = kind.__name__.lower()
    if not isinstance(data, Mapping):
        raise ValueError(f"not a {what}: no JSON object")
    _check_names(kind, data, what)
    values = {name: _field(kind, name, data[name], own.get(name), what) for name in data if name != "schema"}
    try:
        return kind(**values)
    except TypeError as error:
        raise ValueError(f"not a {what}: {error}") from None


def _check_names(kind: type[Any], data: Mapping[str, Any], what: str) -> None:
    written = data.get("schema")
    if written != SCHEMA:
        raise ValueError(f"{what}.schema: written with schema {written!r}; this version reads schema {SCHEMA}")
    unknown = sorted(set(data) - set(_ADAPTERS[kind]) - {"schema"})
    if unknown:
        raise _newer(f"{what}.{unknown[0]}")


def _field(kind: type[Any], name: str, value: Any, own: Any, what: str) -> Any:
    if own is not None:
        try:
            return own(value)
        except ValueError as error:
            raise ValueError(f"{what}.{name}: {error}") from error
    adapter = _ADAPTERS[kind][name]
    try:
        found = adapter.validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]  # without the value: it may be anything
        place = ".".join(map(str, (what, name, *first["loc"])))
        raise ValueError(f"{place}: {first['msg']}") from None
    lost = _lost(value, adapter.dump_python(found, mode="json"), f"{what}.{name}")
    if lost:
        raise _newer(lost)
    return found


def _newer(place: str) -> ValueError:
    return ValueError(f"{place}: unknown in schema {SCHEMA}; a newer version must have written this")


def _lost(data: Any, kept: Any, place: str) -> str | None:
    """Return the place of a field that reading the data would lose."""
    if isinstance(data, Mapping) and isinstance(kept, Mapping):
        inner = ((value, kept[name], f"{place}.{name}") for name, value in data.items() if name in kept)
        unknown = [f"{place}.{name}" for name in data if name not in kept]
        return next(iter(unknown), None) or next(filter(None, (_lost(*one) for one in inner)), None)
    if isinstance(data, list) and isinstance(kept, list):
        pairs = enumerate(zip(data, kept, strict=False))
        return next(filter(None, (_lost(old, new, f"{place}.{i}") for i, (old, new) in pairs)), None)
    return None


def _adapters(kind: type[Any]) -> dict[str, TypeAdapter[Any]]:
    hints = get_type_hints(kind)
    return {field.name: TypeAdapter(hints[field.name]) for field in dataclasses.fields(kind)}


_ADAPTERS: dict[type[Any], dict[str, TypeAdapter[Any]]] = {kind: _adapters(kind) for kind in (Record, Pass)}
