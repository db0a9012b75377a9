"""`run-task`, against a real API: the command, its log and its exit code."""

import os
import pwd

import pytest

from reconciler.core.ports.tasks import TaskSeen
from tests.cli.conftest import Cli, Served
from tests.web.control import ORDERS


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def test_a_command_is_started_its_log_followed_and_its_code_returned(cli: Cli, daemon: Served) -> None:
    daemon.control.looks = [
        TaskSeen(False, lines=("one",), after="a"),
        TaskSeen(False, after="a"),
        TaskSeen(True, 3, "Essential container in task exited", ("two",), "b"),
        TaskSeen(True, 3, "Essential container in task exited", ("three",), "c"),
        TaskSeen(True, 3, "Essential container in task exited", (), "c"),
    ]
    ended = cli("run-task", "develop/orders", "--reason", "backfill", "--", "node", "x.js", "--month", "a b")
    assert (ended.code, ended.out) == (3, "one\ntwo\nthree\n")
    assert "started task-1" in ended.err
    assert "Essential container in task exited" in ended.err
    ((key, command, by, reason),) = daemon.control.commands
    assert (key, command, reason) == (ORDERS, ("node", "x.js", "--month", "a b"), "backfill")
    assert by.name == pwd.getpwuid(os.geteuid()).pw_name


def test_a_task_that_ends_well_ends_the_command_well(cli: Cli, daemon: Served) -> None:
    daemon.control.looks = [TaskSeen(True, 0, "Essential container in task exited")]
    assert cli("run-task", "develop/orders", "--", "true").code == 0


def test_a_task_that_never_ran_is_a_failure_with_its_reason(cli: Cli, daemon: Served) -> None:
    daemon.control.looks = [TaskSeen(True, None, "CannotPullContainerError")]
    ended = cli("run-task", "develop/orders", "--", "true")
    assert ended.code == 1
    assert "CannotPullContainerError" in ended.err


def test_a_refusal_is_shown(cli: Cli, daemon: Served) -> None:
    daemon.control.refusal = "develop/orders was not applied yet"
    ended = cli("run-task", "develop/orders", "--", "true")
    assert (ended.code, daemon.control.commands) == (1, [])
    assert "was not applied yet" in ended.err
