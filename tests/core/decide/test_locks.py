"""State locks: stale locks of the daemon, and locks of other holders."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.decide.locks import NamedByOperator, NotOurs, Ours, created_at, explain, judge
from reconciler.core.ports.terraform import LockInfo
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Holder, Intent, Running
from reconciler.core.status.events import Applying, Desired, Failed, LockedOut, LockObserved, Starting, UnlockRequested
from reconciler.core.vocabulary import Reason
from tests.core.instances import NOW, PLATFORM, applied, base, fold

US = Holder("reconciler@ip-10-0-1-7", "arn:aws:ecs:eu-central-1:123456789012:task/platform/0a1b")
GOS = "%Y-%m-%d %H:%M:%S.123456789 +0000 UTC"


def lock(name: str = "lock-1", *, who: str = US.who, after: timedelta = timedelta(seconds=2)) -> LockInfo:
    return LockInfo(name, who, "OperationTypeApply", (NOW + after).strftime(GOS))


def applying(*, holds: str | None = None) -> Record:
    """Return the record of an apply without a known end, with the lock that it was observed to hold."""
    record = applied(PLATFORM)
    record = fold(record, Desired("d2", record.instance.source_digest, "c2"))
    record = fold(record, Applying(Intent("pass", "d2", "p", False, NOW, US), base(record)))
    return fold(record, LockObserved(holds)) if holds else record


def test_the_lock_that_an_apply_was_observed_to_hold_is_certainly_ours() -> None:
    assert judge(lock("lock-1"), applying(holds="lock-1")) == Ours(US, certain=True)


def test_any_other_lock_is_foreign_even_under_the_name_of_the_daemon() -> None:
    assert judge(lock("lock-2"), applying(holds="lock-1")) == NotOurs()


def test_a_run_that_died_before_its_lock_was_observed_is_recognised_by_name_and_time() -> None:
    assert judge(lock(), applying()) == Ours(US, certain=False)
    planning = fold(applied(PLATFORM), Starting(Running(US, NOW)))
    assert judge(lock(), planning) == Ours(US, certain=False)


def test_a_lock_of_another_holder_or_from_before_the_run_is_foreign() -> None:
    assert judge(lock(after=timedelta(minutes=-1)), applying()) == NotOurs()
    assert judge(lock(who="ann@laptop"), applying()) == NotOurs()


def test_a_run_that_ended_leaves_no_claim() -> None:
    record = fold(applied(PLATFORM), Starting(Running(US, NOW)), Failed(Reason.PLAN_FAILED, "no such thing"))
    assert judge(lock(), record) == NotOurs()


def test_an_apply_that_could_not_save_its_state_may_not_have_freed_its_lock() -> None:
    record = fold(applying(), Failed(Reason.STATE_CONFLICT, "kept in errored.tfstate", of_apply=True))
    assert record.intent is None
    assert judge(lock(), record) == Ours(US, certain=False)


def test_waiting_for_a_lock_keeps_the_claim() -> None:
    later = Running(Holder("reconciler@ip-10-0-9-9"), NOW + timedelta(minutes=3))
    record = fold(applied(PLATFORM), Starting(Running(US, NOW)), Failed(Reason.STATE_LOCKED, "…"), Starting(later))
    assert judge(lock(), record) == Ours(US, certain=False)


def test_a_run_that_was_locked_out_has_no_claim_to_the_next_lock() -> None:
    record = fold(applied(PLATFORM), Starting(Running(US, NOW)), LockedOut(None), Failed(Reason.STATE_LOCKED, "…"))
    assert judge(lock(), record) == NotOurs()
    before = Running(US, NOW - timedelta(hours=1))
    record = fold(applied(PLATFORM), Starting(before), Starting(Running(US, NOW)), LockedOut(before))
    assert judge(lock(after=timedelta(minutes=-30)), record) == Ours(US, certain=False)


def test_an_operator_breaks_exactly_the_lock_that_was_named() -> None:
    record = fold(applied(PLATFORM), UnlockRequested("lock-7"))
    assert judge(lock("lock-7", who="ann@laptop"), record) == NamedByOperator()
    assert judge(lock("lock-8", who="ann@laptop"), record) == NotOurs()


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=40))
def test_no_lock_is_ours_without_a_recorded_run(name: str, who: str, created: str) -> None:
    record = applied(PLATFORM)
    assert judge(LockInfo(name, who, "OperationTypePlan", created), record) == NotOurs()


def test_times_are_read_as_the_lock_and_as_messages_write_them() -> None:
    for written in ("2026-03-02T09:00:00.123456Z", "2026-03-02 09:00:00.123456789 +0000 UTC"):
        assert created_at(LockInfo("1", "", "", written)) == NOW
    assert created_at(LockInfo("1", "", "", "yesterday")) is None


def test_the_message_names_holder_time_and_command() -> None:
    message = explain(lock("0f6c", who="ann@laptop"), applied(PLATFORM), ours=False)
    assert "ann@laptop" in message
    assert "2026-03-02 09:00:02" in message
    assert "reconciler unlock develop/platform --lock-id 0f6c" in message


def test_a_lock_that_stays_is_explained_with_its_holder_and_the_command() -> None:
    full = LockInfo("0f6c", "ann@laptop", "OperationTypePlan", "2026-03-02T09:00:00Z")
    record = applied(PLATFORM)
    command = "Once its holder is gone: `reconciler unlock develop/platform --lock-id 0f6c`"
    held = "the state is locked by ann@laptop since 2026-03-02T09:00:00Z (OperationTypePlan, 0f6c)"
    ours = "it looks like the daemon's own, but its holder may still be running"
    assert explain(full, record, ours=False) == f"{held}; the daemon did not take it. {command}"
    assert explain(full, record, ours=True) == f"{held}; {ours}. {command}"
    empty = "the state is locked by an unknown holder since an unknown time (unknown operation, 0f6c)"
    assert (
        explain(LockInfo("0f6c", "", "", ""), record, ours=False) == f"{empty}; the daemon did not take it. {command}"
    )
