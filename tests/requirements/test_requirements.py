"""Nothing that was asked for is left open: every task and property has its code and its proof."""

from __future__ import annotations

from reconciler.core.verification.finding import STATEMENTS
from tests.requirements.check import problems
from tests.requirements.properties import PROPERTIES
from tests.requirements.tasks import TASKS


def test_every_task_and_every_property_is_there_once() -> None:
    assert [task.number for task in TASKS] == list(range(1, 35))
    assert [entry.number for entry in PROPERTIES] == list(range(1, 57))


def test_every_task_has_code_and_a_proof() -> None:
    assert [task.number for task in TASKS if not task.files or not (task.properties or task.tests)] == []


def test_every_property_belongs_to_a_task() -> None:
    assert {number for task in TASKS for number in task.properties} == {entry.number for entry in PROPERTIES}


def test_what_the_page_says_is_so() -> None:
    assert list(problems()) == []


def test_verify_calls_the_properties_by_their_titles() -> None:
    titles = {entry.number: entry.title for entry in PROPERTIES}
    assert {number: titles[number] for number in STATEMENTS} == dict(STATEMENTS)
