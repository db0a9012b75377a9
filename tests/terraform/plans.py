"""Reading the document of `terraform show -json`: what a plan would create or change, as values that tests can ask.

Blocks are lists, numbers may be strings and unknown values are absent, exactly as Terraform writes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Resource:
    """One entry of `resource_changes`: `values` are known after the plan, `unknown` says which are not."""

    address: str
    type: str
    name: str
    key: str | int | None
    actions: tuple[str, ...]
    before: Mapping[str, Any]
    values: Mapping[str, Any]
    unknown: Mapping[str, Any]

    def document(self, attribute: str) -> Any:
        """An attribute that holds JSON, such as a policy."""
        return json.loads(self.values[attribute])


@dataclass(frozen=True, slots=True)
class Plan:
    resources: tuple[Resource, ...]
    outputs: frozenset[str]

    def of(self, *types: str) -> list[Resource]:
        return [resource for resource in self.resources if resource.type in types]

    def one(self, kind: str, name: str | None = None, module: str = "") -> Resource:
        mine = [resource for resource in self.of(kind) if resource.address.startswith(module)]
        found = [resource for resource in mine if name in (None, resource.name)]
        assert len(found) == 1, f"{len(found)} of {kind}.{name}"
        return found[0]

    def changed(self) -> dict[str, tuple[str, ...]]:
        """Address to actions, of everything that would not stay as it is."""
        return {resource.address: resource.actions for resource in self.resources if resource.actions != ("no-op",)}


def read_plan(document: Mapping[str, Any]) -> Plan:
    changes = document.get("resource_changes", [])
    return Plan(
        resources=tuple(_resource(change) for change in changes if change["mode"] == "managed"),
        outputs=frozenset(document.get("planned_values", {}).get("outputs", {})),
    )


def _resource(entry: Mapping[str, Any]) -> Resource:
    change = entry["change"]
    return Resource(
        address=entry["address"],
        type=entry["type"],
        name=entry["name"],
        key=entry.get("index"),
        actions=tuple(change["actions"]),
        before=change.get("before") or {},
        values=change.get("after") or {},
        unknown=change.get("after_unknown") or {},
    )
