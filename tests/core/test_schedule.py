"""The queue's laws, against a model that is too simple to be wrong."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from reconciler.core.schedule import Pace, Schedule, backoff, spread

START = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = st.sampled_from("abcd")


class ScheduleMachine(RuleBasedStateMachine):
    """The model: for every key the earliest time and the greatest urgency asked for since its last start."""

    def __init__(self) -> None:
        super().__init__()
        self.schedule: Schedule[str] = Schedule()
        self.now = START
        self.wanted: dict[str, tuple[datetime, int]] = {}
        self.running: set[str] = set()

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
        due = {key: want for key, want in self.wanted.items() if want[0] <= self.now and key not in self.running}
        taken = self.schedule.take(self.now)
        assert (taken is None) == (not due)
        if taken:
            key, visit = taken
            assert (visit.at, visit.urgency) == due[key]
            assert visit.urgency == max(urgency for _, urgency in due.values())
            del self.wanted[key]
            self.running.add(key)

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
    def nothing_is_lost(self) -> None:
        assert self.schedule.depth == len(self.wanted)
        startable = [at for key, (at, _) in self.wanted.items() if key not in self.running]
        assert self.schedule.next_at() == min(startable, default=None)


ScheduleMachine.TestCase.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
TestSchedule = ScheduleMachine.TestCase


def test_many_wishes_during_a_run_become_one_visit_after_it() -> None:
    schedule: Schedule[str] = Schedule()
    schedule.add("prod/orders", START)
    assert schedule.take(START) is not None
    for _ in range(5):
        schedule.add("prod/orders", START)
    assert schedule.take(START) is None
    schedule.done("prod/orders")
    assert schedule.take(START) is not None
    assert schedule.depth == 0


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
