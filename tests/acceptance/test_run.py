"""The journal of a run, its steps, and what it costs: without AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.acceptance import report
from deploy.acceptance.costs import COSTS, MONTH, hourly, table
from deploy.acceptance.journal import Journal
from deploy.acceptance.runner import Step, run
from reconciler.core.environment import Environment

NAMES = ("one", "two", "three")
TARGET = Environment("sandbox", "develop", "123456789012", "eu-central-1")


class Killed(BaseException):
    """The process ended here."""


@dataclass
class World:
    """An account: its resources, every action that was begun, and where the process ends."""

    made: set[str] = field(default_factory=set)
    actions: list[str] = field(default_factory=list)
    ends: dict[int, BaseException] = field(default_factory=dict)
    late: bool = False

    def steps(self) -> list[Step]:
        return [Step(name, name, self.act(f"do {name}"), self.act(f"undo {name}")) for name in NAMES]

    def act(self, action: str) -> Callable[[], list[str]]:
        def acted() -> list[str]:
            self.actions.append(action)
            end = self.ends.pop(len(self.actions), None)
            if end and not self.late:
                raise end
            what, name = action.split()
            self.made.add(name) if what == "do" else self.made.discard(name)
            if end:
                raise end
            return [f"{action}: evidence"]

        return acted


def start(world: World, path: Path, *, keep: bool = False) -> Journal:
    journal = Journal.open(path / "journal.jsonl")
    run(world.steps(), journal, keep=keep, show=lambda _: None)
    return journal


def test_a_run_does_every_step_and_undoes_them_backwards(tmp_path: Path) -> None:
    world = World()
    journal = start(world, tmp_path)
    assert world.actions == ["do one", "do two", "do three", "undo three", "undo two", "undo one"]
    assert report.write(tmp_path, TARGET, world.steps(), journal, [], kept=False)


@settings(max_examples=40)
@given(kills=st.lists(st.integers(1, 12), max_size=4, unique=True), late=st.booleans())
def test_a_run_that_is_killed_anywhere_is_resumed_and_leaves_nothing(
    tmp_path_factory: pytest.TempPathFactory, kills: list[int], late: bool
) -> None:
    path = tmp_path_factory.mktemp("run")
    world = World(ends=dict.fromkeys(kills, Killed()), late=late)
    while True:
        try:
            journal = start(world, path)
        except Killed:
            continue
        break
    assert world.made == set()
    assert report.passed(world.steps(), journal, [])
    done = [action for action in world.actions if action.startswith("do")]
    assert sorted(set(done), key=done.index) == ["do one", "do two", "do three"]
    assert len(world.actions) <= 6 + len(kills)  # only the action that was cut off is repeated


@pytest.mark.parametrize("end", [RuntimeError("no"), KeyboardInterrupt()], ids=["failure", "interruption"])
def test_what_began_is_undone_after_a_failure_and_after_an_interruption(tmp_path: Path, end: BaseException) -> None:
    world = World(ends={2: end}, late=True)
    journal = start(world, tmp_path)
    assert world.actions == ["do one", "do two", "undo two", "undo one"]
    assert world.made == set()
    assert not report.write(tmp_path, TARGET, world.steps(), journal, [], kept=False)
    shown = json.loads((tmp_path / "evidence.json").read_text())
    assert [step["undone"] for step in shown["steps"]] == [True, True, False]


def test_a_step_that_cannot_be_undone_keeps_no_other_from_it_and_is_tried_again(tmp_path: Path) -> None:
    world = World(ends={4: RuntimeError("no")})
    journal = start(world, tmp_path)
    assert world.made == {"three"}
    assert not report.passed(world.steps(), journal, ["three"])
    assert report.passed(world.steps(), start(world, tmp_path), [])
    assert world.actions[-1] == "undo three"


def test_an_interrupted_teardown_is_continued_without_doing_a_step(tmp_path: Path) -> None:
    world = World(ends={2: RuntimeError("no"), 3: KeyboardInterrupt()})
    with pytest.raises(KeyboardInterrupt):
        start(world, tmp_path)
    start(world, tmp_path)
    assert world.actions == ["do one", "do two", "undo two", "undo two", "undo one"]


def test_a_kept_run_tries_the_failed_step_again_and_is_torn_down_later(tmp_path: Path) -> None:
    world = World(ends={2: RuntimeError("no")})
    start(world, tmp_path, keep=True)
    assert world.made == {"one"}
    journal = start(world, tmp_path, keep=True)
    assert world.actions == ["do one", "do two", "do two", "do three"]
    assert report.write(tmp_path, TARGET, world.steps(), journal, [], kept=True)
    start(world, tmp_path)
    assert world.made == set()


def test_a_last_line_that_was_cut_off_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    Journal.open(path).write("begun", "one")
    path.write_text(path.read_text() + '{"kind": "done", "st')
    journal = Journal.open(path)
    assert [entry.kind for entry in journal.entries] == ["begun"]
    journal.write("done", "one", ["seen"])
    assert [entry.evidence for entry in Journal.open(path).entries] == [(), ("seen",)]


def test_what_is_left_is_in_the_evidence_and_fails_the_run(tmp_path: Path) -> None:
    world = World()
    assert not report.write(tmp_path, TARGET, world.steps(), start(world, tmp_path), ["VPC vpc-1"], kept=False)
    text = (tmp_path / "evidence.md").read_text()
    assert "# Acceptance of sandbox: failed" in text
    assert "- VPC vpc-1" in text
    assert "do one: evidence<br>undo one: evidence" in text


def test_the_costs_add_up_and_have_their_sources() -> None:
    assert all(cost.source.startswith("https://aws.amazon.com/") for cost in COSTS)
    assert hourly() == pytest.approx(
        0.045 + 0.020 + 0.0225 + 0.008 + 0.02024 + 0.004445 + (8 + 5 + 5 + 4) / MONTH + 0.075
    )
    assert table()[-1] == f"| together | | | {hourly():.4f} | |"
