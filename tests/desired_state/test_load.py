"""A commit costs work and memory in proportion to its size, and its problems are bounded, whatever is written."""

import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

import pytest

from desired_state.checks import conflicts as checks
from desired_state.checks import listener, renames
from desired_state.checks.conflicts import EnvironmentFacts
from desired_state.checks.graph import cycles
from desired_state.checks.landscape import Landscape
from desired_state.checks.priorities import with_priorities
from desired_state.checks.survey import Survey, survey
from desired_state.files.tree import Unavailable
from desired_state.limits import LARGEST_COMMIT, LARGEST_FILE, MOST_FILES, MOST_PROBLEMS, affordable
from desired_state.reading.suggestion import Spelling
from desired_state.snapshot import Snapshot, build
from tests.desired_state import large
from tests.desired_state.manifests import ROOTS, keys, platform, service, to_yaml

FACTS = {"develop": EnvironmentFacts("develop"), "live": EnvironmentFacts("prod")}


def read(files: dict[str, bytes]) -> Snapshot:
    return build(commit="c", files=files, roots=ROOTS, environments=FACTS)


def work(action: Callable[[], Iterable[Any]]) -> int:
    """Return how many instructions of Python an action takes."""
    count = 0

    def step(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return step

    before = sys.gettrace()
    sys.settrace(step)
    try:
        for _ in action():
            pass
    finally:
        sys.settrace(before)
    return count


CHECKS: dict[str, tuple[Callable[[int], dict[str, bytes]], Callable[[Survey], Iterable[Any]]]] = {
    "priorities": (large.one_priority, lambda found: listener.check_routes(found.candidates)),
    "patterns": (large.one_start, lambda found: listener.check_routes(found.candidates)),
    "former names": (
        large.one_former_name,
        lambda found: renames.check_former_names(found.candidates, found.claims),
    ),
    "broken names": (large.broken, lambda found: renames.check_former_names(found.candidates, found.claims)),
    "names": (large.one_name, lambda found: checks.check_names(found.candidates)),
    "cycles": (
        large.one_circle,
        lambda found: cycles(
            {one.key.name: frozenset(checks.dependencies(one)) for one in found.candidates}, most_steps=100
        ),
    ),
    "dependencies": (
        large.missing,
        lambda found: checks.check_dependencies(found.candidates, lambda _: False, Spelling(10)),
    ),
    "environments": (
        large.environments,
        lambda found: Landscape.from_survey(found, frozenset({"develop"}), lambda _: False).findings(Spelling(10)),
    ),
    "claims": (
        large.broken,
        lambda found: Landscape.from_survey(found, frozenset({"live"}), lambda _: False).findings(Spelling(10)),
    ),
    "automatic priorities": (large.without_priority, lambda found: with_priorities(found.candidates, {})),
    "platforms": (large.platforms, lambda found: checks.check_platforms(found.candidates)),
    "networks": (large.platforms, lambda found: checks.check_networks(found.candidates, FACTS)),
}


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_twice_the_manifests_take_at_most_twice_the_work(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "MOST_COMPARED", 5)
    make, check = CHECKS[name]
    few, many = survey(make(100)), survey(make(200))
    assert many.candidates
    spent = work(lambda: check(few))
    assert 0 < spent < work(lambda: check(many)) < 2.3 * spent


@pytest.mark.parametrize(
    ("files", "marked"),
    [
        (large.one_priority(800), 800),
        (large.one_former_name(400), 401),
        (large.one_name(800), 800),
        (large.one_start(300), 300),
        (large.one_circle(300), 300),
        (large.overrides(4000), 1),
    ],
    ids=["priority", "former name", "name", "patterns", "cycle", "overrides"],
)
def test_a_conflict_of_many_is_a_problem_at_each_of_them_and_names_a_few(files: dict[str, bytes], marked: int) -> None:
    snapshot = read({"p.yaml": to_yaml(platform()), **files})
    assert keys(snapshot) == {"develop/platform"}
    places = {(problem.path, problem.line) for problem in snapshot.problems}
    assert marked <= len(places)
    assert len(snapshot.problems) <= MOST_PROBLEMS + 1
    assert all(len(problem.message) < 2_000 for problem in snapshot.problems)


def test_of_more_problems_than_a_commit_may_have_every_file_shows_its_first_ones() -> None:
    files = large.files(f"kind: Service\nmetadata: {{name: s{number}}}\nextra: 1\n" for number in range(1_500))
    last = {"z.yaml": b"kind: Service\nmetadata: {name: last}\n"}
    snapshot = read({**files, **last})
    assert len(snapshot.problems) == MOST_PROBLEMS + 1
    assert {problem.path for problem in snapshot.problems} == {".", *files, "z.yaml"}
    (more,) = [problem for problem in snapshot.problems if problem.path == "."]
    assert more.message.startswith("and 3502 more problems")
    assert len(snapshot.invalid) == 1_501


def test_fifteen_hundred_services_are_valid() -> None:
    found = read({"p.yaml": to_yaml(platform()), **large.files(large.service(f"s{n}", 1 + n) for n in range(1_500))})
    assert (len(found.instances), found.problems) == (1_501, ())


def test_a_path_that_begins_as_many_others_is_compared_with_the_first_of_them() -> None:
    found = read(
        {"p.yaml": to_yaml(platform()), **large.files(large.service(f"s{n}", 1 + n, path=f"/*x{n}") for n in range(60))}
    )
    assert len(found.instances) == 61
    assert [problem.message for problem in found.unchecked if "not all were compared" in problem.message] == [
        f'more than 50 patterns begin as "/*x{n}" does: not all were compared' for n in range(51, 60)
    ]


def test_a_part_of_a_file_beyond_its_limits_is_unknown() -> None:
    many = "---\n".join(large.service(f"s{number}", 1 + number) for number in range(201)).encode()
    values = f"kind: Module\nmetadata: {{name: big}}\nspec: {{inputs: {{a: [{'1,' * 20_000}]}}}}\n".encode()
    for content, message in (
        (many, "more than 200 documents: split the file"),
        (values, "more than 20000 values: split the file"),
    ):
        snapshot = read({"p.yaml": to_yaml(platform()), "many.yaml": content})
        assert [problem.message for problem in snapshot.problems] == [message]
        assert snapshot.unreadable == ("many.yaml",)


def test_beyond_the_values_of_a_commit_the_largest_folder_is_unread_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desired_state.checks.survey.MOST_VALUES_OF_COMMIT", 1_000)
    bomb = large.files(large.service(f"s{number}", 1 + number) for number in range(1_000))
    snapshot = read({**bomb, "shop/p.yaml": to_yaml(platform()), "zoo/orders.yaml": to_yaml(service("orders"))})
    assert {"develop/platform", "develop/orders", "develop/s0"} <= keys(snapshot)
    assert snapshot.unreadable == tuple(sorted(bomb))[1:]
    assert {problem.message for problem in snapshot.problems} == {
        "the file is not read: the commit has more than 1000 values"
    }


def test_a_manifest_is_merged_with_as_many_overrides_as_its_size_allows() -> None:
    names = [f"e{number}" for number in range(90)]
    env = ", ".join(f"A{number}: b" for number in range(4_000))
    text = large.service("s", 7, environments=", ".join(names), more=f", env: {{{env}}}") + "overrides:\n"
    text += "".join(f"  {name}: {{memory: 1024}}\n" for name in names)
    (problem,) = build(commit="c", files={"s.yaml": text.encode()}, roots={}, environments=None).problems
    assert problem.message == "the manifest is too large for more than 46 overrides: make it smaller"


def test_every_folder_gets_its_share_of_what_is_read() -> None:
    team = {f"shop/{number}.yaml": 4_000 for number in range(50)}
    files = {f"bomb/{number:06}.yaml": 10 for number in range(MOST_FILES)}
    assert affordable({**files, **team}) >= team.keys()
    assert len(affordable({**files, **team})) == MOST_FILES
    heavy = {f"bomb/{number}.yaml": LARGEST_FILE for number in range(LARGEST_COMMIT // LARGEST_FILE)}
    assert affordable({**heavy, **team}) >= team.keys()
    assert affordable({"a.yaml": LARGEST_FILE + 1, "b.yaml": 1}) == {"b.yaml"}


def test_a_file_that_could_not_be_had_is_one_problem_and_unknown() -> None:
    lost = {"lost.yaml": Unavailable.because("cannot be read: Permission denied")}
    snapshot = read({"p.yaml": to_yaml(platform()), "orders.yaml": to_yaml(service("orders")), **lost})
    assert [str(problem) for problem in snapshot.problems] == [
        "lost.yaml:1:1: the file cannot be read: Permission denied"
    ]
    assert len(snapshot.instances) == 2
    assert snapshot.unreadable == ("lost.yaml",)
