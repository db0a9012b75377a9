"""The cost of an account's drift checks: within any hour no more than its budget, and nothing else waits."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.live import LiveService, RolloutState
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.read import read
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.schedule.budget import Budget, expected_calls, is_drift_check
from reconciler.core.status.events import (
    Accepted,
    Desired,
    Event,
    Failed,
    FoundInSync,
    PassHeld,
    Planned,
    ReconcileRequested,
    Removed,
    RolloutObserved,
    TreeHeldBack,
    Waiting,
)
from reconciler.core.status.promotion import with_tree
from reconciler.core.vocabulary import Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import IMAGE, NOW, SERVICE, applied, base, fold, instance

HOUR = timedelta(hours=1)
HEALTHY = LiveService(IMAGE, IMAGE, RolloutState.COMPLETED, "td:1", running=2, desired=2)
MOVED = read(document(change("aws_vpc.this", ["update"], {"a": 1}, {"a": 2}), existing=5), Redactor(b"a key for tests"))


@given(st.integers(100, 5000), st.lists(st.integers(0, 300), min_size=1, max_size=60))
def test_within_any_hour_looks_cost_no_more_than_the_budget_and_the_last_of_them(budget: int, sizes: list[int]) -> None:
    account, now = Budget(budget), NOW
    looks = []
    for size in sizes:
        calls = expected_calls(size)
        now = max(now, account.opens("a") or now)
        account.spend("a", calls, now)
        looks.append((now, calls))
    assert account.opens("b") is None, "each account has a budget of its own"
    for index, (end, calls) in enumerate(looks):
        within = sum(cost for at, cost in looks[:index] if end - at < HOUR)
        assert within <= budget, (within, calls)


def settled(*events: Event) -> Record:
    """A healthy service whose next look is nothing but a drift check."""
    record = applied()
    return fold(record, FoundInSync(base(record), {}), RolloutObserved(HEALTHY, HOUR), *events)


def test_a_pass_that_only_time_calls_for_is_a_look() -> None:
    assert is_drift_check(settled(), NOW + HOUR)
    reported = (Planned(MOVED, DriftFinding(Sync.DRIFTED, Reason.OUT_OF_BAND_CHANGE, MOVED.changes)),) * 2
    seen = fold(settled(reported[0]), reported[1], Waiting(Reason.OBSERVED, ""), now=NOW + timedelta(minutes=1))
    assert is_drift_check(seen, NOW + HOUR), "drift that is only reported is looked at like everything else"


def test_whatever_somebody_waits_for_is_none() -> None:
    first_look = Planned(MOVED, DriftFinding(Sync.DRIFTED, Reason.OUT_OF_BAND_CHANGE, MOVED.changes))
    awaited: list[Event] = [
        Desired("d2", "s", "c2"),
        ReconcileRequested(),
        Failed(Reason.PLAN_FAILED, ""),
        Failed(Reason.STATE_LOCKED, ""),
        PassHeld(Reason.SUSPENDED, ""),
        Removed(None),
        first_look,
    ]
    assert [event for event in awaited if is_drift_check(settled(event), NOW + HOUR)] == []
    assert not is_drift_check(applied(), NOW + HOUR), "its rollout is watched"


def test_who_is_kept_on_an_older_tree_is_looked_at_like_everybody() -> None:
    newer = with_tree(settled().instance, "sha256:2")
    assert is_drift_check(settled(Accepted(newer, "c2"), TreeHeldBack("others go first")), NOW + HOUR)
    grown = with_tree(instance(SERVICE.replace("512", "1024")), "sha256:2")
    assert not is_drift_check(settled(Accepted(grown, "c2"), TreeHeldBack("others go first")), NOW + HOUR), (
        "Git changed more of it"
    )


def test_a_pass_without_terraform_costs_nothing() -> None:
    looked = settled(Planned(read(document(), Redactor(b"k")), DriftFinding(Sync.IN_SYNC, None, ())))
    assert not is_drift_check(looked, NOW + timedelta(minutes=1))
    assert is_drift_check(looked, NOW + timedelta(minutes=30))


def test_a_look_costs_by_the_resources_that_its_last_plan_knew() -> None:
    made = read(document(change("aws_vpc.this", ["create"], None, {}), existing=21), Redactor(b"k"))
    record = settled(Planned(made, DriftFinding(Sync.PENDING, None, ())))
    assert record.resources == 22
    assert expected_calls(record.resources) == 54
