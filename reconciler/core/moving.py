"""A renamed instance takes the state of its former name over: what is copied, what is left, and who waits meanwhile.

The state is written under the new name first and emptied under the former one second, each by Terraform under that
state's lock. Terraform refuses to empty another version than the one that was copied, so a change in between is not
lost, and it writes over an empty state whatever that was. Until both are done neither name is planned; a crash at any
point is taken up where it was.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from desired_state.instance import Key


@dataclass(frozen=True, slots=True)
class Move:
    """A state on its way from the name `source` in the same environment; `done` once it is here alone."""

    source: str
    done: bool = False


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


class Renamable(Protocol):
    """The part of a record that renames are about."""

    @property
    def key(self) -> Key: ...
    @property
    def instance(self) -> Any: ...
    @property
    def move(self) -> Move | None: ...
    @property
    def removed(self) -> Any: ...


def source_of(record: Renamable) -> Key | None:
    """Whose state has yet to move here; None when nothing has to."""
    former, move = record.instance.former, record.move
    name = move.source if move and not move.done else former
    if name is None or (move and move.done and move.source == name):
        return None
    return Key(record.key.environment, name)


def claims(record: Renamable, key: Key) -> bool:
    """True when the record's instance had this name before, so that what it has belongs to the record.

    A move that began is finished whatever becomes of the manifests, and one that is removed owns it till the end.
    """
    if record.key.environment != key.environment or record.key == key:
        return False
    move = record.move
    moved = move is not None and move.source == key.name and (not move.done or record.removed is not None)
    return moved or (record.instance.former == key.name and record.removed is None)


def has_moved(record: Renamable, key: Key) -> bool:
    """True when the state of that name is here."""
    return record.move is not None and record.move.done and record.move.source == key.name
