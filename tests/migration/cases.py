"""The examples of definitions of other tools, and the manifests that are expected of them.

`python -m tests.migration.cases` writes the expected files anew; look at their differences before you commit them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from desired_state.kinds.manifest import read
from desired_state.located import Problem
from desired_state.migration.importing import Imported, import_files
from desired_state.reading.document import parse

FOLDER = Path(__file__).parent
# Examples whose manifests use fields that this version does not have yet; the list only ever gets shorter.
WAITING: frozenset[str] = frozenset({"copilot/backend", "copilot/nlb", "task-definition/ledger"})


@dataclass(frozen=True, slots=True)
class Example:
    """The files of one definition, below `examples/<source>`."""

    source: str
    name: str
    files: Mapping[str, bytes]

    @property
    def key(self) -> str:
        """Return the name of the example in lists: `copilot/backend`."""
        return f"{self.source}/{self.name}"

    @property
    def expected(self) -> Path:
        """Return the file with the manifests that are expected."""
        return FOLDER / "expected" / f"{self.source}-{self.name}.yaml"

    def convert(self) -> Imported:
        """Import the files."""
        return import_files(self.source, self.files)


def examples() -> tuple[Example, ...]:
    """Return every example: a file, or a folder whose files belong together."""
    found = []
    for folder in sorted((FOLDER / "examples").iterdir()):
        for path in sorted(folder.iterdir()):
            files = sorted(path.iterdir()) if path.is_dir() else [path]
            found.append(Example(folder.name, path.stem, {one.name: one.read_bytes() for one in files}))
    return tuple(found)


def manifests(text: str) -> list[dict[str, Any]]:
    """Read manifests with a parser that is not the project's."""
    return [one for one in yaml.safe_load_all(text) if one is not None]


def problems(text: str) -> list[Problem]:
    """Return the problems that each manifest of a file has by itself."""
    parsed = parse("imported.yaml", text.encode())
    found = [result for document in parsed.documents if isinstance(result := read(document), tuple)]
    return [*parsed.problems, *(problem for result in found for problem in result)]


def write_expected() -> None:
    """Write what is expected of every example."""
    for example in examples():
        example.expected.write_text(example.convert().text)


if __name__ == "__main__":
    write_expected()
