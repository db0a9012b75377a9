"""How an ECS service moves from one deployment to the next, as values and functions of time.

Nothing runs in the background: every reader first calls `advance` with the present time, and what should have
happened since the last look happens then, in order. Rules follow the rolling update of Amazon ECS: the newest
deployment is PRIMARY, older ones are ACTIVE until it completes, the circuit breaker marks a broken one FAILED
and, where rollback is on, starts a new deployment of the last task definition that completed.
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
    """The deployment circuit breaker as the service has it configured."""

    enabled: bool = False
    rollback: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    at: datetime
    message: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment. `settled` tasks ran before the last change of `desired`; the rest start a delay after it."""

    id: str
    task_definition: str
    desired: int
    settled: int
    scaled_at: datetime
    started_at: datetime
    updated_at: datetime
    failing: bool
    state: RolloutState
    reason: str

    def running(self, now: datetime, delay: timedelta) -> int:
        if self.failing:
            return 0
        return self.desired if now >= self.scaled_at + delay else min(self.settled, self.desired)

    def pending(self, now: datetime, delay: timedelta) -> int:
        return self.desired - self.running(now, delay)

    @property
    def failed_tasks(self) -> int:
        """The breaker's own threshold: half of the desired tasks, at least 3, at most 200."""
        return min(max(3, math.ceil(self.desired / 2)), 200) if self.state == "FAILED" else 0


@dataclass(frozen=True, slots=True)
class Rollout:
    """All deployments of one service: the primary, those it replaces (newest first), the last that completed."""

    service: str
    primary: Deployment
    breaker: Breaker
    replaced: tuple[Deployment, ...] = ()
    stable: Deployment | None = None
    events: tuple[Event, ...] = ()


def begin(
    service: str, task_definition: str, *, desired: int, failing: bool, breaker: Breaker, now: datetime
) -> Rollout:
    """The rollout of a service that was just created."""
    primary = _deployment(task_definition, desired=desired, failing=failing, now=now)
    return Rollout(service=service, primary=primary, breaker=breaker)


def deploy(rollout: Rollout, task_definition: str, *, failing: bool, now: datetime) -> Rollout:
    """A new deployment takes over; the one before keeps its running tasks until the new one completes."""
    primary = _deployment(task_definition, desired=rollout.primary.desired, failing=failing, now=now)
    return replace(rollout, primary=primary, replaced=_retire(rollout))


def scale(rollout: Rollout, desired: int, *, now: datetime, delay: timedelta) -> Rollout:
    """Another desired count is not another deployment."""
    if desired == rollout.primary.desired:
        return rollout
    settled = min(rollout.primary.running(now, delay), desired)
    primary = replace(rollout.primary, desired=desired, settled=settled, scaled_at=now, updated_at=now)
    return replace(rollout, primary=primary)


def configure(rollout: Rollout, breaker: Breaker) -> Rollout:
    return replace(rollout, breaker=breaker)


def advance(rollout: Rollout, *, now: datetime, delay: timedelta) -> Rollout:
    """Let everything happen that is due. Terminates: a rollback's deployment is never failing."""
    while rollout.primary.state == "IN_PROGRESS" and now >= (due := rollout.primary.started_at + delay):
        if not rollout.primary.failing or rollout.primary.desired == 0:
            rollout = _complete(rollout, due)
        elif rollout.breaker.enabled:
            rollout = _break(rollout, due)
        else:
            break  # without a breaker ECS keeps trying for ever
    primary = rollout.primary
    # What runs has started: a longer delay asked for later does not stop it again.
    return replace(rollout, primary=replace(primary, settled=primary.running(now, delay)))


def _complete(rollout: Rollout, at: datetime) -> Rollout:
    reason = f"ECS deployment {rollout.primary.id} completed."
    primary = replace(rollout.primary, state="COMPLETED", reason=reason, updated_at=at)
    finished = replace(rollout, primary=primary, replaced=(), stable=primary)
    if primary.desired:
        started = f"has started {primary.desired} tasks"
        finished = _say(finished, at, started)
    finished = _say(finished, at, f"(deployment {primary.id}) deployment completed.")
    return _say(finished, at, "has reached a steady state.")


def _break(rollout: Rollout, at: datetime) -> Rollout:
    reason = "ECS deployment circuit breaker: tasks failed to start."
    failed = replace(rollout.primary, state="FAILED", reason=reason, updated_at=at)
    broken = _say(
        replace(rollout, primary=failed), at, f"(deployment {failed.id}) deployment failed: tasks failed to start."
    )
    stable = rollout.stable
    if not rollout.breaker.rollback or stable is None:
        return broken
    back = _deployment(stable.task_definition, desired=failed.desired, failing=False, now=at)
    back = replace(back, reason=f"ECS deployment circuit breaker: rolling back to deploymentId {stable.id}.")
    rolling = replace(broken, primary=back, replaced=_retire(broken))
    return _say(rolling, at, f"rolling back to deployment {stable.id}.")


def _retire(rollout: Rollout) -> tuple[Deployment, ...]:
    """What stays ACTIVE: the running tasks of a completed deployment; of any other only its record."""
    before = rollout.primary
    if before.state != "COMPLETED":
        before = replace(before, desired=0, settled=0)
    return (before, *rollout.replaced)


def _deployment(task_definition: str, *, desired: int, failing: bool, now: datetime) -> Deployment:
    identity = f"ecs-svc/{uuid.uuid4().int % 10**19:019d}"
    return Deployment(
        id=identity,
        task_definition=task_definition,
        desired=desired,
        settled=0,
        scaled_at=now,
        started_at=now,
        updated_at=now,
        failing=failing,
        state="IN_PROGRESS",
        reason=f"ECS deployment {identity} in progress.",
    )


def _say(rollout: Rollout, at: datetime, message: str) -> Rollout:
    event = Event(id=str(uuid.uuid4()), at=at, message=f"(service {rollout.service}) {message}")
    return replace(rollout, events=(event, *rollout.events)[:EVENTS_KEPT])
