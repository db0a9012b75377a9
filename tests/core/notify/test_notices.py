"""Notices, story by story."""

from datetime import timedelta
from typing import Literal

import pytest

from reconciler.core.live import LiveService, RolloutState
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import Plan, ResourceSummary
from reconciler.core.plan.read import read
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
    Planned,
    PruneConfirmed,
    Removed,
    RolloutObserved,
    Waiting,
)
from reconciler.core.status.events import PassHeld as HeldBack
from reconciler.core.vocabulary import Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import IMAGE, NOW, PLATFORM, applied, base, fold, instance
from tests.core.notify.telling import NoticeLog, acts, texts

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
    """A service that runs as Git wants it."""
    return fold(applied(), live(RolloutState.COMPLETED))


def drifted(
    record: Record, *resources: ResourceSummary, confirmed: bool = True, response: Literal["heal", "report"] = "heal"
) -> Record:
    found = resources or (ResourceSummary("aws_security_group.this", ("update",), {"ingress": ([], ["0.0.0.0/0"])}),)
    return record.replace(drift=Drift(Reason.OUT_OF_BAND_CHANGE, found, NOW, response, NOW if confirmed else None))


def awaiting(told: NoticeLog, *changes: dict[str, object]) -> str:
    said = told.happens(planned(*changes), Waiting(Reason.AWAITING_APPROVAL, "2 to create; approve"))
    return texts(said)


# Drift


def test_drift_is_told_once_a_second_look_confirms_it_with_names_and_without_values() -> None:
    told = NoticeLog(running())
    assert told.becomes(drifted(told.record, confirmed=False)) == ()
    (notice,) = told.becomes(drifted(told.record))
    assert notice.head.splitlines() == [
        ":red_circle: *develop/orders* drifted (OutOfBandChange): 1 resource",
        "• `aws_security_group.this` changed: `ingress`",
        "It is being repaired: the state in Git is applied again. See `reconciler drift develop/orders`",
    ]


def test_a_resource_that_is_gone_and_one_that_was_added_are_called_so() -> None:
    told = NoticeLog(running())
    gone = ResourceSummary("aws_iam_role.task", ("delete",), {})
    more = ResourceSummary("aws_iam_role_policy.x", ("create",), {"policy": (None, "{}")})
    (notice,) = told.becomes(drifted(told.record, gone, more))
    assert "• `aws_iam_role.task` was deleted\n• `aws_iam_role_policy.x` was added\n" in notice.head


def test_drift_that_grows_is_an_update_in_its_thread() -> None:
    told = NoticeLog(drifted(running()))
    told.pass_ends()
    (notice,) = told.becomes(drifted(told.record, ResourceSummary("aws_vpc.this", ("update",), {"tags.a": (1, 2)})))
    assert acts([notice]) == ["update drift"]
    assert notice.text.startswith("Now: *develop/orders* drifted")
    assert "`tags.a`" in notice.head


def test_healed_drift_says_so() -> None:
    told = NoticeLog(drifted(running()))
    told.pass_ends()
    intent = Intent("pass", "d1", "p2", False, NOW)
    healing = fold(told.record, Applying(intent, base(told.record)), Applied({}, IMAGE), now=NOW + timedelta(minutes=3))
    told.now += timedelta(minutes=3)
    (notice,) = told.becomes(healing.replace(drift=None))
    assert notice.text == "Resolved after 3m: repaired: the state in Git was applied again"
    assert notice.head.startswith(":white_check_mark: *develop/orders* drifted (OutOfBandChange): 1 resource\nResolved")


def test_drift_that_somebody_took_back_by_hand_went_by_itself() -> None:
    told = NoticeLog(drifted(running()))
    told.pass_ends()
    (notice,) = told.becomes(told.record.replace(drift=None))
    assert notice.text.endswith("resolved without an apply")


def test_drift_that_git_takes_over_is_accepted() -> None:
    told = NoticeLog(drifted(running()))
    told.pass_ends()
    told.becomes(fold(told.record, Desired("d2", "another manifest", "0123456789abcdef")))
    (notice,) = told.becomes(fold(told.record, planned()).replace(drift=None))
    assert notice.text.endswith("accepted in Git (commit 0123456789ab)")


# Approval


def test_a_plan_that_waits_is_told_with_counts_addresses_and_the_command() -> None:
    told = NoticeLog(running())
    assert awaiting(told, GROUP, GONE, RETENTION).splitlines() == [
        ":large_blue_circle: *develop/orders* waits for approval: 1 to create, 1 to update, 1 to destroy",
        "• create `aws_vpc.this`",
        '• destroy `module.api["a&lt;b"].aws_iam_role.this`',
        "• update `aws_cloudwatch_log_group.this`",
        "See `reconciler diff develop/orders`; agree with `reconciler approve develop/orders`",
    ]


def test_a_plan_that_is_the_same_at_the_next_look_is_not_told_again() -> None:
    told = NoticeLog(running())
    awaiting(told, GROUP)
    told.now += timedelta(minutes=30)
    assert told.happens(planned(GROUP), Waiting(Reason.AWAITING_APPROVAL, "2 to create; approve")) == []


def test_an_approval_closes_the_thread_with_who_gave_it() -> None:
    told = NoticeLog(running())
    awaiting(told, GROUP)
    said = told.happens(Approved(Approval(plan(GROUP).digest, "ann <@U1>", NOW)))
    assert acts(said) == ["close approval"]
    assert said[0].text.endswith("approved by ann &lt;@U1&gt;")


def test_another_plan_supersedes_the_one_that_waits_and_asks_anew() -> None:
    told = NoticeLog(running())
    awaiting(told, GROUP)
    told.now += timedelta(minutes=1)
    said = told.happens(planned(GROUP, RETENTION), Waiting(Reason.AWAITING_APPROVAL, "2 to create; approve"))
    assert acts(said) == ["close approval", "open approval"]
    assert "superseded" in said[0].text


def test_a_plan_that_needs_nobody_any_more_closes_without_asking_for_the_empty_one() -> None:
    told = NoticeLog(running())
    awaiting(told, GROUP)
    told.now += timedelta(minutes=1)
    said = told.happens(planned(), FoundInSync(base(told.record), {}), live(RolloutState.COMPLETED))
    assert acts(said) == ["close approval"]


# Failures


def test_a_failure_is_told_once_and_not_at_every_retry() -> None:
    told = NoticeLog(running())
    assert acts(told.happens(Failed(Reason.APPLY_FAILED, "secret words"))) == ["open failure"]
    assert told.happens(Failed(Reason.APPLY_FAILED, "other words")) == []
    assert "words" not in texts(told.said)


def test_the_last_retry_says_that_the_instance_is_stalled() -> None:
    told = NoticeLog(running())
    told.happens(*[Failed(Reason.PLAN_FAILED, "no")] * 2)
    said = told.happens(Failed(Reason.PLAN_FAILED, "no"))
    assert acts(said) == ["update failure"]
    assert "Now: *develop/orders* is stalled (PlanFailed)\nFailed 3 times." in said[0].text


def test_a_push_is_no_recovery_until_it_worked() -> None:
    told = NoticeLog(running())
    told.happens(Failed(Reason.PLAN_FAILED, "no"))
    assert told.happens(Accepted(instance(), "c2"), Desired("d2", "s2", "c2")) == []
    intent = Intent("pass", "d2", "p", False, NOW)
    said = told.happens(planned(GROUP), Applying(intent, base(told.record)), Applied({}, IMAGE))
    assert acts(said) == ["close failure"]
    assert said[0].text.endswith("recovered (Progressing)")


def test_a_push_to_a_stalled_instance_is_no_news_of_its_failure() -> None:
    told = NoticeLog(fold(running(), *[Failed(Reason.PLAN_FAILED, "no")] * 3))
    told.pass_ends()
    assert told.happens(Accepted(instance(), "c2"), Desired("d2", "s2", "c2"), Failed(Reason.PLAN_FAILED, "no")) == []


def test_waiting_for_a_dependency_does_not_make_a_failure_good() -> None:
    told = NoticeLog(fold(running(), Failed(Reason.APPLY_FAILED, "no")))
    told.pass_ends()
    assert told.happens(HeldBack(Reason.SUSPENDED, "")) == []


@pytest.mark.parametrize("reason", [Reason.INTERRUPTED, Reason.OUTSIDE_WINDOW, Reason.AWAITING_FIRST_IMAGE])
def test_what_goes_on_by_itself_is_not_told(reason: Reason) -> None:
    assert NoticeLog(running()).happens(Waiting(reason, "")) == []


@pytest.mark.parametrize("reason", [Reason.STATE_CONFLICT, Reason.INIT_FAILED, Reason.INVALID_CONFIGURATION])
def test_any_other_reason_not_to_be_ready_is_told_as_a_failure(reason: Reason) -> None:
    (notice,) = NoticeLog(running()).happens(HeldBack(reason, ""))
    assert f"*develop/orders* failed ({reason})" in notice.head


def test_a_locked_state_names_its_holder_and_nothing_else_of_the_message() -> None:
    message = "the state is locked by root@ip-10-0-0-1 since 2026-03-02 08:59:01.5 +0000 UTC (OperationTypeApply, 8f1c)"
    told = NoticeLog(running())
    (notice,) = told.happens(Failed(Reason.STATE_LOCKED, message))
    assert "locked by `root@ip-10-0-0-1` since 2026-03-02 08:59:01.5 +0000 UTC (StateLocked)" in notice.head
    assert "8f1c" not in notice.head
    (over,) = told.happens(planned(), FoundInSync(base(told.record), {}))
    assert over.text.endswith("the lock is gone")


# Rollouts, removal


def test_a_rollback_is_told_and_over_when_the_service_is_healthy_again() -> None:
    told = NoticeLog(running())
    (notice,) = told.happens(live(RolloutState.ROLLED_BACK, "td:0"))
    assert "was rolled back by ECS: its new version did not become healthy (RolledBack)" in notice.head
    intent = Intent("pass", "d2", "p", False, NOW)
    rolling = told.happens(
        Desired("d2", "s2", "c2"), Applying(intent, base(told.record)), Applied({"task_definition_arn": "td:2"}, IMAGE)
    )
    assert rolling == []
    assert acts(told.happens(live(RolloutState.COMPLETED, "td:2"))) == ["close rollout"]


def test_a_removal_that_needs_a_person_is_told_with_the_command() -> None:
    told = NoticeLog(fold(applied(PLATFORM), Removed(None)))
    (notice,) = told.happens(HeldBack(Reason.PRUNE_CONFIRMATION_NEEDED, ""))
    assert "`reconciler prune --confirm develop/platform`" in notice.head
    (over,) = told.happens(PruneConfirmed())
    assert over.text.endswith("its removal was confirmed")


def test_a_manifest_that_returns_ends_the_question_of_its_removal() -> None:
    told = NoticeLog(fold(applied(PLATFORM), Removed(None), HeldBack(Reason.PRUNE_GUARD, "")))
    told.pass_ends()
    (over,) = told.happens(Accepted(instance(PLATFORM), "c9"))
    assert over.text.endswith("its manifest is back")


def test_an_instance_that_is_gone_takes_its_threads_with_it() -> None:
    told = NoticeLog(fold(drifted(running()), Failed(Reason.APPLY_FAILED, "no")))
    told.pass_ends()
    assert sorted(acts(told.goes())) == ["close drift", "close failure"]
    assert told.open == {}
