"""A Terraform state file as `terraform state pull` writes it: resources, lineage, serial. It holds secrets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class StatesDiffer(Exception):
    """Both names have a state with resources, and they are not the same."""


@dataclass(frozen=True, slots=True)
class State:
    """A state as `terraform state pull` writes it; without a lineage there is none yet. It holds secrets."""

    text: str = field(repr=False)

    @property
    def resources(self) -> list[Any]:
        """What it manages and reads."""
        found: list[Any] = self._document().get("resources") or []
        return found

    @property
    def is_empty(self) -> bool:
        """True when it manages nothing."""
        return not any(resource.get("mode") == "managed" for resource in self.resources)

    @property
    def lineage(self) -> str:
        """What tells it from other states; empty when there is no state."""
        return str(self._document().get("lineage", ""))

    @property
    def serial(self) -> int:
        """It grows with every change."""
        return int(self._document().get("serial", 0))

    def emptied(self) -> "State":
        """The next version of it, without anything."""
        left = {"version": 4, "lineage": self.lineage, "serial": self.serial + 1, "outputs": {}, "resources": []}
        return State(json.dumps(left, indent=2))

    def _document(self) -> Mapping[str, Any]:
        document: Mapping[str, Any] = json.loads(self.text) if self.text.strip() else {}
        return document


def is_copied(source: State, target: State) -> bool:
    """True when the target holds the source, False when it holds nothing. Raises: StatesDiffer."""
    if target.is_empty:
        return False
    if target.resources != source.resources:
        raise StatesDiffer
    return True
