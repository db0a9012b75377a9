"""Notices of one instance: drift, approvals, failures, rollouts, removals."""

from datetime import timedelta
from typing import Literal

import pytest

from reconciler.core.live import LiveService, RolloutState
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import Plan
from reconciler.core.plan.read import read
from reconciler.core.plan.summary import ResourceSummary
from reconciler.core.record.consent import Approval
from reconciler.core.record.model import Drift, Record
from reconciler.core.record.runs import Intent
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import (
    Accepted,
    Applied,
    Applying,
    Approved,
    Desired,
    Failed,
    FoundInSync,
    PassHeld,
    Planned,
    PruneConfirmed,
    Removed,
    RolloutObserved,
    Waiting,
)
from reconciler.core.vocabulary import Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import IMAGE, NOW, PLATFORM, applied, base, fold, instance
from tests.core.notify.notice_log import NoticeLog, acts, texts

GROUP = change("aws_vpc.this", ["create"], None, {"cidr_block": "10.0.0.0/16"})
GONE = change('module.api["a<b"].aws_iam_role.this', ["delete"], {"name": "x"}, None)
RETENTION = change("aws_cloudwatch_log_group.this", ["update"], {"retention_in_days": 7}, {"retention_in_days": 30})


def plan(*changes: dict[str, object]) -> Plan:
    return read(document(*changes), Redactor(b"a key for tests"))


def planned(*changes: dict[str, object]) -> Planned:
    return Planned(plan(*changes), DriftFinding(Sync.PENDING if changes else Sync.IN_SYNC, None, ()))


def live(state: RolloutState, definition: str = "td:1") -> RolloutObserved:
    return RolloutObserved(LiveService(IMAGE, IMAGE, state, definition, "m", 2, 2), timedelta(minutes=15))


def running() -> Record:
    """Return a service that runs as Git asks for it."""
    return fold(applied(), live(RolloutState.COMPLETED))


def drifted(
    record: Record, *resources: ResourceSummary, confirmed: bool = True, response: Literal["heal", "report"] = "heal"
) -> Record:
    found = resources or (ResourceSummary("aws_security_group.this", ("update",), {"ingress": ([], ["0.0.0.0/0"])}),)
    return record.replace(drift=Drift(Reason.OUT_OF_BAND_CHANGE, found, NOW, response, NOW if confirmed else None))


def awaiting(log: NoticeLog, *changes: dict[str, object]) -> str:
    """Run a pass whose plan waits for approval. Returns the text of its notices."""
    notices = log.run_pass(planned(*changes), Waiting(Reason.AWAITING_APPROVAL, "2 to create; approve"))
    return texts(notices)


# Drift


def test_drift_is_notified_once_confirmed_with_names_and_without_values() -> None:
    log = NoticeLog(running())
    assert log.change_to(drifted(log.record, confirmed=False)) == ()
    (notice,) = log.change_to(drifted(log.record))
    assert notice.head.splitlines() == [
        ":red_circle: *develop/orders* drifted (OutOfBandChange): 1 resource",
        "• `aws_security_group.this` changed: `ingress`",
        "It is being repaired: the state in Git is applied again. See `reconciler drift develop/orders`",
    ]


def test_deleted_and_added_resources_are_named_as_such() -> None:
    log = NoticeLog(running())
    gone = ResourceSummary("aws_iam_role.task", ("delete",), {})
    more = ResourceSummary("aws_iam_role_policy.x", ("create",), {"policy": (None, "{}")})
    (notice,) = log.change_to(drifted(log.record, gone, more))
    assert "• `aws_iam_role.task` was deleted\n• `aws_iam_role_policy.x` was added\n" in notice.head


def test_growing_drift_is_an_update_in_its_thread() -> None:
    log = NoticeLog(drifted(running()))
    log.end_pass()
    (notice,) = log.change_to(drifted(log.record, ResourceSummary("aws_vpc.this", ("update",), {"tags.a": (1, 2)})))
    assert acts([notice]) == ["update drift"]
    assert notice.text.startswith("Now: *develop/orders* drifted")
    assert "`tags.a`" in notice.head


def test_repaired_drift_closes_its_thread() -> None:
    log = NoticeLog(drifted(running()))
    log.end_pass()
    intent = Intent("pass", "d1", "p2", False, NOW)
    healing = fold(log.record, Applying(intent, base(log.record)), Applied({}, IMAGE), now=NOW + timedelta(minutes=3))
    log.now += timedelta(minutes=3)
    (notice,) = log.change_to(healing.replace(drift=None))
    assert notice.text == "Resolved after 3m: repaired: the state in Git was applied again"
    assert notice.head.startswith(":white_check_mark: *develop/orders* drifted (OutOfBandChange): 1 resource\nResolved")


def test_drift_that_was_reverted_by_hand_is_resolved_without_an_apply() -> None:
    log = NoticeLog(drifted(running()))
    log.end_pass()
    (notice,) = log.change_to(log.record.replace(drift=None))
    assert notice.text.endswith("resolved without an apply")


def test_drift_that_git_adopts_is_accepted() -> None:
    log = NoticeLog(drifted(running()))
    log.end_pass()
    log.change_to(fold(log.record, Desired("d2", "another manifest", "0123456789abcdef")))
    (notice,) = log.change_to(fold(log.record, planned()).replace(drift=None))
    assert notice.text.endswith("accepted in Git (commit 0123456789ab)")


# Approval


def test_a_plan_that_waits_is_notified_with_counts_addresses_and_the_command() -> None:
    log = NoticeLog(running())
    assert awaiting(log, GROUP, GONE, RETENTION).splitlines() == [
        ":large_blue_circle: *develop/orders* waits for approval: 1 to create, 1 to update, 1 to destroy",
        "• create `aws_vpc.this`",
        '• destroy `module.api["a&lt;b"].aws_iam_role.this`',
        "• update `aws_cloudwatch_log_group.this`",
        "See `reconciler diff develop/orders`; agree with `reconciler approve develop/orders`",
    ]


def test_the_same_plan_in_the_next_pass_is_not_notified_again() -> None:
    log = NoticeLog(running())
    awaiting(log, GROUP)
    log.now += timedelta(minutes=30)
    assert log.run_pass(planned(GROUP), Waiting(Reason.AWAITING_APPROVAL, "2 to create; approve")) == []


def test_an_approval_closes_the_thread_with_the_approver() -> None:
    log = NoticeLog(running())
    awaiting(log, GROUP)
    notices = log.run_pass(Approved(Approval(plan(GROUP).digest, "ann <@U1>", NOW)))
    assert acts(notices) == ["close approval"]
    assert notices[0].text.endswith("approved by ann &lt;@U1&gt;")


def test_another_plan_supersedes_the_one_that_waits() -> None:
    log = NoticeLog(running())
    awaiting(log, GROUP)
    log.now += timedelta(minutes=1)
    notices = log.run_pass(planned(GROUP, RETENTION), Waiting(Reason.AWAITING_APPROVAL, "2 to create; approve"))
    assert acts(notices) == ["close approval", "open approval"]
    assert "superseded" in notices[0].text


def test_a_plan_that_became_empty_closes_the_approval() -> None:
    log = NoticeLog(running())
    awaiting(log, GROUP)
    log.now += timedelta(minutes=1)
    notices = log.run_pass(planned(), FoundInSync(base(log.record), {}), live(RolloutState.COMPLETED))
    assert acts(notices) == ["close approval"]


# Failures


def test_a_failure_is_notified_once_and_not_at_every_retry() -> None:
    log = NoticeLog(running())
    assert acts(log.run_pass(Failed(Reason.APPLY_FAILED, "secret words"))) == ["open failure"]
    assert log.run_pass(Failed(Reason.APPLY_FAILED, "other words")) == []
    assert "words" not in texts(log.notices)


def test_the_last_retry_says_that_the_instance_is_stalled() -> None:
    log = NoticeLog(running())
    log.run_pass(*[Failed(Reason.PLAN_FAILED, "no")] * 2)
    notices = log.run_pass(Failed(Reason.PLAN_FAILED, "no"))
    assert acts(notices) == ["update failure"]
    assert "Now: *develop/orders* is stalled (PlanFailed)\nFailed 3 times." in notices[0].text


def test_a_push_is_no_recovery_until_it_was_applied() -> None:
    log = NoticeLog(running())
    log.run_pass(Failed(Reason.PLAN_FAILED, "no"))
    assert log.run_pass(Accepted(instance(), "c2"), Desired("d2", "s2", "c2")) == []
    intent = Intent("pass", "d2", "p", False, NOW)
    notices = log.run_pass(planned(GROUP), Applying(intent, base(log.record)), Applied({}, IMAGE))
    assert acts(notices) == ["close failure"]
    assert notices[0].text.endswith("recovered (Progressing)")


def test_a_push_to_a_stalled_instance_does_not_repeat_its_failure() -> None:
    log = NoticeLog(fold(running(), *[Failed(Reason.PLAN_FAILED, "no")] * 3))
    log.end_pass()
    assert log.run_pass(Accepted(instance(), "c2"), Desired("d2", "s2", "c2"), Failed(Reason.PLAN_FAILED, "no")) == []


def test_a_hold_does_not_close_a_failure() -> None:
    log = NoticeLog(fold(running(), Failed(Reason.APPLY_FAILED, "no")))
    log.end_pass()
    assert log.run_pass(PassHeld(Reason.SUSPENDED, "")) == []


@pytest.mark.parametrize("reason", [Reason.INTERRUPTED, Reason.OUTSIDE_WINDOW, Reason.AWAITING_FIRST_IMAGE])
def test_a_reason_that_resolves_without_intervention_is_not_notified(reason: Reason) -> None:
    assert NoticeLog(running()).run_pass(Waiting(reason, "")) == []


@pytest.mark.parametrize("reason", [Reason.STATE_CONFLICT, Reason.INIT_FAILED, Reason.INVALID_CONFIGURATION])
def test_any_other_reason_not_to_be_ready_is_notified_as_a_failure(reason: Reason) -> None:
    (notice,) = NoticeLog(running()).run_pass(PassHeld(reason, ""))
    assert f"*develop/orders* failed ({reason})" in notice.head


def test_a_locked_state_names_its_holder_and_nothing_else_of_the_message() -> None:
    message = "the state is locked by root@ip-10-0-0-1 since 2026-03-02 08:59:01.5 +0000 UTC (OperationTypeApply, 8f1c)"
    log = NoticeLog(running())
    (notice,) = log.run_pass(Failed(Reason.STATE_LOCKED, message))
    assert "locked by `root@ip-10-0-0-1` since 2026-03-02 08:59:01.5 +0000 UTC (StateLocked)" in notice.head
    assert "8f1c" not in notice.head
    (over,) = log.run_pass(planned(), FoundInSync(base(log.record), {}))
    assert over.text.endswith("the lock is gone")


# Rollouts, removal


def test_a_rollback_is_notified_and_over_when_the_service_is_healthy_again() -> None:
    log = NoticeLog(running())
    (notice,) = log.run_pass(live(RolloutState.ROLLED_BACK, "td:0"))
    assert "was rolled back by ECS: its new version did not become healthy (RolledBack)" in notice.head
    intent = Intent("pass", "d2", "p", False, NOW)
    rolling = log.run_pass(
        Desired("d2", "s2", "c2"), Applying(intent, base(log.record)), Applied({"task_definition_arn": "td:2"}, IMAGE)
    )
    assert rolling == []
    assert acts(log.run_pass(live(RolloutState.COMPLETED, "td:2"))) == ["close rollout"]


def test_a_removal_that_needs_a_confirmation_is_notified_with_the_command() -> None:
    log = NoticeLog(fold(applied(PLATFORM), Removed(None)))
    (notice,) = log.run_pass(PassHeld(Reason.PRUNE_CONFIRMATION_NEEDED, ""))
    assert "`reconciler prune --confirm develop/platform`" in notice.head
    (over,) = log.run_pass(PruneConfirmed())
    assert over.text.endswith("its removal was confirmed")


def test_a_manifest_that_comes_back_closes_the_removal() -> None:
    log = NoticeLog(fold(applied(PLATFORM), Removed(None), PassHeld(Reason.PRUNE_GUARD, "")))
    log.end_pass()
    (over,) = log.run_pass(Accepted(instance(PLATFORM), "c9"))
    assert over.text.endswith("its manifest is back")


def test_a_deleted_record_closes_its_threads() -> None:
    log = NoticeLog(fold(drifted(running()), Failed(Reason.APPLY_FAILED, "no")))
    log.end_pass()
    assert sorted(acts(log.delete())) == ["close drift", "close failure"]
    assert log.open == {}
