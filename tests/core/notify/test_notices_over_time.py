"""Notices of incidents that stay, and of the source as a whole."""

from dataclasses import replace
from datetime import timedelta

from desired_state.document import Problem
from reconciler.core.notify.notices import after, of_source, reminders_due
from reconciler.core.ports.control import SourceStatus
from reconciler.core.status.events import Failed, Invalid
from reconciler.core.vocabulary import Reason
from tests.core.instances import NOW, applied, fold
from tests.core.notify.telling import NoticeLog, acts, said, texts

# Time


def test_an_open_problem_is_reminded_of_after_an_hour_four_hours_and_each_day() -> None:
    told = NoticeLog(fold(applied(), Failed(Reason.APPLY_FAILED, "no")))
    told.pass_ends()
    assert told.later(minutes=59) == ()
    assert acts(told.later(minutes=1)) == ["remind failure"]
    assert told.later(hours=2) == ()
    assert told.later(hours=1)[0].text == ":bell: Still open after 4h: *develop/orders* failed (ApplyFailed)"
    assert acts(told.later(hours=20)) == ["remind failure"]
    assert told.later(hours=23) == ()
    assert acts(told.later(hours=1)) == ["remind failure"]


def test_a_daemon_that_was_off_for_a_week_reminds_once() -> None:
    told = NoticeLog(fold(applied(), Failed(Reason.APPLY_FAILED, "no")))
    told.pass_ends()
    assert acts(told.later(days=7)) == ["remind failure"]
    assert reminders_due(timedelta(days=7)) == 9


# The manifests


def source(status: SourceStatus, told: NoticeLog, minutes: int) -> list[str]:
    notices = of_source(status, told.open, since=NOW, now=NOW + timedelta(minutes=minutes))
    told.open = after(told.open, notices)
    told.said += map(said, notices)
    return acts(notices)


def test_a_source_that_cannot_be_fetched_for_long_is_told_and_its_return_too() -> None:
    told, good = NoticeLog(applied()), SourceStatus("c1", NOW, None, ())
    broken = replace(good, error="https://robot:hunter2@git.example: timed out")
    assert source(broken, told, 9) == []
    assert source(broken, told, 10) == ["open source"]
    assert source(broken, told, 20) == []
    assert source(replace(good, fetched_at=NOW + timedelta(minutes=21)), told, 21) == ["close source"]
    assert "hunter2" not in texts(told.said)


def test_a_daemon_that_never_could_fetch_says_so_too() -> None:
    assert source(SourceStatus(None, None, "no route", ()), NoticeLog(applied()), 11) == ["open source"]


def test_broken_manifests_are_one_thread_with_their_places_and_without_what_stands_there() -> None:
    told = NoticeLog(applied())
    status = SourceStatus("c1", NOW, None, (Problem("services/orders.yaml", 12, 3, "port: 'hunter2' is no number"),))
    assert source(status, told, 1) == ["open manifests"]
    assert "• `services/orders.yaml:12`" in told.said[0].head
    assert source(SourceStatus(None, None, None, ()), told, 2) == []  # a restart that has not read anything yet
    assert source(replace(status, problems=()), told, 3) == ["close manifests"]
    assert "hunter2" not in texts(told.said)
    assert told.happens(Invalid("services/orders.yaml:12:3: hunter2")) == []
