"""The status as it is shown: in sync only while what Git asks for is in force, and never ready while stalled."""

from datetime import timedelta
from typing import Any

import pytest

from reconciler.core.live import LiveService, RolloutState
from reconciler.core.record.consent import Promoted
from reconciler.core.record.model import Base, Record, Rollout
from reconciler.core.status.conditions import ready
from reconciler.core.status.events import Accepted, Failed, Invalid, RolloutObserved, Waiting
from reconciler.core.status.promotion import with_tree
from reconciler.core.views import shown
from reconciler.core.vocabulary import ConditionType, Reason, Sync
from tests.core.instances import IMAGE, NOW, SERVICE, applied, fold, instance

RECORD = applied()
OF_PIPELINE = applied(SERVICE.replace("  image: {tag: 3f9c2d1}\n", ""))
WITHOUT_IMAGE = Base("service", "sha256:1", {"image": {"owner": "git", "uri": None}})
WITH_IMAGE = Base("service", "sha256:1", {"image": {"owner": "git", "uri": IMAGE}})
NEW_TREE = fold(RECORD, Accepted(with_tree(RECORD.instance, "sha256:2"), "c2"))
BACK = Rollout("d1", IMAGE, "td:1", NOW, Reason.ROLLED_BACK, "circuit breaker")


def changed(record: Record, **changes: Any) -> Record:
    return record.replace(**changes)


@pytest.mark.parametrize(
    ("record", "pending"),
    [
        (RECORD, False),
        (changed(RECORD, base=WITH_IMAGE), False),
        (changed(RECORD, base=WITHOUT_IMAGE), True),
        (changed(OF_PIPELINE, base=WITHOUT_IMAGE), False),
        (fold(RECORD, Accepted(instance(SERVICE.replace("512", "1024")), "c2")), True),
        (NEW_TREE, True),
        (changed(NEW_TREE, promoted=Promoted("sha256:1", settled=True, held="lower tiers go first")), False),
        (changed(RECORD, removed=NOW), True),
        (fold(RECORD, Invalid("cpu 250")), True),
        (changed(RECORD, rollout=BACK), True),
        (ready(RECORD, NOW, False, Reason.ROLLED_BACK, "circuit breaker"), True),
        (ready(RECORD, NOW, False, Reason.ROLLOUT_FAILED, "circuit breaker"), False),
    ],
    ids=[
        "applied",
        "with the image of Git",
        "with the placeholder, as the tag in Git was not pushed",
        "with the placeholder, as the pipeline pushed nothing",
        "changed in Git",
        "a root tree that no visit considered",
        "a root tree that is held back",
        "removed from Git",
        "rejected",
        "rolled back",
        "rolled back, before a requested pass",
        "failed and still in force",
    ],
)
def test_what_git_asks_and_is_not_in_force_is_pending(record: Record, pending: bool) -> None:
    found = {before: shown.sync(record.replace(sync=before)) for before in Sync}
    of_git = {Sync.IN_SYNC: Sync.PENDING, Sync.DRIFTED: Sync.PENDING_AND_DRIFTED} if pending else {}
    assert found == {before: of_git.get(before, before) for before in Sync}


LIVE = LiveService(IMAGE, IMAGE, RolloutState.COMPLETED, "td:1", "", 2, 2)
HEALTHY = fold(RECORD, RolloutObserved(LIVE, timedelta(minutes=15)))
FAILING = fold(HEALTHY, *[Failed(Reason.APPLY_FAILED, "no")] * 3)
LATER = NOW + timedelta(hours=1)
HEADLINES: dict[str, tuple[Record, tuple[bool, Reason, str]]] = {
    "healthy": (HEALTHY, (True, Reason.APPLIED, "2 of 2 tasks run")),
    "rejected": (fold(HEALTHY, Invalid("cpu 250")), (False, Reason.INVALID_MANIFEST, "cpu 250")),
    "rejected and healthy again": (
        fold(HEALTHY, Invalid("cpu 250"), RolloutObserved(LIVE, timedelta(minutes=15)), now=NOW),
        (False, Reason.INVALID_MANIFEST, "cpu 250"),
    ),
    "rejected while it fails": (
        fold(FAILING, Invalid("cpu 250")),
        (False, Reason.INVALID_MANIFEST, "cpu 250; what is effective: ApplyFailed: no"),
    ),
    "failed too often": (FAILING, (False, Reason.APPLY_FAILED, "no")),
    "denied": (fold(HEALTHY, Waiting(Reason.POLICY_DENIED, "rule")), (False, Reason.POLICY_DENIED, "rule")),
    "stalled and yet healthy": (
        fold(fold(HEALTHY, Waiting(Reason.DRIFT_FIGHT, "again")), RolloutObserved(LIVE, timedelta(minutes=15))),
        (False, Reason.DRIFT_FIGHT, "again"),
    ),
}


@pytest.mark.parametrize("name", HEADLINES)
def test_the_headline_is_never_ready_while_the_instance_is_stalled(name: str) -> None:
    record, expected = HEADLINES[name]
    found = shown.headline(record)
    assert found is not None
    assert (found.type, found.status, found.reason, found.message) == (ConditionType.READY, *expected)
    assert shown.conditions(record)[ConditionType.READY] == found
    assert shown.has_reason(record, expected[1])


def test_a_rejection_keeps_its_time_whatever_passes_find() -> None:
    record = fold(fold(HEALTHY, Invalid("cpu 250")), Failed(Reason.PLAN_FAILED, "no"), now=LATER)
    found = shown.headline(record)
    assert found is not None
    assert found.since == NOW


def test_a_reason_is_found_under_a_headline_that_covers_it() -> None:
    record = fold(FAILING, Invalid("cpu 250"))
    assert [reason for reason in Reason if shown.has_reason(record, reason)] == [
        Reason.APPLY_FAILED,
        Reason.INVALID_MANIFEST,
        Reason.RETRIES_EXHAUSTED,
    ]
