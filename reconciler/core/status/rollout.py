"""Rollouts in the fold: the state that ECS reports becomes the health and the headline of a service."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, assert_never

from reconciler.core.live import LiveService, RolloutState
from reconciler.core.record.model import Record, Rollout
from reconciler.core.status.conditions import ready
from reconciler.core.vocabulary import Health, Reason


def started(record: Record, outputs: Mapping[str, Any], image: str | None, now: datetime) -> Rollout:
    """Return the rollout that an apply began."""
    return Rollout(record.desired_digest or "", image, outputs.get("task_definition_arn"), now)


def seen(record: Record, live: LiveService, timeout: timedelta, now: datetime) -> Record:
    """Return the record after ECS reported the state of the service."""
    if live.newest is None:
        record = record.replace(health=Health.UNKNOWN)
        return ready(record, now, False, Reason.AWAITING_FIRST_IMAGE, "no image was pushed to its repository yet")
    rollout = record.rollout
    match live.rollout:
        case RolloutState.COMPLETED:
            if rollout and rollout.ended and rollout.task_definition != live.task_definition:
                return _degraded(record, live, rollout.ended, rollout.message, now)
            reason = Reason.APPLIED if record.reason in {Reason.PROGRESSING, Reason.APPLIED} else Reason.IN_SYNC
            record = record.replace(health=Health.HEALTHY, rollout=None)
            return ready(record, now, True, reason, f"{live.running} of {live.desired} tasks run")
        case RolloutState.IN_PROGRESS:
            started = rollout.started if rollout else now
            record = record.replace(rollout=rollout or _watched(record, live, now))
            if now - started > timeout:
                return _degraded(
                    record, live, Reason.ROLLOUT_TIMEOUT, f"not rolled out after {timeout}: {live.message}", now
                )
            message = f"{live.running} of {live.desired} tasks run"
            return ready(record.replace(health=Health.PROGRESSING), now, False, Reason.PROGRESSING, message)
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
    return ready(record.replace(health=Health.DEGRADED, rollout=rollout), now, False, reason, message)
