"""The table, the verdict and the list of survivors, from made-up mutants."""

from tests.mutation.accepted import Accepted
from tests.mutation.mutants import Change, Mutant
from tests.mutation.report import problems, survivors, table


def mutants(path: str, **counts: int) -> list[Mutant]:
    return [
        Mutant(f"{path[:-3].replace('/', '.')}.x_f__mutmut_{status}{number}", path, status.replace("_", " "))
        for status, count in counts.items()
        for number in range(count)
    ]


MANY = [
    *mutants("desired_state/reader.py", killed=80, timeout=5, survived=15),
    *mutants("reconciler/core/decide/gate.py", killed=3, survived=1),
    *mutants("reconciler/core/wording.py", killed=9, no_tests=1),
]


def test_the_table_counts_per_folder_and_per_package() -> None:
    assert [line.split() for line in table(MANY).splitlines()] == [
        ["folder", "mutants", "killed", "timed", "out", "survived", "killed", "%"],
        ["desired_state", "100", "80", "5", "15", "85.0"],
        ["reconciler/core", "10", "9", "0", "1", "90.0"],
        ["reconciler/core/decide", "4", "3", "0", "1", "75.0"],
        ["all", "of", "desired_state", "100", "80", "5", "15", "85.0"],
        ["all", "of", "reconciler/core", "14", "12", "0", "2", "85.7"],
    ]


def test_a_package_under_the_floor_and_a_mutant_without_a_verdict_are_problems() -> None:
    assert list(problems(MANY)) == []
    low = [*MANY, *mutants("desired_state/tree.py", survived=1)]
    assert list(problems(low)) == ["desired_state: 84.2 % of the mutants were killed, 85 % are wanted"]
    unknown = mutants("desired_state/tree.py", suspicious=1)
    assert list(problems([*MANY, *MANY[:90], *unknown])) == [f"{unknown[0].name}: suspicious; run it again"]


def test_survivors_are_listed_with_place_difference_and_reason_and_open_ones_first() -> None:
    known, missed, unreached = (
        *mutants("desired_state/a.py", survived=2),
        *mutants("desired_state/b.py", no_tests=1),
    )
    changes = {
        known: Change(3, ("- a", "+ b")),
        missed: Change(9, ("- c", "+ d")),
        unreached: Change(1, ("- e", "+ f")),
    }
    accepted = [Accepted("desired_state.a.f", ("- a", "+ b"), "it means the same")]
    text = survivors(changes, accepted)
    assert text.startswith("# 3 survivors\n")
    assert [line for line in text.splitlines() if line.startswith(("## ", "`"))][:1] == ["## desired_state/a.py:9"]
    places = ["desired_state/a.py:9", "desired_state/b.py:1", "desired_state/a.py:3"]
    assert [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")] == places
    reasons = ["open", "no fast test reaches it", "it means the same"]
    assert [line.partition(": ")[2] for line in text.splitlines() if line.startswith("`desired")] == reasons
    assert "```diff\n- c\n+ d\n```" in text
