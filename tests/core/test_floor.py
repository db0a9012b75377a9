"""The floor of an environment: for every setting the stricter of floor and manifest is in force, and it is shown."""

import dataclasses
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.kinds.policy import Ignore, Policy, Window
from reconciler.core.decide.gate import Hold, Proceed, gate
from reconciler.core.decide.verdict import AwaitApproval, Report, verdict
from reconciler.core.floor import NO_FLOOR, PROD_FLOOR, Floor
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.read import read
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.schedule.next_visit import Pace, is_fresh, next_visit
from reconciler.core.views.floor import overruled
from reconciler.core.vocabulary import Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, IMAGE, NOW, SERVICE, applied, instance, with_policy

PLAN = read(document(change("aws_ecs_service.this", ["update"], {"x": 1}, {"x": 2})), Redactor(b"a key for tests"))
PENDING = DriftFinding(Sync.PENDING, None, ())
MODES = st.sampled_from(["auto", "approve", "observe"])
SPANS = st.sampled_from([timedelta(minutes=5), timedelta(hours=1), timedelta(days=7)])
OPEN, CLOSED = (
    Window.model_validate({"days": ("mon",), "from": begin, "to": end, "timezone": "UTC"})
    for begin, end in (("08:00", "10:00"), ("22:00", "23:00"))
)
WINDOWS = st.sampled_from([(), (OPEN,), (CLOSED,), (OPEN, CLOSED)])
ENDS = st.sampled_from([date(2026, 3, 1), date(2026, 4, 1), date(2099, 1, 1)])
POLICIES = st.builds(
    Policy,
    mode=MODES,
    interval=SPANS,
    suspend=st.booleans(),
    windows=WINDOWS,
    ignore=st.tuples(st.builds(Ignore, address=st.just("a.b"), path=st.just("c"), owner=st.just("ann"), until=ENDS)),
)
FLOORS = st.builds(
    Floor,
    mode=MODES,
    observe=st.booleans(),
    suspend=st.booleans(),
    interval=st.none() | SPANS,
    ignore=st.none() | SPANS,
    windows=WINDOWS,
)
STRICTNESS = ["auto", "approve", "observe"]


@given(POLICIES, FLOORS)
def test_a_manifest_can_only_be_stricter(declared: Policy, floor: Floor) -> None:
    mode = floor.effective_mode(declared.mode).mode
    allowed = "approve" if declared.mode == "observe" and not floor.observe else declared.mode
    assert STRICTNESS.index(mode) == max(STRICTNESS.index(floor.mode), STRICTNESS.index(allowed))
    assert floor.suspends(declared) == (declared.suspend and floor.suspend)
    assert floor.interval_of(declared) == min(declared.interval, floor.interval or declared.interval)
    may = [all(one != (CLOSED,) for one in (floor.windows, declared.windows))]
    assert [floor.is_open(declared, NOW)] == may
    limit = (NOW + floor.ignore).date() if floor.ignore else date.max
    assert [rule.until <= limit for rule in declared.ignore] == [
        rule in floor.ignored(declared, NOW) for rule in declared.ignore
    ]


@given(POLICIES, FLOORS)
def test_what_the_floor_decides_is_shown_and_nothing_else(declared: Policy, floor: Floor) -> None:
    shown = {one["setting"]: (one["effective"], one["manifest"]) for one in overruled(declared, floor, NOW)}
    assert overruled(declared, NO_FLOOR, NOW) == []
    assert ("mode" in shown) == (floor.effective_mode(declared.mode).mode != declared.mode)
    assert ("interval" in shown) == (floor.interval_of(declared) < declared.interval)
    assert ("suspend" in shown) == (declared.suspend and not floor.suspend)
    assert ("ignore" in shown) == (len(floor.ignored(declared, NOW)) < len(declared.ignore))
    assert ("windows" in shown) == (floor.windows not in {(), declared.windows})


def test_an_author_cannot_leave_production_alone() -> None:
    loose = (
        "{mode: observe, suspend: true, interval: 7d, ignore: [{address: a.b, path: c, owner: ann, until: 2099-01-01}]}"
    )
    text = with_policy(SERVICE, loose)
    record = applied(text).replace(instance=instance(text, needs=()))
    prod = dataclasses.replace(DEVELOP, tier="prod", floor=PROD_FLOOR)
    assert isinstance(gate(record, {}, DEVELOP), Hold)
    assert gate(record, {}, prod) == Proceed(), "a manifest that is suspended there is reconciled all the same"
    assert isinstance(verdict(PLAN, PENDING, record, DEVELOP, image=IMAGE, now=NOW), Report)
    assert isinstance(verdict(PLAN, PENDING, record, prod, image=IMAGE, now=NOW), AwaitApproval)
    assert PROD_FLOOR.ignored(record.instance.policy, NOW) == []
    checked = record.replace(checked_at=NOW - timedelta(hours=2))
    assert is_fresh(checked, "d1", now=NOW)
    assert not is_fresh(checked, "d1", now=NOW, floor=PROD_FLOOR)
    waits = record.replace(conditions={})

    class NoJitter:
        def uniform(self, a: float, b: float) -> float:
            return b

    assert next_visit(waits, Pace(), now=NOW, rng=NoJitter()) == NOW + timedelta(days=7)
    assert next_visit(waits, Pace(), now=NOW, rng=NoJitter(), floor=PROD_FLOOR) == NOW + timedelta(hours=1)
    assert [one["setting"] for one in overruled(record.instance.policy, PROD_FLOOR, NOW)] == [
        "mode",
        "suspend",
        "interval",
        "ignore",
    ]


@pytest.mark.parametrize("policy", ["{}", '{windows: [{days: [mon], from: "08:00", to: "10:00", timezone: UTC}]}'])
def test_a_change_waits_for_the_windows_of_the_floor(policy: str) -> None:
    closed = dataclasses.replace(DEVELOP, floor=Floor(windows=(CLOSED,)))
    found = verdict(PLAN, PENDING, applied(with_policy(SERVICE, policy)), closed, image=IMAGE, now=NOW)
    assert isinstance(found, Report)
    assert found.reason == Reason.OUTSIDE_WINDOW
