"""Places in files: what a problem is, and a tree of where every value stands.

The rule: whatever is wrong with a manifest can be pointed at, as file, line and column (both from 1).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Location: TypeAlias = Sequence[str | int]
Place: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong in a file, in the form that editors and CI logs turn into a link."""

    path: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class Node:
    """Where a value stands, with the places of its keys and the nodes under it."""

    line: int
    column: int
    keys: dict[str, Place] = field(default_factory=dict)
    children: dict[str | int, "Node"] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)

    def walk(self, location: Location) -> tuple["Node", bool]:
        """The node at a location, or the last one that exists on the way there, and whether it is the one."""
        node = self
        for step in location:
            child = node.children.get(step)
            if child is None:
                return node, False
            node = child
        return node, True


def quote(text: str) -> str:
    """Text for a message: in quotes, on one line, of bearable length."""
    return '"' + repr(text if len(text) <= 60 else text[:60] + "…")[1:-1] + '"'


def end_of(path: str, before: str, message: str) -> Problem:
    """A problem at the end of some text."""
    lines = re.split(r"\r\n|\r|\n", before)
    return Problem(path, len(lines), len(lines[-1]) + 1, message)
