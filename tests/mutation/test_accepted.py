"""The list of accepted survivors: each with a reason, each still a mutant, each still alive."""

from pathlib import Path

import pytest

from tests.mutation.accepted import Accepted, load, problems
from tests.mutation.mutants import Change, Mutant

ENTRY = Accepted("a.b.f", ("- one", "+ two"), "it means the same")
CHANGE = Change(7, ("- one", "+ two"))


def mutant(status: str, number: int = 1, function: str = "f") -> Mutant:
    return Mutant(f"a.b.x_{function}__mutmut_{number}", "a/b.py", status)


def test_every_entry_of_the_list_has_a_reason() -> None:
    for entry in load():
        assert entry.why, entry.function


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- {function: a.b.f, change: '- x'}", "a.b.f: say why it is accepted"),
        ("- {function: a.b.f, change: '- x', why: ' '}", "a.b.f: say why it is accepted"),
        (2 * "- {function: a.b.f, change: '- x', why: y}\n", "a.b.f: the same change is listed twice"),
    ],
)
def test_a_list_without_reasons_or_with_repetitions_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "list.yaml").write_text(text)
    with pytest.raises(ValueError, match=problem):
        load(tmp_path / "list.yaml")


@pytest.mark.parametrize("status", ["survived", "no tests", "skipped"])
def test_an_entry_is_true_while_its_mutant_survives_or_was_not_tried(status: str) -> None:
    assert list(problems([ENTRY], {mutant(status): CHANGE})) == []


@pytest.mark.parametrize("status", ["killed", "timeout"])
def test_an_entry_whose_mutant_is_killed_is_a_problem(status: str) -> None:
    assert list(problems([ENTRY], {mutant(status): CHANGE})) == [
        "accepted.yaml: a.b.f: + two: a test kills it; take the entry out"
    ]
    twice = {mutant(status): CHANGE, mutant("survived", 2): CHANGE}
    assert list(problems([ENTRY], twice)) == [], "the same change elsewhere in the function survives"


def test_an_entry_without_a_mutant_is_a_problem() -> None:
    others = {mutant("survived"): Change(7, ("- one", "+ three")), mutant("survived", function="g"): CHANGE}
    assert list(problems([ENTRY], others)) == [
        "accepted.yaml: a.b.f: + two: there is no such mutant; take the entry out"
    ]
