"""Reading the document of `terraform show -json`: what a plan would create or change, as values that tests can ask.

Blocks are lists, numbers may be strings and unknown values are absent, exactly as Terraform writes them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
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
    """A plan of a configuration. `configuration` is how Terraform read it, which is how values that are not
    known yet can still be traced: see `references`."""

    resources: tuple[Resource, ...]
    outputs: frozenset[str]
    configuration: Mapping[str, Any] = field(default_factory=dict)

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

    def references(self, resource: Resource, attribute: str) -> frozenset[str]:
        """Return the references of an attribute, such as `aws_vpc.this.id`. A `dynamic` block's content is not seen."""
        *calls, _, _ = (part.partition("[")[0] for part in resource.address.split("."))
        module = self.configuration
        for call in calls[1::2]:
            module = module["module_calls"][call]["module"]
        (found,) = (r for r in module["resources"] if (r["type"], r["name"]) == (resource.type, resource.name))
        return frozenset(_references(found["expressions"].get(attribute)))

    def instances(self, call: str) -> dict[str, Plan]:
        """The plans of the instances of a module call by their key, each as if it had been planned alone."""
        start = f'module.{call}["'
        resources: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources:
            if resource.address.startswith(start):
                key, _, address = resource.address.removeprefix(start).partition('"].')
                resources[key].append(replace(resource, address=address))
        module = self.configuration["module_calls"][call]["module"]
        outputs = frozenset(module.get("outputs", {}))
        return {key: Plan(tuple(found), outputs, module) for key, found in resources.items()}


def read_plan(document: Mapping[str, Any]) -> Plan:
    changes = document.get("resource_changes", [])
    return Plan(
        resources=tuple(_resource(change) for change in changes if change["mode"] == "managed"),
        outputs=frozenset(document.get("planned_values", {}).get("outputs", {})),
        configuration=document.get("configuration", {}).get("root_module", {}),
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


def _references(expression: Any) -> Iterator[str]:
    """All references in an expression, which is a list of expressions where the attribute is a block."""
    if isinstance(expression, list):
        for item in expression:
            yield from _references(item)
    elif isinstance(expression, Mapping):
        for name, value in expression.items():
            if name == "references":
                yield from value
            else:
                yield from _references(value)
