"""YAML files as documents: data with the line and column of every value.

For any bytes the result is documents and located problems, never an exception, and one mistake does not hide the next.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from desired_state.files.tree import LFS, Unavailable, is_lfs_pointer
from desired_state.limits import LARGEST_FILE
from desired_state.located import Location, Node, Place, Problem, end_of
from desired_state.reading.reader import Draft, Reader, UnreadableError
from desired_state.reading.scalar import Doubt

__all__ = ["Document", "Parsed", "Problem", "parse", "unread"]

_NOT_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its data, the places of its values (`root`), and the problems found while reading it.

    Where a spelling is rejected, `data` holds its most likely meaning, so that the rest can still be checked, and
    `doubts` has both of its meanings by place. `spellings` has the texts of numbers and booleans that their values do
    not give back, such as 1.10."""

    path: str
    data: Mapping[str, JsonValue]
    root: Node
    problems: tuple[Problem, ...] = ()
    doubts: Mapping[Place, Doubt] = field(default_factory=dict)
    spellings: Mapping[Place, str] = field(default_factory=dict)

    def at(self, location: Location) -> Place:
        """Return line and column of the value at a location, or of the nearest enclosing value that exists."""
        node, _ = self.root.walk(location)
        return node.line, node.column

    def key_at(self, location: Location) -> Place:
        """Return line and column of the key that a location ends with; without such a key, the same as `at`."""
        if not location:
            return self.at(location)
        parent, complete = self.root.walk(location[:-1])
        place = parent.keys.get(str(location[-1])) if complete else None
        return place or self.at(location)

    def has(self, location: Location) -> bool:
        """Return whether the document has a value at exactly this location."""
        return self.root.walk(location)[1]

    def repeats(self, location: Location) -> bool:
        """Return whether the key at this location is written more than once."""
        parent, complete = self.root.walk(location[:-1])
        return complete and str(location[-1]) in parent.repeated


@dataclass(frozen=True, slots=True)
class Parsed:
    """The content of a file. `readable` is false if the file may hold further manifests: after a syntax error, or if
    a document is not a mapping. `remnant` is the readable part of the document that has the syntax error. `values` is
    the number of values read, on which memory and time depend."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    readable: bool = True
    remnant: Document | None = None
    values: int = 0


def parse(path: str, content: bytes) -> Parsed:
    """Read the YAML documents of a file, skipping empty ones. Never raises: problems are part of the result."""
    if isinstance(content, Unavailable):
        return unread(path, content.decode())
    if len(content) > LARGEST_FILE:
        return unread(path, f"is larger than {LARGEST_FILE} bytes: split it")
    if is_lfs_pointer(content):
        return unread(path, LFS)
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        return _unreadable(
            end_of(path, content[: error.start].decode("utf-8"), "not UTF-8 text: save the file as UTF-8")
        )
    if bad := _NOT_YAML.search(text):
        return _unreadable(
            end_of(path, text[: bad.start()], f"the character U+{ord(bad[0]):04X} is not allowed: remove it")
        )
    return _read(path, text)


def unread(path: str, reason: str) -> Parsed:
    """Return the content of a file that is not read: unknown. The reason continues a sentence about the file."""
    return _unreadable(Problem(path, 1, 1, f"the file {reason}"))


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
                reader.report((draft.node.line, draft.node.column), "a manifest must be a mapping of fields")
    except UnreadableError as error:
        readable = False
        reader.problems.append(Problem(path, *error.place, str(error)))
        remnant = next((_document(path, draft) for draft in reader.remnant()), None)
    return Parsed(tuple(documents), tuple(sorted(reader.problems)), readable, remnant, reader.values)


def _document(path: str, draft: Draft) -> Document | None:
    if not isinstance(draft.data, dict):
        return None
    return Document(path, draft.data, draft.node, draft.problems, draft.doubts, draft.spellings)


def _unreadable(problem: Problem) -> Parsed:
    return Parsed((), (problem,), readable=False)
