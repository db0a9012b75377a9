"""The shape of the API's and the command line's answers: a stable interface.

Plain JSON-able data made of records that are redacted already. The keys are golden-tested and change only with a
changelog entry. Times are UTC in RFC 3339; ages are whole seconds, so that no reader needs our clock. The values of
outputs and of the manifest's variables are left out: understanding a state does not need them.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from desired_state.instance import Key
from desired_state.reading.document import Problem
from reconciler.core.floor import NO_FLOOR, Floor
from reconciler.core.ports.control import Beat, SourceStatus
from reconciler.core.ports.orphans import Orphan
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Condition, Pass, Record
from reconciler.core.record.state import KnownState, StateSeen
from reconciler.core.views import shown
from reconciler.core.views.changes import View, age, drift, plan, seconds, time
from reconciler.core.views.floor import overruled
from reconciler.core.vocabulary import ConditionType, Reason


def summary(record: Record, now: datetime, floor: Floor = NO_FLOOR) -> View:
    """Return one line of `reconciler get`. `floor` is that of its environment, which its mode depends on."""
    effective = floor.effective_mode(record.instance.policy.mode)
    ready = shown.headline(record)
    return {
        "key": str(record.key),
        "environment": record.key.environment,
        "name": record.key.name,
        "kind": record.instance.kind,
        "mode": effective.mode,
        "mode_from": effective.origin,
        "sync": shown.sync(record).value,
        "health": record.health.value,
        "ready": bool(ready and ready.status),
        "reason": ready.reason.value if ready else None,
        "message": ready.message if ready else "",
        "age_seconds": age(ready.since, now) if ready else None,
        "stalled": ConditionType.STALLED in record.conditions,
        "suspended": record.suspended,
        "removed_at": time(record.removed),
        "current": is_current(record),
        "drifted": len(record.drift.resources) if record.drift and record.drift.confirmed else 0,
        "approvable": record.reason is Reason.AWAITING_APPROVAL and record.plan is not None,
        "accepted_commit": record.accepted_commit,
        "applied_commit": record.applied_commit,
        "applied_at": time(record.applied_at),
        "checked_at": time(record.checked_at),
    }


def is_current(record: Record) -> bool:
    """Return whether the state is known to match what Git asks for now, whichever commit introduced that content."""
    applied = record.applied_digest is not None and record.applied_digest == record.desired_digest
    return applied and record.applied_source == record.instance.source_digest and record.removed is None


def detail(record: Record, now: datetime, freezes: Sequence[Freeze] = (), floor: Floor = NO_FLOOR) -> View:
    """Return everything about one instance, as `reconciler describe` shows it. `freezes` are all freezes in effect."""
    holding = [one for one in freezes if one.environment in (None, record.key.environment)]
    instance, failures, rollout, intent = record.instance, record.failures, record.rollout, record.intent
    conditions = shown.conditions(record)
    approval, rejection, override = record.approval, record.rejection, record.window_override
    return summary(record, now, floor) | {
        "labels": dict(sorted(instance.labels.items())),
        "manifest": {"path": instance.path, "line": instance.line},
        "depends_on": sorted(str(key) for key in instance.depends_on),
        "policy": {
            "mode": instance.policy.mode,
            "prune": instance.policy.prune,
            "interval_seconds": seconds(instance.policy.interval),
        },
        "floor": overruled(instance.policy, floor, now),
        "digests": {
            "source": instance.source_digest,
            "desired_source": record.desired_source,
            "desired": record.desired_digest,
            "applied_source": record.applied_source,
            "applied": record.applied_digest,
        },
        "terraform_tree": {
            "wanted": instance.tree_id,
            "running": record.base.tree_id if record.base else None,
            "held": record.promoted.held if record.promoted else None,
        },
        "conditions": [_condition(conditions[kind], now) for kind in ConditionType if kind in conditions],
        "failures": failures and {"count": failures.count, "last_at": time(failures.at)},
        "rollout": rollout
        and {
            "image": rollout.image,
            "started_at": time(rollout.started),
            "ended": rollout.ended.value if rollout.ended else None,
            "message": rollout.message,
        },
        "intent": intent
        and {
            "plan_digest": intent.plan_digest,
            "destroys": intent.destroys,
            "lock_seen": bool(intent.lock_id),
            "at": time(intent.at),
        },
        "authors": [dataclasses.asdict(one) for one in record.authors or ()],
        "approval_rule": {"people": floor.approvals, "author_may_approve": floor.author_may_approve},
        "approval": approval
        and {
            "plan_digest": approval.plan_digest,
            "by": approval.by,
            "at": time(approval.at),
            "people": [
                {"by": one.by, "at": time(one.at), "proven": one.proven}
                for one in record.approved_by(approval.plan_digest)
            ],
        },
        "rejection": rejection and {"plan_digest": rejection.plan_digest, "by": rejection.by, "at": time(rejection.at)},
        "window_override": override and {"by": override.by, "reason": override.reason, "at": time(override.at)},
        "frozen": freeze(holding[0]) if holding else None,
        "state": _state(record.state) if record.state else None,
        "requested_at": time(record.requested_at),
        "prune": {"guard": record.prune_guard, "confirmed": record.prune_confirmed},
        "plan": plan(record.plan),
        "drift": drift(record, now),
        "outputs": sorted(record.outputs),
    }


def freeze(found: Freeze) -> View:
    """Return a freeze with its author, time, reason and place; `environment` is null for everywhere."""
    return {"environment": found.environment, "by": found.by, "reason": found.reason, "at": time(found.at)}


def finished_pass(passed: Pass) -> View:
    """Return one pass, as history shows it."""
    return {
        "id": passed.id,
        "key": str(passed.key),
        "trigger": passed.trigger,
        "commit": passed.commit,
        "started_at": time(passed.started),
        "finished_at": time(passed.finished),
        "seconds": round((passed.finished - passed.started).total_seconds(), 3),
        "result": passed.result,
        "reason": passed.reason.value if passed.reason else None,
        "message": passed.message,
    }


def orphan(found: Orphan) -> View:
    """Return a state without a manifest and without a record."""
    state = found.state
    return {
        "key": str(state.key),
        "environment": state.key.environment,
        "name": state.key.name,
        "resources": found.resources,
        "bucket": state.bucket,
        "object": state.object,
        "modified_at": time(state.modified),
    }


def source(status: SourceStatus, now: datetime, problems: Sequence[Problem]) -> View:
    """Return the state of the source, with one page of its problems."""
    return {
        "commit": status.commit,
        "fetched_at": time(status.fetched_at),
        "age_seconds": age(status.fetched_at, now) if status.fetched_at else None,
        "error": status.error,
        "problems": [
            {"path": item.path, "line": item.line, "column": item.column, "message": item.message} for item in problems
        ],
        "problem_count": len(status.problems),
    }


def pulse(beat: Beat) -> View:
    """Return the daemon's liveness. A long pass is reported here and is never a failure by itself."""
    running: Mapping[Key, timedelta] = beat.running
    longest_first = sorted(running.items(), key=lambda item: (-item[1], item[0]))
    return {
        "loop_age_seconds": round(beat.loop_age.total_seconds(), 3),
        "ready": beat.ready,
        "stopping": beat.stopping,
        "queued": beat.queued,
        "running": [{"key": str(key), "seconds": seconds(spent)} for key, spent in longest_first],
    }


def _state(known: KnownState) -> View:
    permission = known.from_empty
    return _seen(known.seen) | {
        "adopted": known.adopted,
        "found": _seen(known.found) if known.found else None,
        "from_empty": permission and {"by": permission.by, "reason": permission.reason, "at": time(permission.at)},
    }


def _seen(state: StateSeen) -> View:
    return dataclasses.asdict(state.place) | dataclasses.asdict(state.version)


def _condition(condition: Condition, now: datetime) -> View:
    return {
        "type": condition.type.value,
        "status": condition.status,
        "reason": condition.reason.value,
        "message": condition.message,
        "since": time(condition.since),
        "age_seconds": age(condition.since, now),
    }
