"""Reminders of open incidents, and notices of the source."""

from dataclasses import replace
from datetime import timedelta

from desired_state.reading.document import Problem
from reconciler.core.notify.notices import after, of_source, reminders_due
from reconciler.core.ports.control import SourceStatus
from reconciler.core.status.events import Failed, Invalid
from reconciler.core.vocabulary import Reason
from tests.core.instances import NOW, applied, fold
from tests.core.notify.notice_log import NoticeLog, acts, show, texts

# Time


def test_an_open_incident_is_reminded_of_after_one_hour_four_hours_and_each_day() -> None:
    log = NoticeLog(fold(applied(), Failed(Reason.APPLY_FAILED, "no")))
    log.end_pass()
    assert log.wait(minutes=59) == ()
    assert acts(log.wait(minutes=1)) == ["remind failure"]
    assert log.wait(hours=2) == ()
    assert log.wait(hours=1)[0].text == ":bell: Still open after 4h: *develop/orders* failed (ApplyFailed)"
    assert acts(log.wait(hours=20)) == ["remind failure"]
    assert log.wait(hours=23) == ()
    assert acts(log.wait(hours=1)) == ["remind failure"]


def test_a_daemon_that_was_off_for_a_week_reminds_once() -> None:
    log = NoticeLog(fold(applied(), Failed(Reason.APPLY_FAILED, "no")))
    log.end_pass()
    assert acts(log.wait(days=7)) == ["remind failure"]
    assert reminders_due(timedelta(days=7)) == 9


# The manifests


def source(status: SourceStatus, log: NoticeLog, minutes: int) -> list[str]:
    notices = of_source(status, log.open, since=NOW, now=NOW + timedelta(minutes=minutes))
    log.open = after(log.open, notices)
    log.notices += map(show, notices)
    return acts(notices)


def test_a_source_that_cannot_be_fetched_for_long_is_notified_and_closed_after_a_fetch() -> None:
    log, good = NoticeLog(applied()), SourceStatus("c1", NOW, None, ())
    broken = replace(good, error="https://robot:hunter2@git.example: timed out")
    assert source(broken, log, 9) == []
    assert source(broken, log, 10) == ["open source"]
    assert source(broken, log, 20) == []
    assert source(replace(good, fetched_at=NOW + timedelta(minutes=21)), log, 21) == ["close source"]
    assert "hunter2" not in texts(log.notices)


def test_a_daemon_that_never_fetched_notifies_too() -> None:
    assert source(SourceStatus(None, None, "no route", ()), NoticeLog(applied()), 11) == ["open source"]


def test_invalid_manifests_are_one_thread_with_places_and_without_content() -> None:
    log = NoticeLog(applied())
    status = SourceStatus("c1", NOW, None, (Problem("services/orders.yaml", 12, 3, "port: 'hunter2' is no number"),))
    assert source(status, log, 1) == ["open manifests"]
    assert "• `services/orders.yaml:12`" in log.notices[0].head
    assert source(SourceStatus(None, None, None, ()), log, 2) == []  # a restart that has not read anything yet
    assert source(replace(status, problems=()), log, 3) == ["close manifests"]
    assert "hunter2" not in texts(log.notices)
    assert log.run_pass(Invalid("services/orders.yaml:12:3: hunter2")) == []
