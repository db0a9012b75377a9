"""Drift checks within their account's budget: spread, in turn, never in the way of anything else."""

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
from tests.engine.stage import HEALTHY, FakeEngine

HOUR = timedelta(hours=1)
ACCOUNT = DEVELOP.account


def healthy(name: str, resources: int) -> Record:
    record = applied()
    record = fold(record, FoundInSync(base(record), {}), RolloutObserved(HEALTHY, HOUR))
    return record.replace(
        instance=dataclasses.replace(record.instance, key=Key("develop", name)),
        resources=resources,
        checked_at=NOW - HOUR,
    )


class Fleet:
    """Services of one account, and a schedule that is paced by their budget."""

    def __init__(self, sizes: list[int], budget: int) -> None:
        stage = FakeEngine()
        stage.world.limits = Limits(calls_per_hour=budget)
        self.keys = [Key("develop", f"s{number}") for number in range(len(sizes))]
        for key, size in zip(self.keys, sizes, strict=True):
            stage.has(healthy(key.name, size))
        self.records = stage.world.records
        self.looks = DriftChecks(stage.world)
        self.schedule: Schedule[Key] = Schedule(pacing=self.looks)
        self.now = NOW
        self.started: list[tuple[Key, datetime]] = []

    def take(self) -> tuple[Key, Visit] | None:
        taken = self.schedule.take(self.now)
        if taken:
            self.started.append((taken[0], self.now))
            self.schedule.done(taken[0])
        return taken

    def run_until(self, end: datetime) -> None:
        """Workers that are always free, and a clock that jumps to what is next."""
        while (at := self.schedule.next_at()) and at <= end:
            self.now = max(self.now, at)
            assert self.take()

    def late(self) -> timedelta:
        return self.looks.behind(self.schedule.deferred(self.now), self.now)[ACCOUNT]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=25), st.integers(200, 3000), st.integers(1, 5))
def test_checks_are_spread_over_the_hour_and_all_of_them_come_in_turn(
    sizes: list[int], budget: int, rounds: int
) -> None:
    fleet = Fleet(sizes, budget)
    for _ in range(rounds):
        for key in fleet.keys:
            fleet.schedule.add(key, fleet.now)
        fleet.run_until(fleet.now + timedelta(days=30))
    assert sorted(key for key, _ in fleet.started) == sorted(fleet.keys * rounds), "nobody is forgotten"
    costs = [(at, expected_calls(fleet.records[key].resources)) for key, at in fleet.started]
    for index, (end, _) in enumerate(costs):
        assert sum(cost for at, cost in costs[:index] if end - at < HOUR) <= budget


def test_a_change_and_a_request_never_wait_for_the_budget() -> None:
    fleet = Fleet([40, 40], budget=100)
    for key in fleet.keys:
        fleet.schedule.add(key, fleet.now)
    assert fleet.take()
    assert fleet.take() is None
    fleet.schedule.add(fleet.keys[1], fleet.now, urgency=2, trigger="git")
    assert fleet.take()
    fleet.schedule.add(fleet.keys[0], fleet.now, urgency=3, trigger="request")
    assert fleet.take()


def test_how_far_behind_the_checks_are_is_known() -> None:
    fleet = Fleet([45, 45], budget=100)
    assert fleet.late() == timedelta(0)
    for key in fleet.keys:
        fleet.schedule.add(key, fleet.now)
    assert fleet.take()
    fleet.now += timedelta(minutes=20)
    assert fleet.late() == timedelta(minutes=20)
    fleet.run_until(NOW + 2 * HOUR)
    assert fleet.started[1][1] == NOW + HOUR, "a look at 45 resources takes 100 calls, an hour's budget"
    assert fleet.late() == timedelta(0)


def test_500_services_of_one_account_are_looked_at_twice_an_hour_within_the_default() -> None:
    fleet = Fleet([22] * 500, budget=Limits().calls_per_hour)
    for key in fleet.keys:
        fleet.schedule.add(key, fleet.now)
    fleet.run_until(NOW + timedelta(minutes=30))
    assert len(fleet.started) == 500
