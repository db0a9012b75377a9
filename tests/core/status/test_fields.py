"""The fields of a record that each event sets and clears."""

from datetime import timedelta
from typing import Any

import pytest

from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.read import read
from reconciler.core.record.consent import Approval, Rejection
from reconciler.core.record.model import Failures, Record, Repair, Rollout
from reconciler.core.record.runs import Holder, Intent, Running
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import (
    Accepted,
    Applied,
    Applying,
    Approved,
    Desired,
    Event,
    Failed,
    FoundInSync,
    LockedOut,
    LockObserved,
    Planned,
    PruneConfirmed,
    ReconcileRequested,
    Rejected,
    Removed,
    Starting,
    UnlockRequested,
    Waiting,
)
from reconciler.core.vocabulary import Health, Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import IMAGE, NOW, PLATFORM, applied, base, fold, instance, new

ME = Holder("reconciler@host", "task-1")
INTENT = Intent("pass", "d2", "p", False, NOW, ME)
LATER = NOW + timedelta(minutes=1)
CREATES = read(document(change("aws_vpc.this", ["create"], None, {"a": 1}), existing=2), Redactor(b"a key for tests"))
EMPTY = read(document(existing=2), Redactor(b"a key for tests"))
SERVICE, STATEFUL = applied(), applied(PLATFORM)
WANTED = fold(SERVICE, Desired("d2", "s2", "c2"))
APPROVAL, REJECTION = Approval(CREATES.digest, "ann", NOW), Rejection(CREATES.digest, "ben", NOW)
PENDING = Planned(CREATES, DriftFinding(Sync.PENDING, None, ()))
FIELDS: dict[str, tuple[Record, Event, dict[str, Any]]] = {
    "a new manifest ends a tombstone": (
        fold(SERVICE, Removed("3 of 5"), PruneConfirmed()),
        Accepted(instance(tree_id="sha256:2"), "c2"),
        {
            "removed": None,
            "prune_guard": None,
            "prune_confirmed": False,
            "accepted_commit": "c2",
            "instance": instance(tree_id="sha256:2"),
        },
    ),
    "a removal": (SERVICE, Removed("3 of 5"), {"removed": LATER, "prune_guard": "3 of 5", "prune_confirmed": False}),
    "a removal once more": (
        fold(SERVICE, Removed("3 of 5"), PruneConfirmed()),
        Removed(None),
        {"removed": NOW, "prune_guard": "3 of 5", "prune_confirmed": True},
    ),
    "a confirmation of a tombstone": (fold(SERVICE, Removed(None)), PruneConfirmed(), {"prune_confirmed": True}),
    "a confirmation that comes too late": (SERVICE, PruneConfirmed(), {"prune_confirmed": False}),
    "a new digest": (
        SERVICE.replace(
            failures=Failures("d1", 2, NOW),
            repairs=(Repair(NOW, ("x",)),),
            rollout=Rollout("d1", IMAGE, "td:1", NOW, Reason.ROLLED_BACK),
        ),
        Desired("d2", "s2", "c2"),
        {
            "desired_digest": "d2",
            "desired_source": "s2",
            "desired_commit": "c2",
            "failures": None,
            "repairs": (),
            "rollout": None,
            "sync": Sync.PENDING,
        },
    ),
    "the same digest of another commit": (
        SERVICE.replace(failures=Failures("d1", 2, NOW), sync=Sync.DRIFTED),
        Desired("d1", "s2", "c2"),
        {
            "desired_digest": "d1",
            "desired_source": "s2",
            "desired_commit": "c2",
            "failures": Failures("d1", 2, NOW),
            "sync": Sync.DRIFTED,
        },
    ),
    "the digest that is applied": (WANTED.replace(sync=Sync.DRIFTED), Desired("d1", "s", "c1"), {"sync": Sync.DRIFTED}),
    "a rollout that goes on": (
        SERVICE.replace(rollout=Rollout("d1", IMAGE, "td:1", NOW)),
        Desired("d2", "s2", "c2"),
        {"rollout": Rollout("d1", IMAGE, "td:1", NOW)},
    ),
    "a run": (SERVICE, Starting(Running(ME, NOW)), {"running": Running(ME, NOW)}),
    "a run after one that never ended": (
        SERVICE.replace(running=Running(ME, NOW)),
        Starting(Running(ME, LATER)),
        {"running": Running(ME, NOW)},
    ),
    "a run that never had the lock": (
        SERVICE.replace(running=Running(ME, LATER)),
        LockedOut(Running(ME, NOW)),
        {"running": Running(ME, NOW)},
    ),
    "a plan": (
        WANTED.replace(
            requested_at=NOW, running=Running(ME, NOW), unlock="lock-1", approval=APPROVAL, rejection=REJECTION
        ),
        PENDING,
        {
            "sync": Sync.PENDING,
            "checked_at": LATER,
            "resources": 3,
            "requested_at": None,
            "running": None,
            "unlock": None,
            "approval": APPROVAL,
            "rejection": REJECTION,
        },
    ),
    "another plan than the approved one": (
        WANTED.replace(approval=APPROVAL),
        Planned(EMPTY, DriftFinding(Sync.IN_SYNC, None, ())),
        {"approval": None, "resources": 2},
    ),
    "an approval that is asked for anew": (
        WANTED.replace(approval=APPROVAL),
        Waiting(Reason.AWAITING_APPROVAL, ""),
        {"approval": None},
    ),
    "a wait for a window": (
        WANTED.replace(approval=APPROVAL),
        Waiting(Reason.OUTSIDE_WINDOW, ""),
        {"approval": APPROVAL},
    ),
    "in sync": (
        WANTED.replace(
            applied_at=None, failures=Failures("d2", 1, NOW), intent=INTENT, approval=APPROVAL, rejection=REJECTION
        ),
        FoundInSync(base(SERVICE), {"url": "x"}),
        {
            "base": base(SERVICE),
            "outputs": {"url": "x"},
            "applied_digest": "d2",
            "applied_source": "s2",
            "applied_commit": "c2",
            "applied_at": LATER,
            "attempted": True,
            "intent": None,
            "failures": None,
            "approval": None,
            "rejection": None,
        },
    ),
    "in sync as before": (SERVICE, FoundInSync(base(SERVICE), {}), {"applied_at": SERVICE.applied_at}),
    "an apply begins": (
        WANTED,
        Applying(INTENT, base(STATEFUL)),
        {"intent": INTENT, "base": base(STATEFUL), "applied_digest": None, "attempted": True},
    ),
    "a destroy begins": (WANTED, Applying(INTENT, None), {"intent": INTENT, "base": base(SERVICE)}),
    "its lock is seen": (
        fold(WANTED, Applying(INTENT, None)),
        LockObserved("lock-1"),
        {"intent": Intent("pass", "d2", "p", False, NOW, ME, "lock-1")},
    ),
    "a lock is seen after its end": (WANTED, LockObserved("lock-1"), {"intent": None}),
    "an apply ends": (
        fold(WANTED, Applying(INTENT, None)).replace(
            failures=Failures("d2", 1, NOW), approval=APPROVAL, rejection=REJECTION
        ),
        Applied({"task_definition_arn": "td:2"}, IMAGE),
        {
            "intent": None,
            "applied_digest": "d2",
            "applied_source": "s2",
            "applied_commit": "c2",
            "applied_at": LATER,
            "sync": Sync.IN_SYNC,
            "health": Health.PROGRESSING,
            "failures": None,
            "approval": None,
            "rejection": None,
            "outputs": {"task_definition_arn": "td:2"},
            "rollout": Rollout("d2", IMAGE, "td:2", LATER),
        },
    ),
    "an apply of a platform ends": (STATEFUL, Applied({}, None), {"health": Health.HEALTHY, "rollout": None}),
    "a first failure": (
        WANTED.replace(requested_at=NOW, running=Running(ME, NOW)),
        Failed(Reason.APPLY_FAILED, "no"),
        {"failures": Failures("d2", 1, LATER), "requested_at": None, "running": None},
    ),
    "one more": (
        WANTED.replace(failures=Failures("d2", 1, NOW)),
        Failed(Reason.APPLY_FAILED, "no"),
        {"failures": Failures("d2", 2, LATER)},
    ),
    "one of another digest": (
        WANTED.replace(failures=Failures("d1", 2, NOW)),
        Failed(Reason.APPLY_FAILED, "no"),
        {"failures": Failures("d2", 1, LATER)},
    ),
    "one before there is a digest": (
        new(),
        Failed(Reason.PLAN_FAILED, "no"),
        {"failures": Failures(new().instance.source_digest, 1, LATER)},
    ),
    "a lock is no failure": (
        WANTED.replace(requested_at=NOW, running=Running(ME, NOW)),
        Failed(Reason.STATE_LOCKED, "no"),
        {"failures": None, "requested_at": None, "running": Running(ME, NOW)},
    ),
    "a failed apply ended, and may hold its lock": (
        fold(WANTED, Applying(INTENT, None)),
        Failed(Reason.APPLY_FAILED, "no", of_apply=True),
        {"intent": None, "running": Running(ME, NOW)},
    ),
    "a failed apply without a holder": (
        fold(WANTED, Applying(Intent("p", "d2", "p", False, NOW), None)),
        Failed(Reason.APPLY_FAILED, "no", of_apply=True),
        {"intent": None, "running": None},
    ),
    "an apply that was locked out": (
        fold(WANTED, Applying(INTENT, None)),
        Failed(Reason.STATE_LOCKED, "no", of_apply=True),
        {"intent": INTENT},
    ),
    "a failure that is not of the apply": (
        fold(WANTED, Applying(INTENT, None)),
        Failed(Reason.PLAN_FAILED, "no"),
        {"intent": INTENT},
    ),
    "a request": (
        WANTED.replace(
            failures=Failures("d2", 2, NOW),
            rollout=Rollout("d1", IMAGE, "td:1", NOW),
            repairs=(Repair(NOW, ("x",)),),
        ),
        ReconcileRequested(),
        {"requested_at": LATER, "failures": None, "rollout": None, "repairs": (), "window_override": None},
    ),
    "an approval": (WANTED.replace(rejection=REJECTION), Approved(APPROVAL), {"approval": APPROVAL, "rejection": None}),
    "a rejection": (WANTED.replace(approval=APPROVAL), Rejected(REJECTION), {"approval": None, "rejection": REJECTION}),
    "an unlock": (WANTED, UnlockRequested("lock-1"), {"unlock": "lock-1"}),
}


@pytest.mark.parametrize("name", FIELDS)
def test_the_fields_after_an_event_are_these(name: str) -> None:
    record, event, expected = FIELDS[name]
    after = fold(record, event, now=LATER)
    assert {field: getattr(after, field) for field in expected} == expected
