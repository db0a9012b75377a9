"""Blocks of environment variables, as resource types of AWS and container definitions write them.

`environment = {A = "x"}`, `environment { variables = {…} }`, `environment_variable { name, value }`, `environment:
[{"name": …, "value": …}]`, `["A=x"]`: any of them may hold a secret, so every value is hidden. The values that Git
itself says in a manifest are public to the readers of a diff; `OpenValues` puts these back in what they are shown.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from reconciler.core.redaction.names import names_a_credential

_BLOCK = re.compile(r"(?i)(?:runtime|container|build|task|service|user)?_?env(?:ironment)?(?:_?var(?:iable)?s?)?")
_REFERENCES = frozenset({"PARAMETER_STORE", "SECRETS_MANAGER"})  # CodeBuild: the value is the name of a secret
_NAMES = ("name", "Name", "key", "Key", "parameter_key", "parameterKey", "ParameterKey")
_VALUES = ("value", "Value", "parameter_value", "parameterValue", "ParameterValue")
_IN_AN_ANSWER = frozenset({"old", "new", "redacted"})  # a changed attribute, redacted when its plan was read
_VARIABLES = ("variables", "Variables")
Mask = Callable[[Any], str]
Plain = Callable[[Any], Any]


def is_block(name: str, value: Any) -> bool:
    """Return whether the value under this name holds environment variables."""
    nested = isinstance(value, list | tuple) or (isinstance(value, Mapping) and value.keys() != _IN_AN_ANSWER)
    return nested and bool(_BLOCK.fullmatch(name))


def without_values(block: Any, mark: Mask) -> Any:
    """Return a block of environment variables with a mark for each value; what is no variable stays."""
    if isinstance(block, list | tuple):
        return [_entry(entry, mark) for entry in block]
    if any(isinstance(block.get(name), Mapping) for name in _VARIABLES):
        return {name: _hidden(value, mark) if name in _VARIABLES else value for name, value in block.items()}
    return _hidden(block, mark)


def pair(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the keys of an entry that hold the name and the value of one thing; None where it is no such entry."""
    name = next((key for key in _NAMES if isinstance(entry.get(key), str)), None)
    value = next((key for key in _VALUES if key in entry), None)
    return (name, value) if name and value else None


def values(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the environment variables in a document, each with its value."""
    if is_block(name, value):
        yield from _variables("", value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from values(str(key), inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from values("", inner)


def _variables(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield (name, value)
    elif isinstance(value, Mapping) and (keys := pair(value)):
        yield from _variables(value[keys[0]], value[keys[1]])
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _variables(str(key), inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            before, equals, after = inner.partition("=") if isinstance(inner, str) else (name, True, inner)
            if equals:
                yield from _variables(before, after)


def _entry(entry: Any, mark: Mask) -> Any:
    if isinstance(entry, str):
        name, equals, value = entry.partition("=")
        return f"{name}={mark(value)}" if equals and value else entry
    if not isinstance(entry, Mapping):
        return entry
    if keys := pair(entry):
        hides = entry.get("type") not in _REFERENCES
        return {name: _hidden(value, mark) if name == keys[1] and hides else value for name, value in entry.items()}
    return without_values(entry, mark) if any(name in entry for name in _VARIABLES) else entry


def _hidden(value: Any, mark: Mask) -> Any:
    if isinstance(value, Mapping):
        return {name: _hidden(inner, mark) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(inner, mark) for inner in value]
    return value if value is None or value == "" or isinstance(value, bool) else mark(value)


class OpenValues:
    """Environment variables that Git says in the open, by their marks: they are shown, and no other value is."""

    __slots__ = ("_by_mark",)

    def __init__(self, given: Iterable[tuple[str, str]], mark: Mask, plain: Plain) -> None:
        """Take the variables with their values, without those that are credentials by name or by form."""
        self._by_mark = {
            (name, mark(value)): value
            for name, value in given
            if not names_a_credential(name, value) and plain(value) == value
        }

    def shown(self, name: str, value: Any) -> Any:
        """Return a redacted value with the open ones in the place of their marks. `name` is the value's own."""
        if not self._by_mark:
            return value
        if isinstance(value, str):
            return self._by_mark.get((name, value), value)
        if isinstance(value, Mapping):
            keys = pair(value)
            names = {keys[1]: str(value[keys[0]])} if keys else {"value": name}
            return {key: self.shown(names.get(key) or key, inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.shown(name, inner) for inner in value]
        return value
