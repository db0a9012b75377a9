"""A manifest in the making: fields by path, and notes on what it does not say.

The importers are tables from the names of a source to rows. A row puts a field, or notes why there is none; a name
without a row is noted too, so that nothing is lost in silence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from pydantic import JsonValue

from desired_state.located import Place
from desired_state.migration.source import Item

_UNKNOWN: Final = "the importer does not know it: look whether the service needs it"


class Unsaid(Exception):
    """A value that a manifest cannot say; its text is the reason."""


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """A remark about a value of the source: it is `lost`, or it was taken over and has to be looked at."""

    lost: bool
    place: Place
    name: str
    text: str


@dataclass(slots=True)
class Draft:
    """The fields of a spec, or of a mapping in it. `notes` are shared by all parts of one manifest."""

    data: dict[str, JsonValue] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def put(self, path: str, value: JsonValue) -> None:
        """Set the field at a dotted path, and the mappings around it."""
        around = self.data
        *steps, last = path.split(".")
        for step in steps:
            below = around.setdefault(step, {})
            if not isinstance(below, dict):
                below = around[step] = {}
            around = below
        around[last] = value

    def get(self, path: str) -> JsonValue:
        """Return the field at a dotted path, or None."""
        found: JsonValue = self.data
        for step in path.split("."):
            found = found.get(step) if isinstance(found, dict) else None
        return found

    def lose(self, item: Item, why: str) -> None:
        """Note that a value of the source is not in the manifest."""
        self._note(Note(True, item.place, item.name, why))
        item.mark_seen()

    def check(self, item: Item, what: str) -> None:
        """Note what to look at in a value that was taken over."""
        self._note(Note(False, item.place, item.name, what))

    def assume(self, name: str, what: str) -> None:
        """Note a field of the manifest that the source does not say."""
        self._note(Note(False, (0, 0), name, what))

    def drop(self, name: str, why: str) -> None:
        """Remove a field again, and note that the manifest does not have it."""
        del self.data[name]
        self._note(Note(True, (0, 0), name, why))

    def lose_unseen(self, item: Item) -> None:
        """Note each value below this one that no row asked for."""
        for one in item.unseen():
            if one.value is not None:
                self.lose(one, _UNKNOWN)

    def _note(self, note: Note) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def part(self) -> "Draft":
        """Return a mapping of its own, whose notes are those of the manifest."""
        return Draft({}, self.notes)


Row: TypeAlias = Callable[[Item, Draft], None]
Table: TypeAlias = Mapping[str, Row]
Conversion: TypeAlias = Callable[[Item], JsonValue]


def apply(table: Table, item: Item, draft: Draft) -> None:
    """Take each field of a mapping over by its row."""
    if not isinstance(item.value, dict):
        draft.lose(item, "it should be a mapping")
    for name, child in item.fields():
        row = table.get(name)
        if child.value is None:
            continue
        if row is None:
            draft.lose(child, _UNKNOWN)
            continue
        try:
            row(child, draft)
        except Unsaid as why:
            draft.lose(child, str(why))


def to(path: str, conversion: Conversion) -> Row:
    """Return the row that puts a converted value at a path."""

    def row(item: Item, draft: Draft) -> None:
        draft.put(path, conversion(item))

    return row


def to_checked(path: str, conversion: Conversion, what: str) -> Row:
    """Return the row that puts a converted value at a path, with a note on what to look at."""

    def row(item: Item, draft: Draft) -> None:
        draft.put(path, conversion(item))
        draft.check(item, what)

    return row


def to_bounded(path: str, conversion: Callable[[Item], int], least: int, most: int) -> Row:
    """Return the row that puts a whole number at a path, moved into the bounds that ECS has, with a note then."""

    def row(item: Item, draft: Draft) -> None:
        found = conversion(item)
        draft.put(path, min(max(found, least), most))
        if not least <= found <= most:
            draft.check(item, f"{least} to {most} is what ECS takes")

    return row


def lost(why: str) -> Row:
    """Return the row of a name that manifests have no word for."""

    def row(item: Item, draft: Draft) -> None:
        draft.lose(item, why)

    return row


def within(table: Table) -> Row:
    """Return the row of a mapping whose fields have rows of their own."""

    def row(item: Item, draft: Draft) -> None:
        apply(table, item, draft)

    return row


def needless(item: Item, draft: Draft) -> None:
    """Leave out a value that means nothing to a service here: a name, or what AWS fills in."""
    item.mark_seen()
