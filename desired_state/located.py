"""Places in files: located problems, and a tree with the place of every value.

Every problem of a manifest has a file, a line and a column; lines and columns count from 1.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, TypeAlias

Location: TypeAlias = Sequence[str | int]
Place: TypeAlias = tuple[int, int]

MOST_LISTED: Final = 5  # entries of a list in a message, so that a message about a group of any size stays short


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A mistake in a file, as text in the form that editors and CI logs turn into a link."""

    path: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class Node:
    """The place of a value, with the places of its keys and the nodes under it."""

    line: int
    column: int
    keys: dict[str, Place] = field(default_factory=dict)
    children: dict[str | int, "Node"] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)

    def walk(self, location: Location) -> tuple["Node", bool]:
        """Return the deepest existing node on the way to a location, and whether it is at that location."""
        node = self
        for step in location:
            child = node.children.get(step)
            if child is None:
                return node, False
            node = child
        return node, True

    def size(self) -> int:
        """Return the number of values at and below this node."""
        return 1 + sum(child.size() for child in self.children.values())

    def find(self, place: Place) -> Location | None:
        """Return the location of the value without children that is at this place, or None."""
        for step, child in self.children.items():
            if not child.children and (child.line, child.column) == place:
                return (step,)
            if (below := child.find(place)) is not None:
                return (step, *below)
        return None


def quote(text: str) -> str:
    """Return text for a message: in quotes, on one line, cut after 60 characters."""
    return '"' + repr(text if len(text) <= 60 else text[:60] + "…")[1:-1] + '"'


def listed(items: Iterable[str], total: int, *, most: int | None = MOST_LISTED) -> str:
    """List the first `most` of `total` items and count the others: `a, b and 3 more`."""
    named = list(islice(items, most))
    return ", ".join(named) + (f" and {total - len(named)} more" if total > len(named) else "")


def end_of(path: str, before: str, message: str) -> Problem:
    """Return a problem at the place right after the text `before`."""
    lines = re.split(r"\r\n|\r|\n", before)
    return Problem(path, len(lines), len(lines[-1]) + 1, message)
