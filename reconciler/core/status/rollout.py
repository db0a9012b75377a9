"""Rollouts in the fold: the state that ECS reports becomes the health and the headline of a service; and runs of jobs.

A service is ready while the wanted image runs in the wanted number of healthy tasks, and at no other time. That ECS
completed a deployment is not enough: it also completes one of the placeholder, with no task at all.

A job is ready while it is as Git asks. It is healthy until a run of what is applied now has failed, and again after the
next good one; runs from before the last apply do not count, for a fix starts over.
"""

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, assert_never

from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.floor import NO_FLOOR, Floor
from reconciler.core.live import LastRun, LiveService, RolloutState
from reconciler.core.record.model import Record, Rollout
from reconciler.core.status.conditions import ready
from reconciler.core.vocabulary import ConditionType, Health, Reason

_AS_GIT_ASKS = frozenset({Reason.APPLIED, Reason.IN_SYNC})
_NO_IMAGE = "no image was pushed to its repository yet"


def in_sync_without(record: Record, now: datetime) -> Record:
    """Return the record of an instance without a rollout whose plan is empty; a job stays as its last run left it."""
    if record.instance.kind == "Job" and record.health is Health.DEGRADED and record.reason in _AS_GIT_ASKS:
        return record
    return ready(record.replace(health=Health.HEALTHY), now, True, Reason.IN_SYNC, "")


def run_seen(record: Record, run: LastRun | None, now: datetime) -> Record:
    """Return the record after the last run of the job is known; None when there is none, or AWS does not say."""
    if record.reason not in _AS_GIT_ASKS:  # another headline stays
        return record
    counts = run is not None and record.applied_at is not None and run.started >= record.applied_at
    if run is not None and counts and run.failed:
        return ready(record.replace(health=Health.DEGRADED), now, True, record.reason, run.message)
    return ready(record.replace(health=Health.HEALTHY), now, True, record.reason, "")


def started(record: Record, outputs: Mapping[str, Any], image: str | None, now: datetime) -> Rollout:
    """Return the rollout that an apply began."""
    return Rollout(record.desired_digest or "", image, outputs.get("task_definition_arn"), now)


def begun(record: Record, image: str | None, now: datetime) -> Record:
    """Return the record of a service after an apply, with this image or still without one."""
    if image is None:
        return awaiting_first_image(record, now)
    return ready(record, now, False, Reason.PROGRESSING, "applied; ECS rolls it out")


def awaiting_first_image(record: Record, now: datetime, message: str = _NO_IMAGE) -> Record:
    """Return the record of a service that runs the placeholder."""
    return ready(record.replace(health=Health.UNKNOWN), now, False, Reason.AWAITING_FIRST_IMAGE, message)


def not_ready_before(record: Record, now: datetime) -> Record:
    """Return the record of a service that was ready for what Git asked before."""
    headline = record.condition(ConditionType.READY)
    if headline is None or not headline.status:
        return record
    return ready(record, now, False, Reason.PROGRESSING, "Git asks for a change that is not applied yet")


def seen(record: Record, live: LiveService, timeout: timedelta, now: datetime, floor: Floor = NO_FLOOR) -> Record:
    """Return the record after ECS reported the state of the service."""
    if live.has_placeholder and not (record.rollout and record.rollout.image):
        pushed = f"{live.newest} was pushed and is rolled out next"
        return awaiting_first_image(record, now, pushed if live.newest else _NO_IMAGE)
    tasks = f"{live.healthy} of {wanted_tasks(record, live, now, floor)} tasks run"
    match live.rollout:
        case RolloutState.COMPLETED:
            rollout = record.rollout
            if rollout and rollout.ended and rollout.task_definition != live.task_definition:
                return _degraded(record, live, rollout.ended, rollout.message, now)
            if missing := _missing(record, live, now, floor):
                return _under_way(record, live, missing, f"not as Git asks after {timeout}: {missing}", timeout, now)
            reason = Reason.APPLIED if record.reason in {Reason.PROGRESSING, Reason.APPLIED} else Reason.IN_SYNC
            return ready(record.replace(health=Health.HEALTHY, rollout=None), now, True, reason, tasks)
        case RolloutState.IN_PROGRESS:
            return _under_way(record, live, tasks, f"not rolled out after {timeout}: {live.message}", timeout, now)
        case RolloutState.ROLLED_BACK:
            return _degraded(record, live, Reason.ROLLED_BACK, live.message, now)
        case RolloutState.FAILED:
            return _degraded(record, live, Reason.ROLLOUT_FAILED, live.message, now)
        case RolloutState.ABSENT:
            absent = "the service does not exist in ECS"
            if record.rollout:  # ECS may show a new service a moment after it was created
                return _under_way(record, live, absent, f"not rolled out after {timeout}: {absent}", timeout, now)
            return ready(record.replace(health=Health.DEGRADED), now, False, Reason.MISSING_RESOURCE, absent)
        case _:
            assert_never(live.rollout)


def wanted_tasks(record: Record, live: LiveService, now: datetime, floor: Floor = NO_FLOOR) -> int:
    """Return how many tasks have to run: as many as ECS wants, and at least the smallest number of the manifest, that
    of its schedules included.

    After the first image ECS still wants none until autoscaling raised the count, which `RegisterScalableTarget` makes
    it do (Application Auto Scaling user guide, "Concepts"). A manifest whose rule ignores the minimum of autoscaling
    leaves the count to the owner of that rule.
    """
    spec = record.instance.spec
    rules = floor.ignored(record.instance.policy, now)
    ignored = any(rule.path == "min_capacity" and now.date() <= rule.until for rule in rules)
    return live.desired if ignored or not isinstance(spec, ServiceSpec) else max(live.desired, spec.scaling.fewest)


def _missing(record: Record, live: LiveService, now: datetime, floor: Floor) -> str | None:
    """Return what a service with a completed deployment lacks; None when it is as Git asks."""
    if live.runs_another_image:
        return f"{live.image or 'no image'} runs, not {live.newest or 'an image that is in the registry'}"
    if record.rollout and _revision(live.task_definition) < _revision(record.rollout.task_definition):
        return "ECS does not show the applied task definition yet"
    wanted = wanted_tasks(record, live, now, floor)
    if live.healthy >= wanted:
        return None
    unhealthy = " and are healthy" if live.healthy < live.running else ""
    return f"{live.healthy} of {wanted} tasks run{unhealthy}"


def _revision(task_definition: str | None) -> int:
    revision = (task_definition or "").rpartition(":")[2]
    return int(revision) if revision.isdecimal() else 0


def _under_way(
    record: Record, live: LiveService, message: str, too_long: str, timeout: timedelta, now: datetime
) -> Record:
    """Return the record of a service that is not as Git asks yet; after the time-out that counts as a failure."""
    rollout = record.rollout or _watched(record, live, now)
    if now - rollout.started > timeout:
        return _degraded(record, live, Reason.ROLLOUT_TIMEOUT, too_long, now)
    return ready(record.replace(health=Health.PROGRESSING, rollout=rollout), now, False, Reason.PROGRESSING, message)


def _watched(record: Record, live: LiveService, now: datetime) -> Rollout:
    return Rollout(record.desired_digest or "", live.image, live.task_definition, now)


def _degraded(record: Record, live: LiveService, reason: Reason, message: str, now: datetime) -> Record:
    rollout = dataclasses.replace(record.rollout or _watched(record, live, now), ended=reason, message=message)
    return ready(record.replace(health=Health.DEGRADED, rollout=rollout), now, False, reason, message)
