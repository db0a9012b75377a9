"""The only function that makes a new record out of an old one.

`advance` is a fold: given the events of an instance's life, its record is determined. Conditions are set here and
nowhere else, and keep the time at which they became true.
"""

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, assert_never

from desired_state.instance import Instance
from reconciler.core.drift import Finding
from reconciler.core.events import (
    Accepted,
    Applied,
    Applying,
    Asked,
    Desired,
    Event,
    Failed,
    Held,
    Holding,
    Invalid,
    Planned,
    Removed,
    Seen,
    Settled,
    Starting,
    Waiting,
)
from reconciler.core.plan import Plan, summarise
from reconciler.core.ports import LiveService, RolloutState
from reconciler.core.record import (
    Condition,
    ConditionType,
    Failures,
    Health,
    Intent,
    Reason,
    Record,
    Rollout,
    Running,
    Sync,
)

_TRANSIENT = frozenset({Reason.STATE_LOCKED, Reason.LOCK_ORPHANED, Reason.INTERRUPTED, Reason.RECOVERING})
_LOCKED = frozenset({Reason.STATE_LOCKED, Reason.LOCK_ORPHANED})
# Terraform reported the end of its apply, however bad: nothing has to be recovered that the next plan does not show.
_ENDS_APPLY = frozenset({Reason.APPLY_FAILED, Reason.INTERRUPTED, Reason.STATE_CONFLICT})


def first(instance: Instance, commit: str) -> Record:
    """The record of an instance that was never seen before."""
    return Record(instance=instance, accepted_commit=commit)


def advance(record: Record, event: Event, *, now: datetime, retry_limit: int = 10) -> Record:  # noqa: C901 - one arm per event
    """The record after the event. Its `version` is left to the store's writer."""
    match event:
        case Accepted():
            return _accepted(record, event)
        case Invalid(message):
            return _with(record, now, ConditionType.STALLED, True, Reason.INVALID_MANIFEST, message)
        case Removed(guard):
            return record if record.removed else record.replace(removed=now, prune_guard=guard, prune_confirmed=False)
        case Held(reason, message):
            return _held(record, reason, message, now)
        case Desired():
            return _desired(record, event)
        case Starting(running):
            return record.replace(running=record.running or running)
        case Planned(plan, finding):
            return _planned(record, plan, finding, now)
        case Settled():
            return _settled(record, event, now)
        case Waiting(reason, message):
            return _waiting(record, reason, message, now)
        case Applying(intent, base):
            started = record.replace(intent=intent, base=base or record.base, applied_digest=None, attempted=True)
            message = "destroying" if intent.destroys else "applying"
            return _with(started, now, ConditionType.RECONCILING, True, Reason.PROGRESSING, message)
        case Holding(lock_id):
            return record.replace(intent=record.intent and dataclasses.replace(record.intent, lock_id=lock_id))
        case Applied():
            return _applied(record, event, now)
        case Failed(reason, message):
            return _failed(record, reason, message, now, retry_limit)
        case Seen(live, timeout):
            return _seen(record, live, timeout, now)
        case Asked():
            return _asked(record, event, now)
        case _:
            assert_never(event)


def _accepted(record: Record, event: Accepted) -> Record:
    conditions = _without(record, ConditionType.STALLED, only=Reason.INVALID_MANIFEST)
    return record.replace(
        instance=event.instance,
        accepted_commit=event.commit,
        removed=None,
        prune_guard=None,
        prune_confirmed=False,
        conditions=conditions,
    )


def _held(record: Record, reason: Reason, message: str, now: datetime) -> Record:
    """Not having looked is no trouble of its own: what was ready stays ready."""
    ready = record.condition(ConditionType.READY)
    was_ready = ready is not None and ready.status
    if was_ready and record.sync == Sync.IN_SYNC and reason == Reason.DEPENDENCY_NOT_READY:
        return record
    return _ready(_idle(record), now, was_ready and reason == Reason.SUSPENDED, reason, message)


def _desired(record: Record, event: Desired) -> Record:
    record = record.replace(desired_source=event.source, desired_commit=event.commit)
    if event.digest == record.desired_digest:
        return record
    sync = record.sync if event.digest == record.applied_digest else Sync.PENDING
    return record.replace(
        desired_digest=event.digest,
        failures=None,
        rollout=None if record.rollout and record.rollout.ended else record.rollout,
        sync=sync,
        conditions=_without(record, ConditionType.STALLED, only=Reason.RETRIES_EXHAUSTED),
    )


def _planned(record: Record, plan: Plan, finding: Finding, now: datetime) -> Record:
    record = record.replace(
        plan=summarise(plan, drift=finding.drifted, now=now),
        sync=finding.sync,
        checked_at=now,
        requested_at=None,
        running=None,
        unlock=None,
    )
    if record.approval and record.approval.plan_digest != plan.digest:
        record = record.replace(approval=None)
    record = _with(
        record, now, ConditionType.PLANNED, True, Reason.IN_SYNC if plan.is_empty else Reason.PROGRESSING, ""
    )
    if finding.reason is None:
        return record.replace(conditions=_without(record, ConditionType.DRIFTED))
    addresses = ", ".join(change.address for change in finding.drifted[:5])
    more = f" and {len(finding.drifted) - 5} more" if len(finding.drifted) > 5 else ""
    return _with(record, now, ConditionType.DRIFTED, True, finding.reason, addresses + more)


def _settled(record: Record, event: Settled, now: datetime) -> Record:
    record = _idle(record).replace(
        base=event.base,
        outputs=dict(event.outputs),
        applied_digest=record.desired_digest,
        applied_source=record.desired_source,
        applied_commit=record.desired_commit,
        applied_at=record.applied_at or now,
        attempted=True,
        intent=None,
        failures=None,
        approval=None,
    )
    if record.instance.kind != "Service":
        return _ready(record.replace(health=Health.HEALTHY), now, True, Reason.IN_SYNC, "")
    if record.reason in {Reason.APPLIED, Reason.IN_SYNC}:
        return record
    if record.rollout and record.rollout.ended in {Reason.ROLLED_BACK, Reason.ROLLOUT_FAILED}:
        return _ready(record, now, False, record.rollout.ended, record.rollout.message)
    return _ready(record, now, False, Reason.PROGRESSING, "the rollout is looked at next")


def _waiting(record: Record, reason: Reason, message: str, now: datetime) -> Record:
    approval = record.approval if reason != Reason.AWAITING_APPROVAL else None
    return _ready(_idle(record).replace(approval=approval), now, reason == Reason.OBSERVED, reason, message)


def _applied(record: Record, event: Applied, now: datetime) -> Record:
    service = record.instance.kind == "Service"
    record = _idle(record).replace(
        intent=None,
        applied_digest=record.desired_digest,
        applied_source=record.desired_source,
        applied_commit=record.desired_commit,
        applied_at=now,
        sync=Sync.IN_SYNC,
        health=Health.PROGRESSING if service else Health.HEALTHY,
        failures=None,
        approval=None,
        outputs=dict(event.outputs),
        rollout=_rollout(record, event, now) if service else None,
        conditions=_without(record, ConditionType.DRIFTED, ConditionType.STALLED, ConditionType.RECONCILING),
    )
    if not service:
        return _ready(record, now, True, Reason.APPLIED, "")
    if event.image is None:
        return _ready(record, now, False, Reason.AWAITING_FIRST_IMAGE, "no image was pushed to its repository yet")
    return _ready(record, now, False, Reason.PROGRESSING, "applied; ECS rolls it out")


def _rollout(record: Record, event: Applied, now: datetime) -> Rollout:
    return Rollout(record.desired_digest or "", event.image, event.outputs.get("task_definition_arn"), now)


def _failed(record: Record, reason: Reason, message: str, now: datetime, retry_limit: int) -> Record:
    record = _idle(record)
    phase = reason in {Reason.PLAN_FAILED, Reason.INIT_FAILED}
    if phase:
        record = _with(record, now, ConditionType.PLANNED, False, reason, message)
    if reason in _ENDS_APPLY:
        record = record.replace(intent=None, running=_may_hold_its_lock(record.intent))
    elif reason not in _LOCKED:
        record = record.replace(running=None)
    if reason in _TRANSIENT:
        return _ready(record.replace(requested_at=None), now, False, reason, message)
    digest = record.desired_digest or record.instance.source_digest
    count = record.failures.count + 1 if record.failures and record.failures.digest == digest else 1
    record = record.replace(failures=Failures(digest, count, now), requested_at=None)
    if count >= retry_limit:
        tried = f"failed {count} times; now only tried at its normal interval"
        record = _with(record, now, ConditionType.STALLED, True, Reason.RETRIES_EXHAUSTED, tried)
    return _ready(record, now, False, reason, message)


def _seen(record: Record, live: LiveService, timeout: timedelta, now: datetime) -> Record:
    if live.newest is None:
        record = record.replace(health=Health.UNKNOWN)
        return _ready(record, now, False, Reason.AWAITING_FIRST_IMAGE, "no image was pushed to its repository yet")
    rollout = record.rollout
    match live.rollout:
        case RolloutState.COMPLETED:
            if rollout and rollout.ended and rollout.task_definition != live.task_definition:
                return _degraded(record, live, rollout.ended, rollout.message, now)
            reason = Reason.APPLIED if record.reason in {Reason.PROGRESSING, Reason.APPLIED} else Reason.IN_SYNC
            record = record.replace(health=Health.HEALTHY, rollout=None)
            return _ready(record, now, True, reason, f"{live.running} of {live.desired} tasks run")
        case RolloutState.IN_PROGRESS:
            started = rollout.started if rollout else now
            record = record.replace(rollout=rollout or _watched(record, live, now))
            if now - started > timeout:
                return _degraded(
                    record, live, Reason.ROLLOUT_TIMEOUT, f"not rolled out after {timeout}: {live.message}", now
                )
            message = f"{live.running} of {live.desired} tasks run"
            return _ready(record.replace(health=Health.PROGRESSING), now, False, Reason.PROGRESSING, message)
        case RolloutState.ROLLED_BACK:
            return _degraded(record, live, Reason.ROLLED_BACK, live.message, now)
        case RolloutState.FAILED:
            return _degraded(record, live, Reason.ROLLOUT_FAILED, live.message, now)
        case RolloutState.ABSENT:
            return record.replace(health=Health.DEGRADED)
        case _:
            assert_never(live.rollout)


def _watched(record: Record, live: LiveService, now: datetime) -> Rollout:
    return Rollout(record.desired_digest or "", live.image, live.task_definition, now)


def _degraded(record: Record, live: LiveService, reason: Reason, message: str, now: datetime) -> Record:
    rollout = dataclasses.replace(record.rollout or _watched(record, live, now), ended=reason, message=message)
    return _ready(record.replace(health=Health.DEGRADED, rollout=rollout), now, False, reason, message)


def _asked(record: Record, event: Asked, now: datetime) -> Record:
    changes: dict[str, Any] = {}
    if event.reconcile:
        changes |= {"requested_at": now, "failures": None, "rollout": None}
    if event.suspend is not None:
        changes["suspended"] = event.suspend
    if event.approval or event.reject:
        changes["approval"] = event.approval
    if event.confirm_prune:
        changes["prune_confirmed"] = True
    if event.unlock:
        changes["unlock"] = event.unlock
    return record.replace(**changes)


def _may_hold_its_lock(intent: Intent | None) -> Running | None:
    """An apply that could not save its state may not have been able to free it either."""
    return Running(intent.holder, intent.at) if intent and intent.holder else None


def _idle(record: Record) -> Record:
    return record.replace(conditions=_without(record, ConditionType.RECONCILING))


def _ready(record: Record, now: datetime, status: bool, reason: Reason, message: str) -> Record:
    return _with(record, now, ConditionType.READY, status, reason, message)


def _with(record: Record, now: datetime, kind: ConditionType, status: bool, reason: Reason, message: str) -> Record:
    old = record.conditions.get(kind)
    since = old.since if old and (old.status, old.reason) == (status, reason) else now
    return record.replace(conditions={**record.conditions, kind: Condition(kind, status, reason, message, since)})


def _without(record: Record, *kinds: ConditionType, only: Reason | None = None) -> Mapping[ConditionType, Condition]:
    return {
        kind: condition
        for kind, condition in record.conditions.items()
        if kind not in kinds or (only is not None and condition.reason != only)
    }
