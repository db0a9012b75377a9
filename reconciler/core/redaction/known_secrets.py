"""Secrets that are known literally, because a plan marks them or an input's name says so.

Terraform keeps them out of its own messages; a provider that quotes one in an error does not know that it is secret.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.redaction import environments
from reconciler.core.redaction.names import names_a_credential

_Secrets = frozenset[str]


def of_plan(document: Mapping[str, Any]) -> _Secrets:
    """Return every text that the JSON form of a plan marks as sensitive: in variables, resources, outputs, actions."""
    declared = ((document.get("configuration") or {}).get("root_module") or {}).get("variables") or {}
    given = document.get("variables") or {}
    found = [given[name].get("value") for name, one in declared.items() if one.get("sensitive") and name in given]
    changes = [*(document.get("resource_changes") or ()), *(document.get("resource_drift") or ())]
    changes += [later["resource_change"] for later in document.get("deferred_changes") or ()]
    invoked = [*(document.get("action_invocations") or ())]
    invoked += [later["action_invocation"] for later in document.get("deferred_action_invocations") or ()]
    for one in invoked:
        found += _marked(one.get("config_values"), one.get("config_sensitive", False))
    moved = [change.get("change") or {} for change in changes] + list((document.get("output_changes") or {}).values())
    for change in moved:
        for side in ("before", "after"):
            found += _marked(change.get(side), change.get(f"{side}_sensitive", False))
    return frozenset(text for value in found for text in _texts(value))


def of_environments(document: Mapping[str, Any]) -> _Secrets:
    """Return every environment value that the JSON form of a plan gives to a container, a function, a build."""
    changes = [*(document.get("resource_changes") or ()), *(document.get("resource_drift") or ())]
    sides = [change["change"].get(side) for change in changes for side in ("before", "after")]
    return frozenset(value for side in sides for _, value in environments.values("", _parsed(side)))


def _parsed(value: Any) -> Any:
    """Return a value with the JSON in its texts read."""
    if isinstance(value, Mapping):
        return {name: _parsed(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_parsed(inner) for inner in value]
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def of_inputs(variables: Mapping[str, Any]) -> _Secrets:
    """Return every text under a name of a credential."""
    return frozenset(text for value in _named(variables) for text in _texts(value))


def _marked(value: Any, mask: Any) -> Iterator[Any]:
    if mask is True:
        yield value
    elif isinstance(mask, Mapping) and isinstance(value, Mapping):
        for name, inner in mask.items():
            yield from _marked(value.get(name), inner)
    elif isinstance(mask, list) and isinstance(value, list):
        for inner, hidden in zip(value, mask, strict=False):
            yield from _marked(inner, hidden)


def _named(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if names_a_credential(str(name), inner):
                yield inner
            else:
                yield from _named(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _named(inner)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
