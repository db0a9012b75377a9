"""YAML files as documents: data that remembers where everything stands.

The rule: whatever the bytes are, the answer is documents and located problems, never an exception,
and one mistake does not hide the next.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from desired_state.located import Location, Node, Place, Problem, end_of
from desired_state.reader import Draft, Reader, UnreadableError

__all__ = ["Document", "Parsed", "Problem", "parse"]

_LARGEST_FILE: Final = 1024 * 1024
_NOT_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its data, where everything in it stands, and what is wrong with its spelling.

    Where a spelling is refused, `data` holds its likeliest meaning, so that the rest can still be checked."""

    path: str
    data: Mapping[str, JsonValue]
    root: Node
    problems: tuple[Problem, ...] = ()

    def at(self, location: Location) -> Place:
        """Line and column of the value at a location, or of the nearest thing around it that exists."""
        node, _ = self.root.walk(location)
        return node.line, node.column

    def key_at(self, location: Location) -> Place:
        """Line and column of the key that a location ends with; like `at` where there is no such key."""
        if not location:
            return self.at(location)
        parent, complete = self.root.walk(location[:-1])
        place = parent.keys.get(str(location[-1])) if complete else None
        return place or self.at(location)

    def has(self, location: Location) -> bool:
        """Does the document hold something at exactly this location?"""
        return self.root.walk(location)[1]

    def repeats(self, location: Location) -> bool:
        """Is the key at this location written more than once?"""
        parent, complete = self.root.walk(location[:-1])
        return complete and str(location[-1]) in parent.repeated


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a file holds. `readable` is false where it may hold more than that: its syntax broke, or a part
    of it is no manifest at all; `remnant` is what could be read of the document in which the syntax broke."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    readable: bool = True
    remnant: Document | None = None


def parse(path: str, content: bytes) -> Parsed:
    """Read a file of any number of YAML documents; empty ones are skipped."""
    if len(content) > _LARGEST_FILE:
        return _unreadable(Problem(path, 1, 1, f"larger than {_LARGEST_FILE} bytes"))
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        return _unreadable(end_of(path, content[: error.start].decode("utf-8"), "not UTF-8 text"))
    if bad := _NOT_YAML.search(text):
        return _unreadable(end_of(path, text[: bad.start()], f"the character U+{ord(bad[0]):04X} is not allowed"))
    return _read(path, text)


def _read(path: str, text: str) -> Parsed:
    reader = Reader(path)
    documents: list[Document] = []
    readable = True
    remnant: Document | None = None
    try:
        for draft in reader.drafts(text):
            document = _document(path, draft)
            if document is not None:
                documents.append(document)
            elif draft.data is not None or draft.problems:
                readable = False
                reader.complain((draft.node.line, draft.node.column), "a manifest must be a mapping of fields")
    except UnreadableError as error:
        readable = False
        reader.problems.append(Problem(path, *error.place, str(error)))
        remnant = next((_document(path, draft) for draft in reader.remnant()), None)
    return Parsed(tuple(documents), tuple(sorted(reader.problems)), readable, remnant)


def _document(path: str, draft: Draft) -> Document | None:
    if not isinstance(draft.data, dict):
        return None
    return Document(path, draft.data, draft.node, draft.problems)


def _unreadable(problem: Problem) -> Parsed:
    return Parsed((), (problem,), readable=False)
