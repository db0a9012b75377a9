"""The conditions of a record after each event, word for word."""

from datetime import timedelta

import pytest

from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.read import read
from reconciler.core.record.model import Failures, Record, Rollout
from reconciler.core.record.runs import Holder, Intent
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import (
    Accepted,
    Applied,
    Applying,
    Desired,
    Event,
    Failed,
    FoundInSync,
    Invalid,
    PassHeld,
    Planned,
    ReconcileRequested,
    Removed,
    Waiting,
)
from reconciler.core.vocabulary import ConditionType, Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import IMAGE, NOW, PLATFORM, applied, base, fold

ME = Holder("reconciler@host", "task-1")
INTENT = Intent("pass", "d2", "p", False, NOW, ME)
LATER = NOW + timedelta(minutes=1)
CREATES = read(document(change("aws_vpc.this", ["create"], None, {"a": 1}), existing=2), Redactor(b"a key for tests"))
EMPTY = read(document(existing=2), Redactor(b"a key for tests"))
SERVICE, STATEFUL = applied(), applied(PLATFORM)
WANTED = fold(SERVICE, Desired("d2", "s2", "c2"))
STALLED = {
    reason: fold(WANTED, Waiting(reason, "why"))
    for reason in (Reason.POLICY_DENIED, Reason.DRIFT_FIGHT, Reason.ADOPTION_REFUSED)
}
Told = dict[ConditionType, tuple[bool, Reason, str]]


def told(record: Record) -> Told:
    return {kind: (one.status, one.reason, one.message) for kind, one in record.conditions.items()}


def ready(status: bool, reason: Reason, message: str = "") -> Told:
    return {ConditionType.READY: (status, reason, message)}


def stalled(reason: Reason, message: str) -> Told:
    return {ConditionType.STALLED: (True, reason, message)}


def reconciling(reason: Reason, message: str) -> Told:
    return {ConditionType.RECONCILING: (True, reason, message)}


ROLLING = ready(False, Reason.PROGRESSING, "applied; ECS rolls it out")
PENDING = Planned(CREATES, DriftFinding(Sync.PENDING, None, ()))
HEADLINES: dict[str, tuple[Record, Event, Told]] = {
    "a broken manifest": (SERVICE, Invalid("no"), ROLLING | stalled(Reason.INVALID_MANIFEST, "no")),
    "a manifest that is good again": (
        fold(SERVICE, Invalid("no")),
        Accepted(SERVICE.instance, "c2"),
        ROLLING,
    ),
    "a hold": (SERVICE, PassHeld(Reason.STATE_CONFLICT, "no"), ready(False, Reason.STATE_CONFLICT, "no")),
    "a suspension of what was ready": (
        STATEFUL,
        PassHeld(Reason.SUSPENDED, "by ann"),
        ready(True, Reason.SUSPENDED, "by ann"),
    ),
    "a suspension of what was not": (
        SERVICE,
        PassHeld(Reason.SUSPENDED, "by ann"),
        ready(False, Reason.SUSPENDED, "by ann"),
    ),
    "a dependency of what is in sync": (
        STATEFUL,
        PassHeld(Reason.DEPENDENCY_NOT_READY, "waits"),
        ready(True, Reason.APPLIED),
    ),
    "a dependency of what is pending": (
        fold(STATEFUL, Desired("d2", "s2", "c2")),
        PassHeld(Reason.DEPENDENCY_NOT_READY, "waits"),
        ready(False, Reason.DEPENDENCY_NOT_READY, "waits"),
    ),
    "a dependency of what goes": (
        fold(STATEFUL, Removed(None)),
        PassHeld(Reason.DEPENDENCY_NOT_READY, "waits"),
        ready(False, Reason.DEPENDENCY_NOT_READY, "waits"),
    ),
    "a plan with changes": (WANTED, PENDING, ROLLING | {ConditionType.PLANNED: (True, Reason.PROGRESSING, "")}),
    "a plan without": (
        WANTED,
        Planned(EMPTY, DriftFinding(Sync.IN_SYNC, None, ())),
        ROLLING | {ConditionType.PLANNED: (True, Reason.IN_SYNC, "")},
    ),
    "an approval that is wanted": (
        WANTED,
        Waiting(Reason.AWAITING_APPROVAL, "1 to create"),
        ready(False, Reason.AWAITING_APPROVAL, "1 to create"),
    ),
    "an observation": (WANTED, Waiting(Reason.OBSERVED, "1 to create"), ready(False, Reason.OBSERVED, "1 to create")),
    "a denial": (
        WANTED,
        Waiting(Reason.POLICY_DENIED, "no"),
        ready(False, Reason.POLICY_DENIED, "no") | stalled(Reason.POLICY_DENIED, "no"),
    ),
    "a wait after a denial": (
        STALLED[Reason.POLICY_DENIED],
        Waiting(Reason.FROZEN, "peak"),
        ready(False, Reason.FROZEN, "peak"),
    ),
    "an apply": (SERVICE, Applying(INTENT, base(SERVICE)), ROLLING | reconciling(Reason.PROGRESSING, "applying")),
    "a destroy": (
        SERVICE,
        Applying(Intent("p", "d", "p", True, NOW), None),
        ROLLING | reconciling(Reason.PROGRESSING, "destroying"),
    ),
    "an apply after an approval": (
        fold(WANTED, Waiting(Reason.AWAITING_APPROVAL, "1 to create")),
        Applying(INTENT, base(SERVICE)),
        ready(False, Reason.PROGRESSING, "applying") | reconciling(Reason.PROGRESSING, "applying"),
    ),
    "an apply that recovers": (
        WANTED.replace(intent=Intent("p", "d2", "p", False, NOW, creates=("aws_eip.a",))),
        Applying(Intent("p", "d2", "p", False, NOW, creates=("aws_eip.a", "aws_eip.b")), base(SERVICE)),
        ROLLING
        | reconciling(
            Reason.RECOVERING,
            "recovering from an apply that did not report its end; may exist already: aws_eip.a",
        ),
    ),
    "an applied service": (STALLED[Reason.DRIFT_FIGHT], Applied({}, IMAGE), ROLLING),
    "an applied service without an image": (
        WANTED,
        Applied({}, None),
        ready(False, Reason.AWAITING_FIRST_IMAGE, "no image was pushed to its repository yet"),
    ),
    "an applied platform": (STATEFUL, Applied({}, None), ready(True, Reason.APPLIED)),
    "a platform in sync": (STATEFUL, FoundInSync(base(STATEFUL), {}), ready(True, Reason.IN_SYNC)),
    "a service in sync": (
        STALLED[Reason.POLICY_DENIED],
        FoundInSync(base(SERVICE), {}),
        ready(False, Reason.PROGRESSING, "the rollout is checked next"),
    ),
    "a service in sync that ECS rolled back": (
        fold(SERVICE, PassHeld(Reason.PLAN_FAILED, "no")).replace(
            rollout=Rollout("d1", IMAGE, "td:1", NOW, Reason.ROLLED_BACK, "it did not start")
        ),
        FoundInSync(base(SERVICE), {}),
        ready(False, Reason.ROLLED_BACK, "it did not start"),
    ),
    "a failed plan": (
        SERVICE,
        Failed(Reason.PLAN_FAILED, "no"),
        ready(False, Reason.PLAN_FAILED, "no") | {ConditionType.PLANNED: (False, Reason.PLAN_FAILED, "no")},
    ),
    "a failed init": (
        SERVICE,
        Failed(Reason.INIT_FAILED, "no"),
        ready(False, Reason.INIT_FAILED, "no") | {ConditionType.PLANNED: (False, Reason.INIT_FAILED, "no")},
    ),
    "a failed apply": (SERVICE, Failed(Reason.APPLY_FAILED, "no"), ready(False, Reason.APPLY_FAILED, "no")),
    "a lock": (SERVICE, Failed(Reason.STATE_LOCKED, "no"), ready(False, Reason.STATE_LOCKED, "no")),
    "the last failure": (
        SERVICE.replace(failures=Failures("d1", 2, NOW)),
        Failed(Reason.APPLY_FAILED, "no"),
        ready(False, Reason.APPLY_FAILED, "no")
        | stalled(Reason.RETRIES_EXHAUSTED, "failed 3 times; retried only at its normal interval"),
    ),
}


@pytest.mark.parametrize("name", HEADLINES)
def test_the_conditions_after_an_event_are_these_and_no_others(name: str) -> None:
    record, event, expected = HEADLINES[name]
    assert told(fold(record, event, now=LATER)) == expected


@pytest.mark.parametrize("reason", STALLED)
@pytest.mark.parametrize(
    ("event", "ends"),
    [
        (ReconcileRequested(), True),
        (Desired("d3", "s3", "c3"), True),
        (FoundInSync(base(SERVICE), {}), True),
        (Waiting(Reason.FROZEN, ""), True),
        (Desired("d2", "s2", "c2"), False),
        (Failed(Reason.PLAN_FAILED, "no"), False),
        (Accepted(SERVICE.instance, "c3"), False),
    ],
)
def test_a_stall_ends_with_what_it_was_about(reason: Reason, event: Event, ends: bool) -> None:
    after = fold(STALLED[reason], event)
    assert (ConditionType.STALLED not in after.conditions) is ends


@pytest.mark.parametrize("reason", [Reason.INVALID_MANIFEST, Reason.RETRIES_EXHAUSTED])
def test_a_wait_ends_neither_a_stall_of_the_manifest_nor_one_of_failures(reason: Reason) -> None:
    before = (
        fold(WANTED, Invalid("no"))
        if reason == Reason.INVALID_MANIFEST
        else fold(WANTED.replace(failures=Failures("d2", 2, NOW)), Failed(Reason.APPLY_FAILED, "no"))
    )
    after = fold(before, Waiting(Reason.FROZEN, ""))
    assert told(after)[ConditionType.STALLED][1] == reason
