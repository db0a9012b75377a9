"""Notices of many at once, and of changes in the middle of a pass."""

from datetime import timedelta

import pytest

from desired_state.instance import Key
from reconciler.core.notify.notices import (
    Act,
    after,
    burst_head,
    is_being_judged,
    of_all,
    reminders_due,
)
from reconciler.core.notify.text import Message, Sign, line, name
from reconciler.core.record.model import Record
from reconciler.core.status.events import Failed
from reconciler.core.vocabulary import Reason
from tests.core.instances import NOW, SERVICE, applied, fold
from tests.core.notify.notice_log import acts

LATER = NOW + timedelta(minutes=5)


def failing(called: str) -> Record:
    return fold(applied(SERVICE.replace("name: orders,", f"name: {called},")), Failed(Reason.APPLY_FAILED, "no"))


def test_each_record_is_told_of_what_is_open_for_it_and_an_instance_that_is_gone_is_closed() -> None:
    records = [failing("b"), failing("a"), failing("c")]
    keys = {record.key for record in records}
    opened = after({}, of_all(records, keys, {}, now=NOW))
    assert set(opened) == {"failure develop/a", "failure develop/b", "failure develop/c"}
    assert of_all(records, keys, opened, now=LATER) == (), "it is known"
    assert of_all([], keys, opened, now=LATER) == (), "in the middle of a pass"
    closed = of_all([failing("b")], {Key("develop", "b")}, opened, now=LATER)
    assert acts(closed) == ["close failure", "close failure"]
    assert [notice.problem.key and notice.problem.key.name for notice in closed] == ["a", "c"], "by key"
    assert set(after(opened, closed)) == {"failure develop/b"}
    (reminder,) = of_all([failing("b")], {Key("develop", "b")}, after(opened, closed), now=NOW + timedelta(hours=1))
    assert reminder.act is Act.REMIND


@pytest.mark.parametrize(
    ("old", "new", "judged"),
    [
        (None, None, False),
        (None, applied(), False),
        (applied(), None, False),
        (applied(), applied(), False),
        (applied(), applied().replace(suspended=True), False),
        (applied(), applied().replace(checked_at=LATER), True),
    ],
)
def test_a_record_is_being_judged_when_its_plan_is_new(old: Record | None, new: Record | None, judged: bool) -> None:
    assert is_being_judged(old, new) is judged


@pytest.mark.parametrize(
    ("left", "head"),
    [
        (3, Message(line(name("3 problems at once"), "; each is in this thread"), sign=Sign.PROBLEM)),
        (1, Message(line(name("3 problems at once"), ", 1 still open; each is in this thread"), sign=Sign.PROBLEM)),
        (0, Message(line(name("3 problems at once"), ", all resolved"), sign=Sign.RESOLVED)),
    ],
)
def test_a_burst_says_how_many_came_and_how_many_are_left(left: int, head: Message) -> None:
    assert burst_head(3, left) == head


@pytest.mark.parametrize(
    ("age", "count"),
    [
        (timedelta(hours=1) - timedelta(seconds=1), 0),
        (timedelta(hours=1), 1),
        (timedelta(hours=4), 2),
        (timedelta(days=1), 3),
        (timedelta(days=2), 4),
    ],
)
def test_reminders_come_after_an_hour_four_hours_and_each_day(age: timedelta, count: int) -> None:
    assert reminders_due(age) == count
