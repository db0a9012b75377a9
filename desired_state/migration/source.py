"""A definition of another tool as values with places: YAML, JSON, and JSON with comments.

It is read by the reader of manifests, so that no file can exhaust the memory. Spellings that a manifest may not have
are text here, as they are written; everything else that the reader rejects is a problem.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from desired_state.located import Node, Place, Problem
from desired_state.reading.document import Document, parse
from desired_state.reading.reader import QUOTE_KEY

_JSON: Final = re.compile(r"\s*(?:[{\[]|//|/\*)")
# A string of JSON, or a comment of JSONC; the second is blanked out.
_STRING_OR_COMMENT: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|(//[^\n]*|/\*.*?\*/|\t)', re.DOTALL)
_PLAIN: Final = re.compile(r"[^\s,\]}#]+")


@dataclass(frozen=True, slots=True)
class Item:
    """A value of the definition with its place and its name, such as `http.path`.

    `seen` has the names that were asked for, so that the others can be found: it is shared by the whole document."""

    value: JsonValue
    node: Node
    name: str
    lines: tuple[str, ...]
    seen: set[str]

    @property
    def place(self) -> Place:
        """Return the line and the column of the value."""
        return self.node.line, self.node.column

    @property
    def text(self) -> str:
        """Return a scalar as it is written, so that `1.10` stays `1.10`; any other value as the empty text."""
        if isinstance(self.value, str):
            return self.value
        if self.value is None or isinstance(self.value, list | dict):
            return ""
        line = self.lines[self.node.line - 1] if self.node.line <= len(self.lines) else ""
        found = _PLAIN.match(line, self.node.column - 1)
        return found[0] if found else str(self.value)

    def get(self, name: str) -> "Item | None":
        """Return the value of a key, or None if the value is not a mapping or has no such key."""
        if not isinstance(self.value, dict) or name not in self.value:
            return None
        child = self._child(name, self.value[name], f"{self.name}.{name}" if self.name else name)
        self.seen.add(child.name)
        return child

    def fields(self) -> Iterator[tuple[str, "Item"]]:
        """Yield the keys and values of a mapping; nothing for any other value."""
        for key in self.value if isinstance(self.value, dict) else ():
            if (child := self.get(key)) is not None:
                yield key, child

    def items(self) -> Iterator["Item"]:
        """Yield the items of a list; nothing for any other value."""
        if isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield self._child(index, value, f"{self.name}[{index}]")

    def mark_seen(self) -> None:
        """Mark everything below this value as seen."""
        for child in self._unmarked():
            self.seen.add(child.name)
            child.mark_seen()

    def skip(self, *names: str) -> None:
        """Mark fields as seen that say nothing about a service here."""
        for name in names:
            if (child := self.get(name)) is not None:
                child.mark_seen()

    def unseen(self) -> Iterator["Item"]:
        """Yield each value that no importer asked for, without what is below it."""
        for child in self._unmarked():
            if isinstance(self.value, dict) and child.name not in self.seen:
                yield child
            else:
                yield from child.unseen()

    def _unmarked(self) -> Iterator["Item"]:
        if isinstance(self.value, dict):
            for key, value in self.value.items():
                yield self._child(key, value, f"{self.name}.{key}" if self.name else key)
        yield from self.items()

    def _child(self, step: str | int, value: JsonValue, name: str) -> "Item":
        return Item(value, self.node.children.get(step, self.node), name, self.lines, self.seen)


def read(path: str, content: bytes) -> tuple[tuple[Item, ...], tuple[Problem, ...]]:
    """Return the documents of a file, and the problems that stop an import: never raises."""
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return (), parse(path, content).problems
    is_json = _JSON.match(text)
    parsed = parse(path, _without_comments(text).encode() if is_json else content)
    doubts = {problem for document in parsed.documents for problem in document.problems if _is_doubt(document, problem)}
    problems = tuple(problem for problem in parsed.problems if problem not in doubts)
    problems += tuple(
        problem
        for document in parsed.documents
        for problem in document.problems
        if problem not in doubts and problem not in problems
    )
    lines = tuple(text.split("\n"))
    return tuple(
        Item(_as_written(document), document.root, "", lines, set()) for document in parsed.documents
    ), problems


def _without_comments(text: str) -> str:
    """Blank out comments and tabs, so that every place stays."""
    return _STRING_OR_COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[1]) if found[1] else found[0], text)


def _is_doubt(document: Document, problem: Problem) -> bool:
    if problem.message.startswith(QUOTE_KEY):
        return True
    doubt = document.doubts.get((problem.line, problem.column))
    return doubt is not None and problem.message == doubt.message


def _as_written(document: Document) -> JsonValue:
    """Return the data with each ambiguous scalar as the text of it."""

    def walk(value: JsonValue, node: Node) -> JsonValue:
        if isinstance(value, dict):
            return {key: walk(one, node.children.get(key, node)) for key, one in value.items()}
        if isinstance(value, list):
            return [walk(one, node.children.get(index, node)) for index, one in enumerate(value)]
        doubt = document.doubts.get((node.line, node.column))
        return doubt.text if doubt is not None else value

    return walk(dict(document.data), document.root)
