"""The life of a record as a fold over its events."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.live import LiveService, RolloutState
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import Plan
from reconciler.core.plan.read import read
from reconciler.core.record.consent import Approval, Rejection
from reconciler.core.record.model import Record, RejectedManifest
from reconciler.core.record.runs import Intent
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.advance import advance
from reconciler.core.status.events import (
    Accepted,
    Applied,
    Applying,
    Approved,
    Desired,
    Event,
    Failed,
    FoundInSync,
    Invalid,
    PassHeld,
    Planned,
    PruneConfirmed,
    ReconcileRequested,
    Rejected,
    Removed,
    Resumed,
    RolloutObserved,
    Suspended,
    Waiting,
)
from reconciler.core.vocabulary import ConditionType, Health, Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import IMAGE, NOW, PLATFORM, SERVICE, applied, base, fold, instance, new

TIMEOUT = timedelta(minutes=15)
RETENTION = change("aws_cloudwatch_log_group.this", ["update"], {"retention_in_days": 7}, {"retention_in_days": 30})


def plan(*changes: dict[str, object]) -> Plan:
    return read(document(*changes), Redactor(b"a key for tests"))


def live(
    state: RolloutState, *, image: str | None = IMAGE, definition: str = "td:1", message: str = ""
) -> RolloutObserved:
    return RolloutObserved(LiveService(image, image, state, definition, message, 2, 2), TIMEOUT)


def desired(record: Record, digest: str, commit: str = "c2") -> Desired:
    return Desired(digest, record.instance.source_digest, commit)


def intent(digest: str = "d2") -> Intent:
    return Intent("pass", digest, "p", False, NOW)


def test_a_service_is_ready_when_ecs_says_so_and_not_when_terraform_does() -> None:
    record = applied()
    assert (record.reason, record.health) == (Reason.PROGRESSING, Health.PROGRESSING)
    record = fold(record, live(RolloutState.IN_PROGRESS))
    assert record.reason == Reason.PROGRESSING
    record = fold(record, live(RolloutState.COMPLETED))
    assert (record.reason, record.health) == (Reason.APPLIED, Health.HEALTHY)
    assert record.conditions[ConditionType.READY].status


def test_a_platform_is_ready_once_applied() -> None:
    record = new(PLATFORM)
    record = fold(record, desired(record, "d1"), Applying(intent("d1"), base(record)), Applied({"platform": {}}, None))
    assert (record.reason, record.health, record.outputs) == (Reason.APPLIED, Health.HEALTHY, {"platform": {}})


def test_an_apply_without_an_end_leaves_no_applied_digest() -> None:
    record = applied(digest="d1")
    record = fold(record, desired(record, "d2"), Applying(intent(), base(record)))
    assert record.applied_digest is None
    assert fold(record, Failed(Reason.STATE_LOCKED, "it may still run")).intent is not None


def test_a_reported_failure_ends_the_apply_and_leaves_no_applied_digest() -> None:
    record = applied(digest="d1")
    record = fold(record, desired(record, "d2"), Applying(intent(), base(record)))
    record = fold(record, Failed(Reason.APPLY_FAILED, "no capacity", of_apply=True))
    assert (record.applied_digest, record.intent) == (None, None)


def test_an_interrupted_plan_does_not_end_the_apply_before_it() -> None:
    """Interrupt the recovery of an apply in which the daemon died: the instance must still be recovered."""
    record = applied(digest="d1")
    record = fold(record, desired(record, "d2"), Applying(intent(), base(record)))
    for reason in (Reason.INTERRUPTED, Reason.STATE_CONFLICT):
        assert fold(record, Failed(reason, "stopped with the daemon")).intent is not None


def test_a_revert_after_a_failed_apply_is_planned_again() -> None:
    """Apply D1, fail half-way in D2 and return to D1: the digest of D1 is no longer the applied one."""
    record = applied(digest="d1")
    record = fold(record, desired(record, "d2"), Applying(intent(), base(record)))
    record = fold(record, Failed(Reason.APPLY_FAILED, "x", of_apply=True))
    record = fold(record, desired(record, "d1", "c3"))
    assert record.desired_digest == "d1" != record.applied_digest
    assert record.failures is None


def test_an_empty_plan_settles_and_ends_an_intent() -> None:
    record = applied(digest="d1")
    record = fold(record, desired(record, "d2"), Applying(intent(), base(record)))
    record = fold(record, Planned(plan(), DriftFinding(Sync.IN_SYNC, None, ())), FoundInSync(base(record), {}))
    assert (record.applied_digest, record.intent, record.applied_commit) == ("d2", None, "c2")


def test_an_invalid_manifest_keeps_the_last_valid_one_and_says_so() -> None:
    good = fold(applied(), live(RolloutState.COMPLETED))
    record = fold(good, Invalid("services/orders.yaml:9:3: no"))
    assert record.instance == good.instance
    assert record.conditions[ConditionType.READY].status
    assert record.conditions[ConditionType.STALLED].reason == Reason.INVALID_MANIFEST
    assert ConditionType.STALLED not in fold(record, Accepted(good.instance, "c3")).conditions


def test_only_an_accepted_manifest_ends_a_rejection() -> None:
    """Stall by something else, and apply: both took the place of the rejection, which then was forgotten."""
    record = fold(applied(), Invalid("no"), Waiting(Reason.POLICY_DENIED, "denied"))
    assert record.conditions[ConditionType.STALLED].reason == Reason.POLICY_DENIED
    for event in (Waiting(Reason.FROZEN, "frozen"), Applied({}, IMAGE), FoundInSync(base(record), {})):
        assert fold(record, event).conditions[ConditionType.STALLED].reason == Reason.INVALID_MANIFEST
    later = fold(record, Invalid("still no"), now=NOW + timedelta(hours=1))
    assert later.rejected == RejectedManifest("still no", NOW)
    assert fold(later, Accepted(instance(), "c3")).rejected is None


def test_a_manifest_that_comes_back_lifts_its_tombstone() -> None:
    record = fold(applied(), Removed("too many"), PruneConfirmed())
    assert record.removed == NOW
    record = fold(record, Accepted(instance(), "c3"))
    assert (record.removed, record.prune_guard, record.prune_confirmed) == (None, None, False)


def test_retries_end_in_stalled_and_a_new_digest_or_a_request_starts_over() -> None:
    record = new()
    record = fold(record, desired(record, "d1"), *[Failed(Reason.PLAN_FAILED, "no")] * 3)
    assert record.conditions[ConditionType.STALLED].reason == Reason.RETRIES_EXHAUSTED
    assert ConditionType.STALLED not in fold(record, desired(record, "d2")).conditions
    assert ConditionType.STALLED not in fold(record, ReconcileRequested()).conditions


def test_a_state_lock_counts_as_no_failure() -> None:
    record = fold(applied(), Failed(Reason.STATE_LOCKED, "held by another run"))
    assert (record.reason, record.failures) == (Reason.STATE_LOCKED, None)


def test_any_real_change_of_the_plan_voids_its_approval() -> None:
    one, other = plan(RETENTION), plan(change("aws_vpc.this", ["create"], None, {}))
    waiting = fold(applied(), Planned(one, DriftFinding(Sync.PENDING, None, ())), Waiting(Reason.AWAITING_APPROVAL, ""))
    record = fold(waiting, Approved(Approval(one.digest, "ann", NOW)))
    assert fold(record, Planned(one, DriftFinding(Sync.PENDING, None, ()))).approval is not None
    assert fold(record, Planned(other, DriftFinding(Sync.PENDING, None, ()))).approval is None


def test_a_rollback_stays_degraded_until_something_new_is_rolled_out() -> None:
    rolled_back = fold(applied(), live(RolloutState.ROLLED_BACK, definition="td:0", message="circuit breaker"))
    assert (rolled_back.reason, rolled_back.health) == (Reason.ROLLED_BACK, Health.DEGRADED)
    later = fold(rolled_back, live(RolloutState.COMPLETED, definition="td:0"))
    assert later.reason == Reason.ROLLED_BACK
    fresh = fold(later, desired(later, "d2"), Applying(intent(), base(later)))
    fresh = fold(
        fresh, Applied({"task_definition_arn": "td:2"}, IMAGE), live(RolloutState.COMPLETED, definition="td:2")
    )
    assert (fresh.reason, fresh.health) == (Reason.APPLIED, Health.HEALTHY)


def test_a_rollout_that_never_ends_times_out() -> None:
    record = fold(applied(at=NOW - timedelta(hours=1)), live(RolloutState.IN_PROGRESS))
    assert record.reason == Reason.ROLLOUT_TIMEOUT


def test_a_service_without_an_image_waits_for_its_first() -> None:
    record = applied()
    placeholder = fold(record, Applying(intent("d1"), base(record)), Applied({"task_definition_arn": "td:1"}, None))
    assert (placeholder.reason, placeholder.health) == (Reason.AWAITING_FIRST_IMAGE, Health.UNKNOWN)
    assert fold(placeholder, live(RolloutState.COMPLETED, image=None)).reason == Reason.AWAITING_FIRST_IMAGE


def test_a_service_is_not_ready_from_the_moment_that_git_asks_for_another_one() -> None:
    running = fold(applied(), live(RolloutState.COMPLETED))
    changed = fold(running, Accepted(instance(SERVICE.replace("3f9c2d1", "4f9c2d1")), "c2"))
    assert (changed.conditions[ConditionType.READY].status, changed.reason) == (False, Reason.PROGRESSING)
    for unchanged in (instance(), instance(tree_id="sha256:2")):
        assert fold(running, Accepted(unchanged, "c2")).conditions == running.conditions


def test_a_dependency_that_progresses_does_not_make_a_running_service_unready() -> None:
    running = fold(applied(), live(RolloutState.COMPLETED))
    assert fold(running, PassHeld(Reason.DEPENDENCY_NOT_READY, "platform is being applied")) == running


EVENTS = st.sampled_from(
    [
        Accepted(instance(), "c2"),
        Accepted(instance(SERVICE.replace("512", "1024")), "c3"),
        Invalid("a.yaml:1:1: no"),
        Removed(None),
        PassHeld(Reason.SUSPENDED, ""),
        PassHeld(Reason.DEPENDENCY_NOT_READY, ""),
        Desired("d1", "s1", "c1"),
        Desired("d2", "s2", "c2"),
        Planned(plan(), DriftFinding(Sync.IN_SYNC, None, ())),
        Planned(plan(RETENTION), DriftFinding(Sync.DRIFTED, Reason.OUT_OF_BAND_CHANGE, plan(RETENTION).changes)),
        FoundInSync(base(new()), {}),
        Waiting(Reason.AWAITING_APPROVAL, ""),
        Applying(intent(), base(new())),
        Applied({}, IMAGE),
        Applied({}, None),
        Failed(Reason.PLAN_FAILED, "x"),
        Failed(Reason.STATE_LOCKED, "x"),
        *(live(state) for state in RolloutState),
        ReconcileRequested(),
        Suspended(),
        Resumed(),
        Rejected(Rejection("p", "ann", NOW)),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(EVENTS, max_size=40))
def test_laws_of_every_life(events: list[Event]) -> None:
    record, now = new(), NOW
    for event in events:
        before = record
        now += timedelta(seconds=1)
        record = advance(record, event, now=now, retry_limit=3)
        assert all(kind == condition.type for kind, condition in record.conditions.items())
        assert all(record.conditions[kind].status for kind in ABNORMAL if kind in record.conditions)
        for kind, condition in record.conditions.items():
            old = before.conditions.get(kind)
            same = old is not None and (old.status, old.reason) == (condition.status, condition.reason)
            assert condition.since == (old.since if old and same else now)
        if isinstance(event, Applying):
            assert record.applied_digest is None
            assert record.base is not None
        if isinstance(event, Applied | FoundInSync):
            assert record.applied_digest == record.desired_digest
            assert record.intent is None
        if record.applied_digest != before.applied_digest:
            assert isinstance(event, Applying | Applied | FoundInSync)
        assert advance(record, event, now=now, retry_limit=10**6).instance == record.instance


ABNORMAL = (ConditionType.DRIFTED, ConditionType.RECONCILING, ConditionType.STALLED)
