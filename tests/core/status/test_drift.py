"""The life of drift: found, confirmed, repaired or gone; and the end of a drift fight."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.decide import verdict
from reconciler.core.decide.attribution import resource_names
from reconciler.core.decide.verdict import Apply, ConfirmDrift, Report, Verdict, confirm_first
from reconciler.core.plan.drift import DriftFinding, classify
from reconciler.core.plan.model import Plan
from reconciler.core.plan.read import read
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Intent
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.schedule.next_visit import Pace, is_fresh, next_visit
from reconciler.core.status.events import (
    Applied,
    Applying,
    Attributed,
    Desired,
    Failed,
    FoundInSync,
    Planned,
    ReconcileRequested,
    Waiting,
)
from reconciler.core.vocabulary import ConditionType, Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, IMAGE, NOW, PLATFORM, applied, base, fold

LATER = NOW + timedelta(seconds=30)


class NoJitter:
    """A random source without jitter."""

    def uniform(self, a: float, b: float) -> float:
        return b


def retention(days: int, name: str = "this") -> Plan:
    """Return the plan after the retention of a log group was set to `days` outside of Git."""
    moved = change(
        f"aws_cloudwatch_log_group.{name}", ["update"], {"retention_in_days": days}, {"retention_in_days": 30}
    )
    return read(document(moved), Redactor(b"a key for tests"))


QUIET = read(document(), Redactor(b"a key for tests"))
ADDED = read(
    document(drift=[change("aws_s3_bucket.this", ["update"], {"cors_rule": []}, {"cors_rule": [{"id": "by hand"}]})]),
    Redactor(b"a key for tests"),
)


def finding(plan: Plan, record: Record, now: datetime = NOW) -> DriftFinding:
    digest = record.desired_digest or ""
    return classify(
        plan, applied_digest=record.applied_digest, desired_digest=digest, ignore=(), rolled_back=False, now=now
    )


def check(record: Record, plan: Plan, now: datetime) -> tuple[Record, Verdict | ConfirmDrift]:
    """Run a pass up to its verdict, as the engine does. Returns the record and the verdict."""
    seen = finding(plan, record, now)
    found = verdict.verdict(plan, seen, record, DEVELOP, image=IMAGE, now=now)
    record = fold(record, Planned(plan, seen, verdict.response(found)), now=now)
    return record, confirm_first(found, record)


def repair(record: Record, plan: Plan, now: datetime) -> Record:
    """Apply the plan. Returns the record."""
    intent = Intent("pass", record.desired_digest or "", plan.digest, False, now)
    return fold(record, Applying(intent, base(record)), Applied({}, IMAGE), now=now)


def test_the_first_finding_is_not_notified_and_needs_a_second() -> None:
    record, decided = check(applied(PLATFORM), retention(7), NOW)
    assert record.drift is not None
    assert (record.drift.since, record.drift.confirmed, record.drift.response) == (NOW, None, "heal")
    assert record.sync == Sync.DRIFTED
    assert ConditionType.DRIFTED not in record.conditions
    assert decided == ConfirmDrift()
    assert next_visit(record, Pace(confirm=timedelta(seconds=30)), now=NOW, rng=NoJitter()) == LATER
    assert not is_fresh(record, record.applied_digest or "", now=NOW)


def test_a_finding_from_a_clock_that_was_ahead_does_not_prevent_a_later_one() -> None:
    ahead = NOW + timedelta(days=40)
    settled, _ = check(applied(PLATFORM), QUIET, ahead)
    assert settled.checked_at == ahead
    assert not is_fresh(settled, settled.applied_digest or "", now=NOW)
    record, _ = check(settled, retention(7), ahead)
    record, decided = check(record, retention(7), NOW)
    assert decided == ConfirmDrift()
    record, decided = check(record, retention(7), LATER)
    assert decided == Apply()


def test_drift_is_repaired_after_the_second_finding() -> None:
    record, _ = check(applied(PLATFORM), retention(7), NOW)
    too_soon, decided = check(record, retention(7), NOW + timedelta(seconds=29))
    assert (too_soon.drift and too_soon.drift.confirmed, decided) == (None, ConfirmDrift())
    record, decided = check(too_soon, retention(7), LATER)
    assert record.drift is not None
    assert (record.drift.since, record.drift.confirmed, decided) == (NOW, LATER, Apply())
    assert record.conditions[ConditionType.DRIFTED].message == "aws_cloudwatch_log_group.this"
    healed = repair(record, retention(7), LATER)
    assert (healed.drift, healed.sync) == (None, Sync.IN_SYNC)
    assert ConditionType.DRIFTED not in healed.conditions


def test_drift_that_is_gone_in_the_second_check_is_not_notified() -> None:
    record, _ = check(applied(PLATFORM), retention(7), NOW)
    record, _ = check(record, QUIET, LATER)
    assert (record.drift, record.sync) == (None, Sync.IN_SYNC)


def test_drift_of_another_resource_starts_anew() -> None:
    record, _ = check(applied(PLATFORM), retention(7), NOW)
    record, _ = check(record, retention(7, name="other"), LATER)
    assert record.drift is not None
    assert (record.drift.since, record.drift.confirmed) == (LATER, None)


def test_an_unmanaged_addition_is_reported_and_holds_nothing() -> None:
    record, _ = check(applied(PLATFORM), ADDED, NOW)
    record, decided = check(record, ADDED, LATER)
    assert record.drift is not None
    assert (record.drift.reason, record.drift.response) == (Reason.UNMANAGED_ADDITION, "report")
    assert decided == verdict.NothingToDo()
    assert "delete the CORS rules" in record.conditions[ConditionType.DRIFTED].message
    assert record.drift.confirmed == LATER
    assert not verdict.plan_waits(record)
    assert fold(record, FoundInSync(base(record), {}), now=LATER).drift is not None


def test_a_repair_that_failed_leaves_the_drift_known() -> None:
    record, _ = check(applied(PLATFORM), retention(7), NOW)
    record, _ = check(record, retention(7), LATER)
    intent = Intent("pass", "d1", "p", False, LATER)
    record = fold(record, Applying(intent, base(record)), Failed(Reason.APPLY_FAILED, "no", of_apply=True), now=LATER)
    record, decided = check(record, retention(7), LATER)
    assert record.drift is not None
    assert record.drift.confirmed == LATER
    assert decided == Apply()
    assert check(record, QUIET, LATER)[0].drift is None


def fight(record: Record, rounds: int) -> tuple[Record, Verdict | ConfirmDrift]:
    """Let another tool write a new value after each repair. Returns the record and the last verdict."""
    decided: Verdict | ConfirmDrift = ConfirmDrift()
    for number in range(rounds):
        now = NOW + timedelta(minutes=10 * number)
        record, _ = check(record, retention(number), now)
        record, decided = check(record, retention(number), now + timedelta(minutes=1))
        if decided != Apply():
            break
        record = repair(record, retention(number), now + timedelta(minutes=1))
    return record, decided


def test_drift_that_comes_back_after_three_repairs_is_a_drift_fight() -> None:
    record, decided = fight(applied(PLATFORM), rounds=50)
    assert isinstance(decided, Report)
    assert decided.reason == Reason.DRIFT_FIGHT
    assert len(record.repairs) == 3
    assert record.drift is not None
    assert record.drift.response == "report"
    stalled = fold(record, Waiting(decided.reason, decided.message))
    assert stalled.conditions[ConditionType.STALLED].reason == Reason.DRIFT_FIGHT
    assert stalled.reason == Reason.DRIFT_FIGHT


def test_a_drift_fight_ends_with_a_new_desired_state_or_a_request_and_never_with_time() -> None:
    record, decided = fight(applied(PLATFORM), rounds=50)
    assert isinstance(decided, Report)
    stalled = fold(record, Waiting(decided.reason, decided.message))
    asked = fold(stalled, ReconcileRequested())
    assert check(asked, retention(9), NOW + timedelta(hours=1))[1] == Apply()
    other = fold(stalled, Desired("d2", "s", "c2"))
    assert (other.repairs, other.condition(ConditionType.STALLED)) == ((), None)
    later = check(stalled, retention(9), NOW + timedelta(days=9))[1]
    assert isinstance(later, Report)
    assert later.reason == Reason.DRIFT_FIGHT


def test_a_drift_fight_is_over_when_aws_matches_again() -> None:
    record, decided = fight(applied(PLATFORM), rounds=50)
    assert isinstance(decided, Report)
    stalled = fold(record, Waiting(decided.reason, decided.message))
    quiet, _ = check(stalled, QUIET, NOW + timedelta(days=2))
    quiet = fold(quiet, FoundInSync(base(quiet), {}))
    assert quiet.condition(ConditionType.STALLED) is None
    back, _ = check(quiet, retention(9), NOW + timedelta(days=3))
    assert check(back, retention(9), NOW + timedelta(days=3, minutes=1))[1] == Apply()


def test_a_change_of_git_is_applied_at_once_despite_drift() -> None:
    record = fold(applied(PLATFORM), Desired("d2", "s", "c2"))
    moved = change("aws_vpc.this", ["update"], {"tags": {"a": "1"}}, {"tags": {"a": "2"}})
    both = read(document(moved, drift=[moved]), Redactor(b"a key for tests"))
    record, decided = check(record, both, NOW)
    assert (record.sync, decided) == (Sync.PENDING_AND_DRIFTED, Apply())
    assert repair(record, both, NOW).repairs == (), "a deployment is no repair"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 600)), max_size=60))
def test_law_no_attribute_is_repaired_more_often_than_the_limit_within_a_day(moves: list[tuple[int, int]]) -> None:
    """Let three attributes drift in any order, any number of times."""
    record, now = applied(PLATFORM), NOW
    repairs: list[tuple[str, datetime]] = []
    for place, minutes in moves:
        now += timedelta(minutes=minutes)
        plan = retention(minutes, name=f"n{place}")
        record, _ = check(record, plan, now)
        now += timedelta(minutes=1)
        record, decided = check(record, plan, now)
        if decided == Apply():
            repairs.append((f"n{place}", now))
            record = repair(record, plan, now)
        else:
            record, _ = check(record, QUIET, now)
    for name, at in repairs:
        assert sum(other == name and at <= then < at + timedelta(days=1) for other, then in repairs) <= 3


def test_the_attribution_is_kept_as_long_as_the_drift() -> None:
    record, _ = check(applied(PLATFORM), retention(7), NOW)
    record = fold(record, Attributed("Admin/ann"))
    record, _ = check(record, retention(7), LATER)
    assert record.drift is not None
    assert record.drift.who == "Admin/ann"
    assert fold(check(record, QUIET, LATER)[0], Attributed("Admin/ann")).drift is None


def test_names_and_ids_are_looked_up_in_cloudtrail() -> None:
    found = classify(
        read(
            document(
                change("aws_iam_role.a", ["update"], {"id": "r", "name": "r", "arn": "arn:r", "x": 1}, {"x": 2}),
                change("aws_log.b", ["create"], None, {"name": "/ecs/a"}, unknown={"arn": True}),
            ),
            Redactor(b"a key for tests"),
        ),
        applied_digest="d",
        desired_digest="d",
        ignore=(),
        rolled_back=False,
        now=NOW,
    )
    assert resource_names(found.drifted) == ("r", "arn:r", "/ecs/a")
