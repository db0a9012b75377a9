"""Rollouts of an ECS service as values and pure functions of time.

Nothing runs in the background: every reader first calls `advance` with the current time, which applies all events since
the last call, in order. Rules follow the rolling update of Amazon ECS: the newest deployment is PRIMARY, older ones are
ACTIVE until it completes, the circuit breaker marks a broken one FAILED and, with rollback enabled, starts a new
deployment of the last task definition that completed.
"""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

RolloutState = Literal["IN_PROGRESS", "COMPLETED", "FAILED"]
EVENTS_KEPT = 100  # as many as DescribeServices returns


@dataclass(frozen=True, slots=True)
class Breaker:
    """The deployment circuit breaker as configured in the service."""

    enabled: bool = False
    rollback: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    at: datetime
    message: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment. `started` tasks ran before `desired` last changed; the others start one delay after it.

    `revision` is the deployment that the settings of the service were made for: another one after a rollback.
    """

    id: str
    revision: str
    task_definition: str
    desired: int
    started: int
    scaled_at: datetime
    started_at: datetime
    updated_at: datetime
    failing: bool
    state: RolloutState
    reason: str

    def running(self, now: datetime, delay: timedelta) -> int:
        if self.failing:
            return 0
        return self.desired if now >= self.scaled_at + delay else min(self.started, self.desired)

    def pending(self, now: datetime, delay: timedelta) -> int:
        return self.desired - self.running(now, delay)

    @property
    def failed_tasks(self) -> int:
        """Return the failed tasks of a FAILED deployment: the breaker's threshold, half of desired, from 3 to 200."""
        return min(max(3, math.ceil(self.desired / 2)), 200) if self.state == "FAILED" else 0


@dataclass(frozen=True, slots=True)
class Rollout:
    """All deployments of one service: the primary, the replaced ones (newest first), the last that completed."""

    service: str
    primary: Deployment
    breaker: Breaker
    replaced: tuple[Deployment, ...] = ()
    stable: Deployment | None = None
    events: tuple[Event, ...] = ()


def begin(
    service: str, task_definition: str, *, desired: int, failing: bool, breaker: Breaker, now: datetime
) -> Rollout:
    """Start the rollout of a new service."""
    primary = _deployment(task_definition, desired=desired, failing=failing, now=now)
    return Rollout(service=service, primary=primary, breaker=breaker)


def deploy(rollout: Rollout, task_definition: str, *, failing: bool, now: datetime) -> Rollout:
    """Start a new deployment; the previous one keeps its running tasks until the new one completes."""
    primary = _deployment(task_definition, desired=rollout.primary.desired, failing=failing, now=now)
    return replace(rollout, primary=primary, replaced=_retire(rollout))


def scale(rollout: Rollout, desired: int, *, now: datetime, delay: timedelta) -> Rollout:
    """Change the desired count within the current deployment."""
    if desired == rollout.primary.desired:
        return rollout
    started = min(rollout.primary.running(now, delay), desired)
    primary = replace(rollout.primary, desired=desired, started=started, scaled_at=now, updated_at=now)
    return replace(rollout, primary=primary)


def configure(rollout: Rollout, breaker: Breaker) -> Rollout:
    return replace(rollout, breaker=breaker)


def advance(rollout: Rollout, *, now: datetime, delay: timedelta) -> Rollout:
    """Apply all events that are due at `now`. Terminates, because a rollback's deployment never fails."""
    while rollout.primary.state == "IN_PROGRESS" and now >= (due := rollout.primary.started_at + delay):
        if not rollout.primary.failing or rollout.primary.desired == 0:
            rollout = _complete(rollout, due)
        elif rollout.breaker.enabled:
            rollout = _break(rollout, due)
        else:
            break  # without a breaker ECS retries forever
    primary = rollout.primary
    # Running tasks count as started, so that a longer delay set later does not stop them again.
    return replace(rollout, primary=replace(primary, started=primary.running(now, delay)))


def _complete(rollout: Rollout, at: datetime) -> Rollout:
    reason = f"ECS deployment {rollout.primary.id} completed."
    primary = replace(rollout.primary, state="COMPLETED", reason=reason, updated_at=at)
    finished = replace(rollout, primary=primary, replaced=(), stable=primary)
    if primary.desired:
        finished = _add_event(finished, at, f"has started {primary.desired} tasks")
    finished = _add_event(finished, at, f"(deployment {primary.id}) deployment completed.")
    return _add_event(finished, at, "has reached a steady state.")


def _break(rollout: Rollout, at: datetime) -> Rollout:
    reason = "ECS deployment circuit breaker: tasks failed to start."
    failed = replace(rollout.primary, state="FAILED", reason=reason, updated_at=at)
    broken = _add_event(
        replace(rollout, primary=failed), at, f"(deployment {failed.id}) deployment failed: tasks failed to start."
    )
    stable = rollout.stable
    if not rollout.breaker.rollback or stable is None:
        return broken
    rollback = _deployment(stable.task_definition, desired=failed.desired, failing=False, now=at)
    reason = f"ECS deployment circuit breaker: rolling back to deploymentId {stable.id}."
    rollback = replace(rollback, revision=stable.revision, reason=reason)
    rolling_back = replace(broken, primary=rollback, replaced=_retire(broken))
    return _add_event(rolling_back, at, f"rolling back to deployment {stable.id}.")


def _retire(rollout: Rollout) -> tuple[Deployment, ...]:
    """Return the deployments that stay ACTIVE; the previous primary keeps its tasks only if it had completed."""
    previous = rollout.primary
    if previous.state != "COMPLETED":
        previous = replace(previous, desired=0, started=0)
    return (previous, *rollout.replaced)


def _deployment(task_definition: str, *, desired: int, failing: bool, now: datetime) -> Deployment:
    identity = f"ecs-svc/{uuid.uuid4().int % 10**19:019d}"
    return Deployment(
        id=identity,
        revision=identity,
        task_definition=task_definition,
        desired=desired,
        started=0,
        scaled_at=now,
        started_at=now,
        updated_at=now,
        failing=failing,
        state="IN_PROGRESS",
        reason=f"ECS deployment {identity} in progress.",
    )


def _add_event(rollout: Rollout, at: datetime, message: str) -> Rollout:
    event = Event(id=str(uuid.uuid4()), at=at, message=f"(service {rollout.service}) {message}")
    return replace(rollout, events=(event, *rollout.events)[:EVENTS_KEPT])
