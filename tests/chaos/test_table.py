"""The verdict on a run: it passes only when nothing of it is left open."""

import dataclasses
from typing import Any

import pytest

from tests.chaos.schedule import BY_NAME, Fault
from tests.chaos.table import HEADERS, Outcome, Results, rows, text


def outcome(kind: str = "daemon-killed", **what: Any) -> Outcome:
    fault = Fault(1, BY_NAME[kind], "apply", "alpha", 7)
    return Outcome(fault, **{"injected": True, "converged": True, **what})


def results(*outcomes: Outcome, **what: Any) -> Results:
    given = {"left_out": {}, "seconds": 60.0, "restarts": 0, **what}
    return Results(seed=1, asked=len(outcomes), outcomes=outcomes, **given)


def test_a_run_passes_when_all_was_injected_and_recovered_and_nothing_lost() -> None:
    run = results(outcome(), outcome("foreign-lock-left", needs=["StateLocked"]))
    assert run.passed
    assert "seed 1: 2 of 2 faults in 1.0 minutes, the daemon was started again 0 times: passed" in text(run)


@pytest.mark.parametrize(
    "what",
    [
        {"injected": False},
        {"converged": False},
        {"state_lost": ["/alpha/a is in AWS and in no state"]},
        {"duplicated": ["/alpha/generation-1"]},
        {"broken": True},
    ],
    ids=str,
)
def test_one_fault_that_did_harm_fails_the_run(what: dict[str, Any]) -> None:
    run = results(outcome(), outcome(**what))
    assert not run.passed
    assert "FAILED" in text(run)


@pytest.mark.parametrize("what", [{"trouble": "not within 240 s: alpha"}, {"left": 1}, {"asked": 3}], ids=str)
def test_a_run_that_ended_early_or_left_something_fails(what: dict[str, Any]) -> None:
    assert not dataclasses.replace(results(outcome()), **what).passed


def test_kinds_are_counted_with_the_conditions_that_asked_a_person() -> None:
    asked = outcome("foreign-lock-left", needs=["StateLocked"])
    alone, lost = outcome("foreign-lock-left"), outcome(state_lost=["x"], converged=False)
    found = {row[0]: dict(zip(HEADERS, row, strict=True)) for row in rows([asked, alone, asked, lost])}
    assert list(found) == ["daemon-killed", "foreign-lock-left", "all"]
    assert found["foreign-lock-left"] == {
        "kind": "foreign-lock-left",
        "injected": "3",
        "alone": "1",
        "a person": "2",
        "state lost": "0",
        "duplicated": "0",
        "locks broken": "0",
        "conditions that said so": "StateLocked 2",
    }
    assert (found["all"]["injected"], found["all"]["state lost"]) == ("4", "1")


def test_what_was_left_out_is_said_with_its_reason() -> None:
    run = results(outcome(), left_out={"disk-full": "no tmpfs may be mounted here"})
    assert "left out: disk-full (no tmpfs may be mounted here)" in text(run)
    assert run.as_json()["left_out"] == {"disk-full": "no tmpfs may be mounted here"}
