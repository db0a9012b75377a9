"""The page of field reports: every report has one row, and each test that a row names exists."""

import ast
import re
from collections.abc import Iterator

from tests.structure.sources import ROOT

NUMBERS = frozenset({
    *(f"T{number}" for number in range(1, 21)),
    *(f"G{number}" for number in range(1, 21)),
    *(f"U{number}" for number in (1, 2, 5, 6, 7, 8, 9, 10, 13)),
    *(f"P{number}" for number in range(1, 23)),
    *(f"S{number}" for number in range(1, 25)),
    *(f"X{number}" for number in (1, 2, 3, 6, 7, 8, 9, 10, 12, 13, 16, 17, 18, 19)),
})  # fmt: skip
OPEN = "open"
_DEFINITION = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_ROW = re.compile(r"^\| ([TGUPSX]\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def problems(page: str) -> Iterator[str]:
    """Name each report without a row or with two, and each row whose tests do not exist."""
    rows = _ROW.findall(page)
    numbers = [row[0] for row in rows]
    yield from (f"{number}: {numbers.count(number)} rows" for number in sorted(NUMBERS) if numbers.count(number) != 1)
    for number, _, tests, _, now in rows:
        named = _TEST.findall(tests)
        if (now.strip() == OPEN) == bool(named):
            yield f"{number}: a row names its tests, or is {OPEN}"
        yield from (f"{number}: {path}::{name} does not exist" for path, name in named if name not in names_in(path))


def names_in(path: str) -> set[str]:
    """Return the names of the test functions and test classes of a file."""
    file = ROOT / path
    tree = ast.parse(file.read_text()) if file.exists() else ast.Module([], [])
    defined = {node.name for node in ast.walk(tree) if isinstance(node, _DEFINITION)}
    return {name for name in defined if name.lower().startswith("test")}


def test_every_report_has_a_row_whose_tests_exist() -> None:
    assert list(problems((ROOT / "docs" / "field-reports.md").read_text())) == []


def test_faults_are_found() -> None:
    here = "tests/structure/test_field_reports.py"
    good = [f"| {number} | kind | `{here}::test_faults_are_found` | wrong | right |" for number in sorted(NUMBERS)]
    assert list(problems("\n".join(good))) == []
    bad = [line.replace("faults_are_found", "nothing") if line.startswith("| G1 ") else line for line in good[:-1]]
    assert list(problems("\n".join(bad))) == [f"{max(NUMBERS)}: 0 rows", f"G1: {here}::test_nothing does not exist"]
    assert f"G1: a row names its tests, or is {OPEN}" in list(problems("| G1 | kind | none | wrong | right |"))
