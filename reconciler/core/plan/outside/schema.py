"""Resource schemas of providers, as `terraform providers schema -json` prints them: which attributes they compute.

An attribute that is computed and not optional cannot be set in a root, so no root asks for another value of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Block = Mapping[str, Any]
Step = str | int


@dataclass(frozen=True, slots=True)
class ResourceSchemas:
    """Blocks by resource type. A type that is not known has no attribute."""

    blocks: Mapping[str, Block] = field(default_factory=dict)

    def is_computed(self, kind: str, path: Sequence[Step]) -> bool:
        """Return whether the path leads into an attribute that only the provider sets."""
        attribute = self._find(kind, path)[0]
        return bool(attribute and attribute.get("computed") and not attribute.get("optional"))

    def is_attribute(self, kind: str, path: Sequence[Step]) -> bool:
        """Return whether the path leads to a whole attribute or block, and not to a part of its value."""
        attribute, rest = self._find(kind, path)
        return attribute is not None and not rest

    def names(self, kind: str) -> frozenset[str]:
        """Return the names of all attributes and blocks of a resource."""
        block = self.blocks.get(kind) or {}
        return frozenset({*(block.get("attributes") or ()), *(block.get("block_types") or ())})

    def _find(self, kind: str, path: Sequence[Step]) -> tuple[Mapping[str, Any] | None, Sequence[Step]]:
        """Return the attribute or block that a path leads into, and the steps that are left inside of it."""
        block, found = self.blocks.get(kind) or {}, None
        for index, step in enumerate(path):
            if isinstance(step, int):
                continue
            if step in (block.get("attributes") or {}):
                return block["attributes"][step], path[index + 1 :]
            found = (block.get("block_types") or {}).get(step)
            if found is None:
                return None, path[index:]
            block = found.get("block") or {}
        return found, ()


def read(document: Any) -> ResourceSchemas:
    """Read the resource schemas in what Terraform printed."""
    providers = (document or {}).get("provider_schemas") or {}
    return ResourceSchemas(
        {
            kind: schema.get("block") or {}
            for provider in providers.values()
            for kind, schema in (provider.get("resource_schemas") or {}).items()
        }
    )
