"""The fold: the only function that makes a new record out of an old one.

Given the events of an instance's life, its record is determined. The parts of a record that drift, renames, root trees,
rollouts and rules of the load balancer change are in `drift`, `renames`, `promotion`, `rollout` and
`core.record.routing`.
"""

import dataclasses
from datetime import datetime
from typing import assert_never

from desired_state.instance import Instance
from reconciler.core.plan.model import summarise
from reconciler.core.record import routing
from reconciler.core.record.consent import Authorship, WindowOverride
from reconciler.core.record.model import Failures, Record
from reconciler.core.record.runs import Intent, Running
from reconciler.core.status import drift, intake, promotion, recovery, refresh, renames, rollout, state
from reconciler.core.status.conditions import idle, ready, with_condition, without_conditions
from reconciler.core.status.events import (
    Accepted,
    Applied,
    Applying,
    Approved,
    Attributed,
    Desired,
    Event,
    Failed,
    FoundInSync,
    Invalid,
    LockedOut,
    LockObserved,
    OverrideUsed,
    PassHeld,
    Planned,
    PruneConfirmed,
    ReconcileRequested,
    Rejected,
    Removed,
    RenameFinished,
    RenameStarted,
    Resumed,
    RolloutObserved,
    RuleChosen,
    RunObserved,
    Starting,
    StateAdopted,
    StateMissed,
    Suspended,
    TreeAdmitted,
    TreeHeldBack,
    UnlockRequested,
    Waiting,
)
from reconciler.core.vocabulary import ConditionType, Health, Reason, Sync

_TRANSIENT = frozenset({Reason.STATE_LOCKED, Reason.LOCK_ORPHANED, Reason.INTERRUPTED, Reason.RECOVERING})
_LOCKED = frozenset({Reason.STATE_LOCKED, Reason.LOCK_ORPHANED})
# These do not go on before something changes.
_STALLS = frozenset({Reason.DRIFT_FIGHT, Reason.NEVER_SETTLES, Reason.POLICY_DENIED, Reason.ADOPTION_REFUSED})
_OF_A_DIGEST = frozenset({Reason.RETRIES_EXHAUSTED, *_STALLS})


def first(
    instance: Instance, commit: str, tenant: str | None = None, authors: tuple[Authorship, ...] | None = None
) -> Record:
    """Return the record of an instance that was never seen before."""
    return Record(instance=instance, accepted_commit=commit, tenant=tenant, authors=authors)


def advance(record: Record, event: Event, *, now: datetime, retry_limit: int = 10) -> Record:
    """Return the record after the event. Its `version` is left to the store's writer."""
    after = promotion.update_promotion(record, _advance(record, event, now, retry_limit), now)
    return intake.keep_rejection(routing.update_routes(record, after, now), now)


def _advance(record: Record, event: Event, now: datetime, retry_limit: int) -> Record:  # noqa: C901 - one arm per event
    match event:
        case Accepted():
            return intake.accept(record, event, now)
        case Invalid(message):
            return intake.reject(record, message, now)
        case Removed():
            return intake.remove(record, event, now)
        case PassHeld(reason, message):
            return _held(record, reason, message, now)
        case TreeAdmitted(asked):
            return promotion.admit_tree(record, asked=asked)
        case TreeHeldBack(message):
            return promotion.hold_back_tree(record, message)
        case RuleChosen(rule, why, slot):
            return routing.choose_rule(record, rule, why, slot)
        case Desired():
            return _desired(record, event)
        case Starting(running):
            return record.replace(running=record.running or running)
        case LockedOut(before):
            return record.replace(running=before)
        case Planned():
            return _planned(record, event, now)
        case StateMissed():
            return state.missed(record, event, now)
        case StateAdopted():
            return state.adopted(record, now)
        case Attributed(who):
            return drift.attributed(record, who)
        case FoundInSync():
            return _settled(record, event, now)
        case Waiting():
            return _waiting(renames.planned(record, event.move) if event.move else record, event, now)
        case Applying(intent, base):
            record = routing.rule_applies(record)
            started = record.replace(intent=intent, base=base or record.base, applied_digest=None, attempted=True)
            message = "destroying" if intent.destroys else "applying"
            if record.reason == Reason.AWAITING_APPROVAL:
                started = ready(started, now, False, Reason.PROGRESSING, message)
            if recovers := recovery.recovery_message(record, intent):
                return with_condition(started, now, ConditionType.RECONCILING, True, Reason.RECOVERING, recovers)
            return with_condition(started, now, ConditionType.RECONCILING, True, Reason.PROGRESSING, message)
        case LockObserved(lock_id):
            return record.replace(intent=record.intent and dataclasses.replace(record.intent, lock_id=lock_id))
        case Applied():
            return _applied(record, event, now)
        case Failed():
            return _failed(state.doubted(record, event.reason), event, now, retry_limit)
        case RolloutObserved(live, timeout, floor):
            return rollout.seen(record, live, timeout, now, floor)
        case RunObserved(run):
            return rollout.run_seen(record, run, now)
        case OverrideUsed(override):
            return record.replace(window_override=None) if record.window_override == override else record
        case ReconcileRequested(override, from_empty):
            return state.allowed(_reconcile_requested(record, override, now), from_empty)
        case Suspended() | Resumed():
            return record.replace(suspended=isinstance(event, Suspended))
        case Approved():
            return intake.approve(record, event)
        case Rejected(rejection):
            return record.replace(approval=None, rejection=rejection)
        case PruneConfirmed():  # the manifest may have come back while the operator decided
            return record.replace(prune_confirmed=record.removed is not None)
        case UnlockRequested(lock_id):
            return record.replace(unlock=lock_id)
        case RenameStarted(source):
            return renames.start(record, source)
        case RenameFinished(source, old, seen):
            return renames.finish(record, source, old, seen)
        case _:
            assert_never(event)


def _held(record: Record, reason: Reason, message: str, now: datetime) -> Record:
    """Set the headline of a pass that was held. It keeps the previous Ready status, unless the instance is to be
    removed.
    """
    headline = record.condition(ConditionType.READY)
    was_ready = headline is not None and headline.status
    stays = was_ready and record.sync == Sync.IN_SYNC and record.removed is None
    if stays and reason == Reason.DEPENDENCY_NOT_READY:
        return record
    return ready(idle(record), now, was_ready and reason == Reason.SUSPENDED, reason, message)


def _desired(record: Record, event: Desired) -> Record:
    record = record.replace(desired_source=event.source, desired_commit=event.commit)
    if event.digest == record.desired_digest:
        return record
    sync = record.sync if event.digest == record.applied_digest else Sync.PENDING
    return record.replace(
        desired_digest=event.digest,
        failures=None,
        repairs=(),
        unsettled=None,
        rollout=None if record.rollout and record.rollout.ended else record.rollout,
        sync=sync,
        conditions=without_conditions(record, ConditionType.STALLED, only=_OF_A_DIGEST),
    )


def _planned(record: Record, event: Planned, now: datetime) -> Record:
    plan, finding = event.plan, event.finding
    record = state.planned(record, event.state, now).replace(
        plan=summarise(plan, drift=finding.drifted, now=now),
        sync=finding.sync,
        checked_at=now,
        resources=plan.existing + sum(change.actions == ("create",) for change in plan.changes),
        requested_at=None,
        running=None,
        unlock=None,
    )
    if record.approval and record.approval.plan_digest != plan.digest:
        record = record.replace(approval=None)
    reason = Reason.IN_SYNC if plan.is_empty else Reason.PROGRESSING
    record = with_condition(record, now, ConditionType.PLANNED, True, reason, "")
    return drift.observed(record, finding, event.response, event.confirm_after, now)


def _settled(record: Record, event: FoundInSync, now: datetime) -> Record:
    record = routing.rule_applied(refresh.refreshed(state.matched(idle(record), event.state), event.refreshed))
    record = record.replace(
        conditions=without_conditions(record, ConditionType.STALLED, only=_OF_A_DIGEST),
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
        rejection=None,
    )
    if record.instance.kind != "Service":
        return rollout.in_sync_without(record, now)
    if record.reason in {Reason.APPLIED, Reason.IN_SYNC, Reason.ROLLOUT_HELD}:
        return record
    if record.rollout and record.rollout.ended in {Reason.ROLLED_BACK, Reason.ROLLOUT_FAILED}:
        return ready(record, now, False, record.rollout.ended, record.rollout.message)
    return ready(record, now, False, Reason.PROGRESSING, "the rollout is checked next")


def _waiting(record: Record, event: Waiting, now: datetime) -> Record:
    reason, message = event.reason, event.message
    approval = record.approval if event.keeps_approval or reason != Reason.AWAITING_APPROVAL else None
    record = idle(record).replace(approval=approval)
    if reason in _STALLS:
        record = with_condition(record, now, ConditionType.STALLED, True, reason, message)
    else:
        record = _without_stall(record)
    return ready(record, now, False, reason, message)


def _applied(record: Record, event: Applied, now: datetime) -> Record:
    service = record.instance.kind == "Service"
    record = state.matched(routing.rule_applied(drift.repaired(idle(record), now)), event.state)
    record = refresh.written(record, event.providers)
    record = record.replace(
        intent=None,
        applied_digest=record.desired_digest,
        applied_source=record.desired_source,
        applied_commit=record.desired_commit,
        applied_at=now,
        plan=record.plan and dataclasses.replace(record.plan, applied_at=now),
        sync=Sync.IN_SYNC,
        health=Health.PROGRESSING if service else Health.HEALTHY,
        failures=None,
        approval=None,
        rejection=None,
        outputs=dict(event.outputs),
        rollout=rollout.started(record, event.outputs, event.image, now) if service else None,
        conditions=without_conditions(record, ConditionType.STALLED, only=_OF_A_DIGEST),
    )
    return rollout.begun(record, event.image, now) if service else ready(record, now, True, Reason.APPLIED, "")


def _failed(record: Record, event: Failed, now: datetime, retry_limit: int) -> Record:
    record, reason, message = idle(record), event.reason, event.message
    phase = reason in {Reason.PLAN_FAILED, Reason.INIT_FAILED}
    if phase:
        record = with_condition(record, now, ConditionType.PLANNED, False, reason, message)
    if event.of_apply and reason not in _LOCKED:
        # Terraform reported its end, however bad: nothing has to be recovered that the next plan does not show.
        record = record.replace(intent=None, running=_may_hold_its_lock(record.intent))
    elif reason not in _LOCKED:
        record = record.replace(running=None)
    if reason in _TRANSIENT:
        return ready(record.replace(requested_at=None), now, False, reason, message)
    digest = record.desired_digest or record.instance.source_digest
    count = record.failures.count + 1 if record.failures and record.failures.digest == digest else 1
    record = record.replace(failures=Failures(digest, count, now), requested_at=None)
    if count >= retry_limit:
        tried = f"failed {count} times; retried only at its normal interval"
        record = with_condition(record, now, ConditionType.STALLED, True, Reason.RETRIES_EXHAUSTED, tried)
    return ready(record, now, False, reason, message)


def _reconcile_requested(record: Record, override: WindowOverride | None, now: datetime) -> Record:
    """Forget failures, the rollout and repairs, so that the next pass starts afresh."""
    return record.replace(
        requested_at=now,
        failures=None,
        rollout=None,
        repairs=(),
        unsettled=drift.asked_again(record),
        window_override=override or record.window_override,
        conditions=without_conditions(record, ConditionType.STALLED, only=_OF_A_DIGEST),
    )


def _may_hold_its_lock(intent: Intent | None) -> Running | None:
    """Return the run of a failed apply: if it could not save its state, it may not have freed the lock either."""
    return Running(intent.holder, intent.at) if intent and intent.holder else None


def _without_stall(record: Record) -> Record:
    """Clear a stall, unless its reason is the manifest or repeated failures."""
    return record.replace(conditions=without_conditions(record, ConditionType.STALLED, only=_STALLS))
