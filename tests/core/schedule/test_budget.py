"""The budget of an account: drift checks within it in any hour, and no other pass waits for it."""

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
def test_drift_checks_stay_within_the_budget_in_any_hour(budget: int, sizes: list[int]) -> None:
    account, now = Budget(budget), NOW
    checks = []
    for size in sizes:
        calls = expected_calls(size)
        now = max(now, account.opens("a") or now)
        account.spend("a", calls, now)
        checks.append((now, calls))
    assert account.opens("b") is None, "each account has a budget of its own"
    for index, (end, calls) in enumerate(checks):
        within = sum(cost for at, cost in checks[:index] if end - at < HOUR)
        assert within <= budget, (within, calls)


def idle(*events: Event) -> Record:
    """Return a healthy service whose next pass is only a drift check."""
    record = applied()
    return fold(record, FoundInSync(base(record), {}), RolloutObserved(HEALTHY, HOUR), *events)


def test_a_pass_at_the_interval_is_a_drift_check() -> None:
    assert is_drift_check(idle(), NOW + HOUR)
    reported = (Planned(MOVED, DriftFinding(Sync.DRIFTED, Reason.OUT_OF_BAND_CHANGE, MOVED.changes)),) * 2
    seen = fold(idle(reported[0]), reported[1], Waiting(Reason.OBSERVED, ""), now=NOW + timedelta(minutes=1))
    assert is_drift_check(seen, NOW + HOUR), "drift that is only reported is checked at the interval"


def test_a_pass_for_a_change_a_request_or_a_retry_is_no_drift_check() -> None:
    first_finding = Planned(MOVED, DriftFinding(Sync.DRIFTED, Reason.OUT_OF_BAND_CHANGE, MOVED.changes))
    awaited: list[Event] = [
        Desired("d2", "s", "c2"),
        ReconcileRequested(),
        Failed(Reason.PLAN_FAILED, ""),
        Failed(Reason.STATE_LOCKED, ""),
        PassHeld(Reason.SUSPENDED, ""),
        Removed(None),
        first_finding,
    ]
    assert [event for event in awaited if is_drift_check(idle(event), NOW + HOUR)] == []
    assert not is_drift_check(applied(), NOW + HOUR), "its rollout is watched"


def test_an_instance_that_is_held_on_an_older_tree_has_drift_checks() -> None:
    newer = with_tree(idle().instance, "sha256:2")
    assert is_drift_check(idle(Accepted(newer, "c2"), TreeHeldBack("others go first")), NOW + HOUR)
    grown = with_tree(instance(SERVICE.replace("512", "1024")), "sha256:2")
    assert not is_drift_check(idle(Accepted(grown, "c2"), TreeHeldBack("others go first")), NOW + HOUR), (
        "Git changed the manifest too"
    )


def test_a_pass_without_terraform_costs_nothing() -> None:
    checked = idle(Planned(read(document(), Redactor(b"k")), DriftFinding(Sync.IN_SYNC, None, ())))
    assert not is_drift_check(checked, NOW + timedelta(minutes=1))
    assert is_drift_check(checked, NOW + timedelta(minutes=30))


def test_a_drift_check_costs_by_the_resources_of_the_last_plan() -> None:
    made = read(document(change("aws_vpc.this", ["create"], None, {}), existing=21), Redactor(b"k"))
    record = idle(Planned(made, DriftFinding(Sync.PENDING, None, ())))
    assert record.resources == 22
    assert expected_calls(record.resources) == 54
