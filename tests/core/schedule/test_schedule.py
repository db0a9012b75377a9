"""Laws of the schedule, against a simple model."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from reconciler.core.schedule.next_visit import Pace, backoff, spread
from reconciler.core.schedule.visits import Schedule, Visit
from tests.core.steps import Machine, case

START = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = timedelta(seconds=30)
KEYS = st.sampled_from("abcd")


class ScheduleMachine(Machine):
    """The model.

    It has, by key, the earliest time and the greatest urgency that were requested since the last start; the time until
    which visits without urgency are deferred; and how many starts in a row passed over a key that waits too long.
    """

    def __init__(self) -> None:
        super().__init__()
        self.schedule: Schedule[str] = Schedule(patience=PATIENCE, pacing=self)
        self.now = START
        self.deferred_until: datetime | None = None
        self.passed_over = 0
        self.wanted: dict[str, tuple[datetime, int]] = {}
        self.running: set[str] = set()

    def not_before(self, key: str, visit: Visit) -> datetime | None:
        return None if visit.urgency else self.deferred_until

    def started(self, key: str, visit: Visit, now: datetime) -> None:
        assert now == self.now
        assert (visit.at, visit.urgency) == self.wanted[key]

    def shift(self, by: timedelta) -> None:
        self.deferred_until = self.deferred_until and self.deferred_until + by

    @rule(seconds=st.integers(1, 7200))
    def the_clock_is_set_back(self, seconds: int) -> None:
        """Set the clock back: what was due in an hour still is, and a deferred visit waits no longer than before."""
        by = -timedelta(seconds=seconds)
        self.schedule.shift(by)
        self.now += by
        self.wanted = {key: (at + by, urgency) for key, (at, urgency) in self.wanted.items()}

    @rule(seconds=st.none() | st.integers(0, 60))
    def visits_without_urgency_are_deferred(self, seconds: int | None) -> None:
        self.deferred_until = None if seconds is None else self.now + timedelta(seconds=seconds)

    def starts(self, key: str) -> datetime:
        at, urgency = self.wanted[key]
        return at if urgency or self.deferred_until is None else max(at, self.deferred_until)

    @rule(key=KEYS, delay=st.integers(0, 20), urgency=st.integers(0, 3))
    def add(self, key: str, delay: int, urgency: int) -> None:
        at = self.now + timedelta(seconds=delay)
        self.schedule.add(key, at, urgency=urgency)
        known = self.wanted.get(key, (at, urgency))
        self.wanted[key] = (min(at, known[0]), max(urgency, known[1]))

    @rule(seconds=st.integers(0, 15))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def take(self) -> None:
        due = {key: self.wanted[key] for key in self.wanted.keys() - self.running if self.starts(key) <= self.now}
        taken = self.schedule.take(self.now)
        assert (taken is None) == (not due)
        if taken:
            key, visit = taken
            assert (visit.at, visit.urgency) == (self.starts(key), due[key][1])
            self.is_fair(key, due)
            del self.wanted[key]
            self.running.add(key)

    def is_fair(self, key: str, due: dict[str, tuple[datetime, int]]) -> None:
        """Check that the most urgent key starts, or one that waits too long after three starts passed over it."""
        oldest = min(at for at, _ in due.values())
        waits_too_long = self.now - oldest >= PATIENCE
        if due[key][1] < max(urgency for _, urgency in due.values()):
            assert waits_too_long
            assert due[key][0] == oldest
        self.passed_over = self.passed_over + 1 if waits_too_long and due[key][0] > oldest else 0
        assert self.passed_over <= 3

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def done(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.running)))
        self.schedule.done(key)
        self.running.remove(key)

    @rule(key=KEYS)
    def drop(self, key: str) -> None:
        self.schedule.drop(key)
        self.wanted.pop(key, None)

    @invariant()
    def deferred_visits_are_due_and_cannot_start(self) -> None:
        late = {key for key in self.wanted.keys() - self.running if self.wanted[key][0] <= self.now < self.starts(key)}
        assert {key for key, _ in self.schedule.deferred(self.now)} == late

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.schedule.depth == len(self.wanted)
        startable = [self.starts(key) for key in self.wanted.keys() - self.running]
        assert self.schedule.next_at() == min(startable, default=None)


TestSchedule = case(ScheduleMachine)


def test_many_requests_during_a_visit_become_one_visit_after_it() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.add("prod/orders", START)
    assert schedule.take(START) is not None
    for _ in range(5):
        schedule.add("prod/orders", START)
    assert schedule.take(START) is None
    schedule.done("prod/orders")
    assert schedule.take(START) is not None
    assert schedule.depth == 0


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 60))
def test_a_drift_check_starts_within_its_bound_despite_any_number_of_changes(
    checks: int, changing: int, late: int
) -> None:
    """Play the worst case: every started key has changed again before the next start."""
    schedule: Schedule[int] = Schedule()
    now = START + schedule.patience + timedelta(minutes=late)
    for check in range(checks):
        schedule.add(check, START - timedelta(seconds=checks - check))
    started = {}
    for start in range(1, 4 * checks + 1):
        for key in range(checks, checks + changing):
            schedule.add(key, now, urgency=2, trigger="git")
        taken = schedule.take(now)
        assert taken is not None
        started[taken[0]] = start
        schedule.done(taken[0])
        now += timedelta(seconds=1)
    assert [started.get(check) for check in range(checks)] == [4 * (check + 1) for check in range(checks)]


def test_a_change_goes_before_drift_checks_within_their_patience() -> None:
    schedule: Schedule[str] = Schedule()
    for check in ("a", "b", "c"):
        schedule.add(check, START)
    now = START + schedule.patience - timedelta(seconds=1)
    schedule.add("changed", now, urgency=2, trigger="git")
    taken = schedule.take(now)
    assert taken is not None
    assert taken[0] == "changed"


def test_a_visit_that_never_ends_delays_no_other_instance() -> None:
    schedule: Schedule[str] = Schedule()
    for key in ("stuck", "a", "b"):
        schedule.add(key, START)
    assert schedule.take(START) is not None
    for _ in range(10):
        schedule.add("stuck", START, urgency=3)
    late = START + 2 * schedule.patience
    assert [taken[0] for taken in (schedule.take(late), schedule.take(late)) if taken] == ["a", "b"]
    assert schedule.take(late) is None


@given(st.integers(1, 200), st.integers())
def test_backoff_is_at_least_half_and_never_more_than_the_cap(count: int, seed: int) -> None:
    pace = Pace(retry_base=timedelta(seconds=30), retry_cap=timedelta(minutes=30))
    delay = backoff(count, pace, random.Random(seed))
    full = min(timedelta(seconds=30) * 2 ** min(count - 1, 30), timedelta(minutes=30))
    assert full / 2 <= delay <= full


@given(st.integers())
def test_instances_that_started_together_drift_apart_but_are_never_late(seed: int) -> None:
    hour = timedelta(hours=1)
    assert hour * 0.9 <= spread(hour, random.Random(seed)) <= hour
