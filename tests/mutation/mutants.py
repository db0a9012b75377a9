"""Mutants as mutmut generates, names and judges them: all that depends on its modules and files is here."""

from __future__ import annotations

import ast
import contextlib
import io
import random
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir, walk_mutatable_files

FOLDER = Path("mutants")
SKIPPED = 34
KILLED = frozenset({"killed", "timeout", "segfault"})
SURVIVED = frozenset({"survived", "no tests"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mutant that was tried; `status` is mutmut's word for what became of it."""

    name: str
    path: str
    status: str

    @property
    def function(self) -> str:
        """Return the dotted name of the mutated function."""
        return function_of(self.name)


@dataclass(frozen=True, slots=True)
class Change:
    """The lines that a mutant takes out (`-`) and puts in (`+`), without indentation, and the first line's number."""

    line: int
    lines: tuple[str, ...]


def function_of(name: str) -> str:
    """Return the dotted name of a mutant's function: `a.b.xǁThingǁrun__mutmut_3` is of `a.b.Thing.run`."""
    module, _, mangled = name.partition("__mutmut_")[0].rpartition(".")
    return f"{module}.{re.sub('^x[_ǁ]', '', mangled).replace('ǁ', '.')}"


def generate(children: int) -> list[str]:
    """Write the mutated tree with `children` processes and return the names of all mutants."""
    from mutmut.__main__ import create_mutants  # here, because importing it fixes how multiprocessing starts processes

    FOLDER.mkdir()
    with contextlib.redirect_stdout(io.StringIO()):
        copy_src_dir()
        copy_also_copy_files()
        create_mutants(children)
    return [name for data in _files() for name in data.exit_code_by_key]


def choose(names: Iterable[str], wanted: Collection[str], per_function: int | None, seed: str) -> set[str]:
    """Draw at most `per_function` mutants of each function below a wanted dotted name; with None all of them."""
    by_function: dict[str, list[str]] = {}
    for name in names:
        function = function_of(name)
        if not wanted or any(f"{function}.".startswith(f"{prefix}.") for prefix in wanted):
            by_function.setdefault(function, []).append(name)
    drawn: set[str] = set()
    for function, all_of_it in by_function.items():
        count = len(all_of_it) if per_function is None else min(per_function, len(all_of_it))
        drawn.update(random.Random(f"{seed} {function}").sample(sorted(all_of_it), count))
    return drawn


def skip(names: Collection[str]) -> None:
    """Mark mutants as judged, so that mutmut leaves them out."""
    for data in _files():
        data.exit_code_by_key.update({name: SKIPPED for name in data.exit_code_by_key if name in names})
        data.save()


def judged() -> list[Mutant]:
    """Return all mutants, also those that were left out, in the order of their files."""
    return [
        Mutant(name, str(data.path), status_by_exit_code[code])
        for data in _files()
        for name, code in data.exit_code_by_key.items()
    ]


def change(mutant: Mutant) -> Change:
    """Return what a mutant changes in its file."""
    *_, hunk = get_diff_for_mutant(mutant.name, path=mutant.path).partition("\n@@ -")
    header, *lines = hunk.splitlines()
    before = next(index for index, line in enumerate(lines) if line[0] in "+-")
    offset = int(re.split("[, ]", header)[0]) - 1 + before
    changed = tuple(f"{line[0]} {line[1:].strip()}" for line in lines if line[0] in "+-")
    return Change(_first_line(Path(mutant.path), mutant.function) + offset, changed)


def _files() -> Iterator[SourceFileMutationData]:
    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        yield data


def _first_line(path: Path, function: str) -> int:
    """Return where a function begins, with its decorators and the comments above it, as in mutmut's differences."""
    source = path.read_text()
    names = function.removeprefix(".".join(path.with_suffix("").parts) + ".").split(".")
    body: list[ast.stmt] = ast.parse(source).body
    first = 1
    for name in names:
        found = next(
            node
            for node in body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name
        )
        body, first = found.body, min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
    lines = source.splitlines()
    while first > 1 and lines[first - 2].lstrip().startswith("#"):
        first -= 1
    return first
