"""`make help` lists every target, and the targets of tests run what they promise."""

import re

import pytest

from tests.project.makefile import PROJECT, make, phony, targets

TARGETS = targets()


def test_targets_are_read_as_make_reads_them() -> None:
    found = targets(".PHONY: a\na: b c ## Do it\n\t$(BIN)/x \\\n\t\ty\n\t@z\nV := 1\nb:\n")
    assert {name: (one.needs, one.help, one.recipe) for name, one in found.items()} == {
        "a": (("b", "c"), "Do it", (".venv/bin/x \t\ty", "z")),
        "b": ((), None, ()),
    }


def test_every_target_is_phony_and_has_one_line_of_help() -> None:
    assert set(TARGETS) == phony()
    for target in TARGETS.values():
        assert target.help, target.name
        assert target.help[0].isupper(), target.name


def test_help_is_the_default_and_lists_every_target_once_under_a_heading() -> None:
    lines = make().splitlines()
    listed = [match[1] for line in lines if (match := re.match(r"  ([a-z-]+) +\S", line))]
    assert sorted(listed) == sorted(TARGETS)
    headings = [line for line in lines[1:] if line and not line.startswith(" ")]
    assert len(headings) >= 3
    assert lines.index(headings[0]) < min(lines.index(line) for line in lines if line.startswith("  "))
    assert all(len(line) <= 120 for line in lines)
    assert make("help") == make()


@pytest.mark.parametrize("name", sorted(set(TARGETS) - {"help", "test-all", "clean"}))
def test_a_target_sets_up_what_it_needs(name: str) -> None:
    assert name == "setup" or "setup" in TARGETS[name].needs


def test_folders_of_the_unit_tests_exist() -> None:
    (chosen,) = re.findall(r"^UNIT := (.+)$", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    assert {"core", "engine", "desired_state", "config", "web", "cli"} <= {
        path.split("/")[1] for path in chosen.split()
    }
    for path in chosen.split():
        assert (PROJECT / path).is_dir(), path


def command(*arguments: str) -> str:
    """Return the line with which a target starts pytest."""
    return next(line for line in make("--dry-run", *arguments).splitlines() if "pytest" in line and "pip" not in line)


@pytest.mark.parametrize("name", ["unit", "test", "coverage", "properties"])
def test_arguments_reach_pytest(name: str) -> None:
    assert command(name, "ARGS=-k drift -x").endswith("-k drift -x")


@pytest.mark.parametrize("name", ["unit", "coverage"])
def test_a_path_stands_for_the_folders_of_the_unit_tests(name: str) -> None:
    assert "tests/engine" in command(name, "ARGS=-x")
    assert "tests/engine" not in command(name, "ARGS=tests/core/plan -x")


def test_floors_hold_for_whole_runs_alone() -> None:
    for name in ("test", "coverage"):
        assert "--print-only" not in make("--dry-run", name)
        assert "--print-only" in make("--dry-run", name, "ARGS=-x")


def test_ci_checks_and_tests() -> None:
    assert (PROJECT / ".ci/run").read_text().rstrip().endswith("\nexec make --jobs=2 check test")


def test_all_tests_are_the_usual_ones_the_long_ones_and_the_mutants() -> None:
    lines = TARGETS["test-all"].recipe
    called = [name for line in lines for name in re.findall(r"^\$\(MAKE\) ([a-z-]+) ARGS=$", line)]
    assert called == ["test", "properties", "chaos", "mutation"]
    said = [line for line in lines if line.startswith("echo ")]
    assert [name for line in said for name in called if f"make {name}," in line] == called
