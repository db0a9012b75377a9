"""Drift checks within the budget of their account: spread, in turn, and never ahead of changes or requests."""

import dataclasses
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from desired_state.instance import Key
from reconciler.core.record.model import Record
from reconciler.core.schedule.budget import expected_calls
from reconciler.core.schedule.visits import Schedule, Visit
from reconciler.core.status.events import FoundInSync, RolloutObserved
from reconciler.engine.pacing import DriftChecks
from reconciler.engine.world import Limits
from tests.core.instances import DEVELOP, NOW, applied, base, fold
from tests.engine.fakes.aws import HEALTHY
from tests.engine.fakes.world import fake_world

HOUR = timedelta(hours=1)
ACCOUNT = DEVELOP.account


def healthy(name: str, resources: int) -> Record:
    """Return the record of a healthy service with so many resources, last checked an hour ago."""
    record = applied()
    record = fold(record, FoundInSync(base(record), {}), RolloutObserved(HEALTHY, HOUR))
    return record.replace(
        instance=dataclasses.replace(record.instance, key=Key("develop", name)),
        resources=resources,
        checked_at=NOW - HOUR,
    )


class Fleet:
    """Services of one account, and a schedule within the budget of `budget` calls per hour."""

    def __init__(self, sizes: list[int], budget: int) -> None:
        records = [healthy(f"s{number}", size) for number, size in enumerate(sizes)]
        world = fake_world(*records, limits=Limits(calls_per_hour=budget))
        self.keys = [record.key for record in records]
        self.records = world.records
        self.checks = DriftChecks(world)
        self.schedule: Schedule[Key] = Schedule(pacing=self.checks)
        self.now = NOW
        self.started: list[tuple[Key, datetime]] = []

    def take(self) -> tuple[Key, Visit] | None:
        """Start and finish the visit that is due; None when the budget or the clock allows none."""
        taken = self.schedule.take(self.now)
        if taken:
            self.started.append((taken[0], self.now))
            self.schedule.done(taken[0])
        return taken

    def run_until(self, end: datetime) -> None:
        """Start every visit up to that time; the clock jumps from one to the next."""
        while (at := self.schedule.next_at()) and at <= end:
            self.now = max(self.now, at)
            assert self.take()

    def lateness(self) -> timedelta:
        """Return how late the longest deferred check is."""
        return self.checks.behind(self.schedule.deferred(self.now), self.now)[ACCOUNT]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=25), st.integers(200, 3000), st.integers(1, 5))
def test_checks_stay_within_the_budget_of_each_hour_and_none_is_left_out(
    sizes: list[int], budget: int, rounds: int
) -> None:
    fleet = Fleet(sizes, budget)
    for _ in range(rounds):
        for key in fleet.keys:
            fleet.schedule.add(key, fleet.now)
        fleet.run_until(fleet.now + timedelta(days=30))
    assert sorted(key for key, _ in fleet.started) == sorted(fleet.keys * rounds), (
        "each instance has its turn in each round"
    )
    costs = [(at, expected_calls(fleet.records[key].resources)) for key, at in fleet.started]
    for index, (end, _) in enumerate(costs):
        assert sum(cost for at, cost in costs[:index] if end - at < HOUR) <= budget


def test_changes_and_requests_do_not_wait_for_the_budget() -> None:
    fleet = Fleet([40, 40], budget=100)
    for key in fleet.keys:
        fleet.schedule.add(key, fleet.now)
    assert fleet.take()
    assert fleet.take() is None
    fleet.schedule.add(fleet.keys[1], fleet.now, urgency=2, trigger="git")
    assert fleet.take()
    fleet.schedule.add(fleet.keys[0], fleet.now, urgency=3, trigger="request")
    assert fleet.take()


def test_the_lateness_of_deferred_checks_is_reported() -> None:
    fleet = Fleet([45, 45], budget=100)
    assert fleet.lateness() == timedelta(0)
    for key in fleet.keys:
        fleet.schedule.add(key, fleet.now)
    assert fleet.take()
    fleet.now += timedelta(minutes=20)
    assert fleet.lateness() == timedelta(minutes=20)
    fleet.run_until(NOW + 2 * HOUR)
    assert fleet.started[1][1] == NOW + HOUR, "a check of 45 resources takes 100 calls, an hour's budget"
    assert fleet.lateness() == timedelta(0)


def test_500_services_of_one_account_are_checked_twice_an_hour_within_the_default_budget() -> None:
    fleet = Fleet([22] * 500, budget=Limits().calls_per_hour)
    for key in fleet.keys:
        fleet.schedule.add(key, fleet.now)
    fleet.run_until(NOW + timedelta(minutes=30))
    assert len(fleet.started) == 500


def test_after_the_clock_was_set_a_drift_check_waits_as_long_as_before() -> None:
    world = fake_world(healthy("one", 10), healthy("two", 10), limits=Limits(calls_per_hour=expected_calls(10)))
    looks = DriftChecks(world)
    one, two = Key("develop", "one"), Key("develop", "two")
    check = Visit(NOW, 0, 1, "interval")
    assert looks.not_before(one, check) is None
    looks.started(one, check, NOW)
    assert looks.not_before(two, check) == NOW + HOUR
    looks.shift(-timedelta(days=1))
    earlier = dataclasses.replace(check, at=NOW - timedelta(days=1))
    assert looks.not_before(two, earlier) == NOW + HOUR - timedelta(days=1)
    assert looks.not_before(two, dataclasses.replace(earlier, urgency=1)) is None
    assert looks.not_before(two, dataclasses.replace(check, at=NOW + HOUR)) is None


def test_an_environment_that_is_not_configured_has_no_budget() -> None:
    looks = DriftChecks(fake_world())
    gone, check = Key("gone", "one"), Visit(NOW - HOUR, 0, 1, "interval")
    looks.started(gone, check, NOW)
    assert looks.not_before(gone, check) is None
    assert looks.behind([(gone, check)], NOW) == {ACCOUNT: timedelta(0)}
    assert looks.behind([(Key("develop", "one"), check)], NOW) == {ACCOUNT: HOUR}
