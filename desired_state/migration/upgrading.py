"""Files of manifests in the words of the current version, with every comment and space as it was.

Only words are exchanged at their places, and the result is read again: a file is either exactly what the daemon reads
it as already, or it is left alone with a problem.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from desired_state.kinds.versions import CURRENT, current, is_former, renames
from desired_state.located import Place, Problem
from desired_state.reading.document import Document, parse

_BREAK: Final = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_WORD: Final = re.compile(r"\"[^\"\\]*\"|'[^']*'|[\w./-]+")


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The new content of a file, or None if it stays as it is; what changed, or what stands in the way."""

    content: bytes | None
    notes: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()


def upgrade(path: str, content: bytes) -> Upgraded:
    """Write a file anew in the current version. Never raises for its content."""
    parsed = parse(path, content)
    former = [document for document in parsed.documents if is_former(document)]
    if not former:
        return Upgraded(None)
    if not parsed.readable or any(document.problems for document in former):
        problems = parsed.problems or tuple(problem for document in former for problem in document.problems)
        return Upgraded(None, problems=problems)
    notes = tuple(note for document in former for note in current(document)[1])
    written = _exchanged(content.decode(), [one for document in former for one in _exchanges(document)])
    if written is not None and _means_the_same(path, parsed.documents, written.encode()):
        return Upgraded(written.encode(), notes)
    place = former[0].at(("apiVersion",))
    return Upgraded(None, problems=(Problem(path, *place, f"cannot be rewritten: write {CURRENT} and the new names"),))


def _exchanges(document: Document) -> Iterator[tuple[Place, str, str]]:
    yield document.at(("apiVersion",)), str(document.data["apiVersion"]), CURRENT
    for one in renames(document):
        yield document.key_at(one.location), one.location[-1], one.new


def _exchanged(text: str, exchanges: list[tuple[Place, str, str]]) -> str | None:
    """Return the text with other words at places, or None if a word does not stand at its place as it is."""
    start = 1 if text.startswith("\ufeff") else 0
    starts = [start, *(found.end() for found in _BREAK.finditer(text))]
    for (line, column), old, new in sorted(exchanges, reverse=True):
        if line > len(starts):
            return None
        at = starts[line - 1] + column - 1
        found = _WORD.match(text, at)
        if found is None or found[0].strip("\"'") != old:
            return None
        text = text[:at] + found[0].replace(old, new) + text[found.end() :]
    return text


def _means_the_same(path: str, documents: tuple[Document, ...], content: bytes) -> bool:
    after = parse(path, content).documents
    return [dict(current(one)[0].data) for one in documents] == [dict(one.data) for one in after]
