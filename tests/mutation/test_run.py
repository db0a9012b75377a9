"""A whole run over a small project: mutants, verdicts, table, survivors and exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation.__main__ import MISSED

SETTINGS = """
[tool.mutmut]
source_paths = ["desired_state"]
also_copy = ["checks"]
pytest_add_cli_args_test_selection = ["checks"]
pytest_add_cli_args = ["-p", "no:cacheprovider"]
use_git_change_detection = false

[tool.pytest.ini_options]
addopts = ["--import-mode=importlib"]
"""
CODE = '''\
"""A module."""


# A comment above the function.
def limit(count: int, most: int) -> int:
    """Return the smaller one."""
    if count > most:
        return most
    return count


class Line:
    """Makes lines."""

    def at(self, x: int, slope: int, start: int) -> int:
        """Return a point."""
        return x * slope + start - 1

    def below(self, x: int, y: int) -> bool:
        """Return whether a point is below."""
        return self.at(x, 1, 1) > y
'''
WEAK = """
from desired_state.numbers import Line, limit

def test_limit():
    assert limit(3, 2) == 2
    assert limit(1, 5) == 1
"""
STRONG = f"""{WEAK}
def test_line():
    assert Line().at(2, 3, 4) == 9
    assert Line().below(2, 1)
    assert not Line().below(2, 2)
"""
EQUIVALENT = """
- function: desired_state.numbers.limit
  change: |
    - if count > most:
    + if count >= most:
  why: both are the same number
"""
UNTRUE = """
- function: desired_state.numbers.Line.at
  change: |
    - return x * slope + start - 1
    + return x / slope + start - 1
  why: a test kills it
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A package, an accepted survivor, and no tests yet."""
    for folder in ("desired_state", "checks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "desired_state/__init__.py").touch()
    (tmp_path / "desired_state/numbers.py").write_text(CODE)
    (tmp_path / "accepted.yaml").write_text(EQUIVALENT)
    return tmp_path


def run(project: Path, tests: str, *arguments: str) -> tuple[int, str, str]:
    """Run over the project with these tests. Returns exit code, output, and the survivors or else the errors."""
    (project / "checks/test_numbers.py").write_text(tests)
    command = [sys.executable, "-m", "tests.mutation", "--all", "--children", "1", "--accepted", "accepted.yaml"]
    ended = subprocess.run([*command, *arguments], cwd=project, capture_output=True, text=True, check=False)
    report = project / "mutants/survivors.md"
    return ended.returncode, ended.stdout, report.read_text() if report.exists() else ended.stderr


def test_strong_tests_reach_the_floor_and_leave_the_accepted_survivor(project: Path) -> None:
    code, table, survivors = run(project, STRONG)
    assert code == 0, f"{table}{survivors}"
    (row,) = (line.split() for line in table.splitlines() if line.startswith("desired_state "))
    assert (int(row[4]), int(row[2]) + 1) == (1, int(row[1]))
    assert survivors == (
        "# 1 survivors\n\n## desired_state/numbers.py:7\n\n`desired_state.numbers.x_limit__mutmut_1`: both are the same"
        " number\n\n```diff\n- if count > most:\n+ if count >= most:\n```\n"
    )


def test_weak_tests_miss_the_floor_and_each_survivor_is_listed(project: Path) -> None:
    code, table, survivors = run(project, WEAK)
    assert code == MISSED, survivors
    assert "% of the mutants were killed, 85 % are wanted" in table
    assert "## desired_state/numbers.py:17\n\n`desired_state.numbers.xǁLineǁat__mutmut_1`: no fast test" in survivors


def test_an_accepted_survivor_that_a_test_kills_is_a_problem(project: Path) -> None:
    (project / "accepted.yaml").write_text(EQUIVALENT + UNTRUE)
    code, table, _ = run(project, STRONG)
    assert code == MISSED
    assert "desired_state.numbers.Line.at: + return x / slope + start - 1: a test kills it; take the entry out" in table


def test_names_narrow_the_run(project: Path) -> None:
    code, table, survivors = run(project, STRONG, "desired_state.numbers.limit", "--seed", "1")
    assert code == MISSED
    assert "desired_state                         1        0          0         1       0.0" in table
    assert "x_limit__mutmut_1" in survivors
    code, _, error = run(project, STRONG, "desired_state.letters")
    assert (code, error) == (1, "no mutant has one of the names desired_state.letters\n")


def test_tests_that_fail_without_a_mutant_end_the_run_and_are_shown(project: Path) -> None:
    code, _, error = run(project, f"{STRONG}\n    assert limit(1, 1) == 3\n")
    assert code not in (0, MISSED)
    assert "assert limit(1, 1) == 3" in error
