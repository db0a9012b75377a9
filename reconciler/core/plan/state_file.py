"""A Terraform state file as `terraform state pull` writes it: resources, lineage, serial. It holds secrets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class StatesDiffer(Exception):
    """Both names have a state with resources, and the resources differ."""


@dataclass(frozen=True, slots=True)
class StateVersion:
    """The identity of a state and its version: Terraform's lineage and serial, and how many resources it manages.

    An empty lineage: no state exists, or its lineage is not known.
    """

    lineage: str = ""
    serial: int = 0
    resources: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """A state; one without a lineage does not exist yet."""

    text: str = field(repr=False)

    @property
    def resources(self) -> list[Any]:
        """Return its resources and data sources."""
        found: list[Any] = self._document().get("resources") or []
        return found

    @property
    def is_empty(self) -> bool:
        """Return whether it manages nothing."""
        return not any(resource.get("mode") == "managed" for resource in self.resources)

    @property
    def addresses(self) -> list[str]:
        """Return the addresses of the resources that it manages, without the keys of their instances."""
        managed = (one for one in self.resources if one.get("mode") == "managed")
        return [".".join(str(one[part]) for part in ("module", "type", "name") if one.get(part)) for one in managed]

    @property
    def lineage(self) -> str:
        """Return the id that tells it from other states; empty when there is no state."""
        return str(self._document().get("lineage", ""))

    @property
    def serial(self) -> int:
        """Return its version number, which grows with every change."""
        return int(self._document().get("serial", 0))

    @property
    def version(self) -> StateVersion:
        """Return its identity and version."""
        managed = sum(resource.get("mode") == "managed" for resource in self.resources)
        return StateVersion(self.lineage, self.serial, managed)

    def emptied(self) -> "State":
        """Return its next version, without any resource."""
        left = {"version": 4, "lineage": self.lineage, "serial": self.serial + 1, "outputs": {}, "resources": []}
        return State(json.dumps(left, indent=2))

    def _document(self) -> Mapping[str, Any]:
        document: Mapping[str, Any] = json.loads(self.text) if self.text.strip() else {}
        return document


def is_copied(source: State, target: State) -> bool:
    """Return True when the target holds the source, False when it holds nothing. Raises: StatesDiffer."""
    if target.is_empty:
        return False
    if target.resources != source.resources:
        raise StatesDiffer
    return True
