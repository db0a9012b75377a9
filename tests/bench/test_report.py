"""The arithmetic of `make bench`: what a command cost, medians, ratios, and targets that were missed.

The bench itself runs for ten minutes and is no test: `make bench`, shorter with `ARGS="--rounds 1 --instances 8"`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.provider.processes.memory import cores
from tests.bench.measure import Cost, Summary, Unexpected, cpu_of, run
from tests.bench.report import MIB, TARGETS, Results, missed, ratios, table
from tests.bench.sweep import Sweep

PLAIN = (Cost(9.0, 9.0, 900 * MIB), Cost(6.0, 6.0, 700 * MIB), Cost(7.0, 7.0, 800 * MIB))
WARM = (Cost(0.7, 0.4, 80 * MIB, 0.3), Cost(0.9, 0.5, 90 * MIB, 0.2))
ENVIRONMENT = {"PATH": os.environ["PATH"]}


def results(*, plain_wall: float = 400.0) -> Results:
    """A bench with one case, and a sweep that reaches its target of 7 with 350 seconds."""
    sweep = {
        "plain": Sweep(50, 2, plain_wall, 380.0, 0.0, 800 * MIB, 0.05, {1: 60.0, 2: 50.0}),
        "warm": Sweep(50, 4, 50.0, 20.0, 10.0, 80 * MIB, 0.8, {1: 9.0, 4: 7.0}),
    }
    return Results({"no-op plan": {"plain": PLAIN, "warm": WARM}}, sweep)


def test_medians_with_the_least_and_the_most() -> None:
    found = Summary.of(PLAIN)
    assert (found.wall, found.cpu, found.rss, found.least, found.most, found.rounds) == (7.0, 7.0, 800 * MIB, 6, 9, 3)


def test_the_ratio_of_cpu_is_given_without_and_with_what_the_warm_provider_spent() -> None:
    found = ratios(Summary.of(PLAIN), Summary.of(WARM))
    assert found["wall"] == pytest.approx(7.0 / 0.8)
    assert found["cpu"] == pytest.approx(7.0 / 0.45)
    assert found["cpu with shared"] == pytest.approx(7.0 / 0.7)
    assert found["rss"] == pytest.approx(800 / 85)


def test_a_missed_target_is_named_with_what_was_reached() -> None:
    assert list(missed(results().summaries())) == []
    late = results(plain_wall=300.0)
    assert list(missed(late.summaries())) == ["drift sweep: wall is 6.0 times cheaper, the target is 7"]
    assert table(late)[-1] == "MISSED drift sweep: wall is 6.0 times cheaper, the target is 7"
    assert late.as_json()["missed"] == list(missed(late.summaries()))


def test_the_table_shows_both_sides_the_targets_and_the_share_of_the_stand_in() -> None:
    lines = table(results())
    assert lines[1].split() == ["no-op", "plan", "plain", "7.00", "6.00-9.00", "7.00", "0.00", "800"]
    assert any(line.startswith("  no-op plan") and "wall 8.8 (5)" in line for line in lines)
    assert "sweep of 50, warm: 4 at once; the stand-in was answering for 80 % of the time" in lines
    assert f"  CPU seconds: terraform 20, warm provider 10, stand-in 40; {cores()} cores had {50 * cores()}" in lines


def test_every_target_names_a_figure_that_is_measured() -> None:
    figures = ratios(Summary.of(PLAIN), Summary.of(WARM))
    assert {figure for targets in TARGETS.values() for figure in targets} <= figures.keys()


async def test_a_command_is_charged_for_what_it_starts(tmp_path: Path) -> None:
    work = "import time; held = bytearray(64 << 20); e = time.process_time() + .3\nwhile time.process_time() < e: pass"
    command = ["sh", "-c", f"{sys.executable} -I -c '{work}'; true"]
    cost = await run(command, directory=tmp_path, environment=ENVIRONMENT, code=0, extra={})
    assert cost.cpu >= 0.3
    assert cost.wall >= 0.3
    assert cost.rss >= 64 * MIB


async def test_a_command_that_ends_otherwise_ends_the_bench(tmp_path: Path) -> None:
    command = ["sh", "-c", 'echo "$WHY"; exit 3']
    with pytest.raises(Unexpected, match="ended with 3, not 2:\nno lock"):
        await run(command, directory=tmp_path, environment=ENVIRONMENT, code=2, extra={"WHY": "no lock"})


def test_the_cpu_of_a_process_includes_those_below_it() -> None:
    spin = "import time; e = time.process_time() + .3\nwhile time.process_time() < e: pass\nprint(); input()"
    script = f"{sys.executable} -I -c '{spin}'; true"
    with subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        shell.stdout.readline()
        assert cpu_of([shell.pid]) >= 0.29
        shell.communicate(b"\n")
    assert cpu_of([shell.pid]) == 0.0
