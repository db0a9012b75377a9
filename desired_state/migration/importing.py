"""The entry: a file of another tool in, the text of manifests or problems out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from desired_state.located import Problem
from desired_state.migration import compose, ecspresso, taskdefinition
from desired_state.migration.copilot import manifest as copilot
from desired_state.migration.draft import Unsaid
from desired_state.migration.source import Item, read
from desired_state.migration.writing import Written, write

SOURCES: Final[Mapping[str, Callable[[Item], tuple[Written, ...]]]] = {
    "copilot": copilot.import_,
    "compose": compose.import_,
    "task-definition": taskdefinition.import_,
}


@dataclass(frozen=True, slots=True)
class Imported:
    """The manifests as text, or the problems for which there are none."""

    text: str = ""
    problems: tuple[Problem, ...] = ()


def import_files(source: str, files: Mapping[str, bytes]) -> Imported:
    """Convert the files of a source, given by path. Never raises for their content."""
    documents: dict[str, Sequence[Item]] = {}
    problems: list[Problem] = []
    for path, content in files.items():
        documents[path], found = read(path, content)
        problems += found
    if problems:
        return Imported(problems=tuple(sorted(problems)))
    if source == "ecspresso":
        return _converted(", ".join(files), [one for each in documents.values() for one in each])
    parts = [_converted(path, [one], SOURCES[source]) for path, each in documents.items() for one in each]
    problems = [problem for part in parts for problem in part.problems]
    if not parts:
        problems = [Problem(path, 1, 1, "the file is empty") for path in files]
    return Imported("---\n".join(part.text for part in parts), tuple(problems))


def _converted(
    path: str, items: Sequence[Item], convert: Callable[[Item], tuple[Written, ...]] | None = None
) -> Imported:
    try:
        manifests = convert(items[0]) if convert else ecspresso.import_(items)
    except Unsaid as why:
        line, column = items[0].place if items else (1, 1)
        return Imported(problems=(Problem(path, line, column, str(why)),))
    return Imported(write(path, manifests))


def named_files(content: bytes) -> tuple[str, ...]:
    """Return the files that a configuration of ecspresso names, relative to it; nothing for any other file."""
    items, problems = read("ecspresso.yml", content)
    try:
        return () if problems or not items else ecspresso.files_of(items[0])
    except Unsaid:
        return ()
