"""One-off tasks on request: which instances have some, and what a request needs before AWS is asked."""

import shlex
from collections.abc import Sequence

from desired_state.instance import Key
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.control import ActionRefused
from reconciler.core.ports.tasks import OneOffTasks, TaskRefused, TaskSeen
from reconciler.core.principal import Principal
from reconciler.core.record.audit import Act
from reconciler.core.record.model import Record
from reconciler.engine.requests import check_reason
from reconciler.engine.world import World

RUN_TASK = "run-task"


def act_of(key: Key, command: Sequence[str], world: World, *, by: Principal, reason: str | None, peer: str) -> Act:
    """Return the request for the audit, with its command, in which secrets are hidden."""
    record = world.records.get(key)
    said = world.redactor.text(shlex.join(command))
    commit = record.accepted_commit if record else None
    return Act(RUN_TASK, str(key), by.name, by.proof, peer, reason, None, commit, (f"command {said}",) if said else ())


def check(record: Record, command: Sequence[str], act: Act, world: World) -> None:
    """Raise ActionRefused for a request that cannot be carried out."""
    key, kind = record.key, record.instance.kind
    if kind not in {"Service", "Job"}:
        raise ActionRefused(f"{key} is a {kind}: only a Service and a Job have tasks")
    if record.base is None or not record.outputs:
        raise ActionRefused(f"{key} was not applied yet, so there is nothing to run")
    if kind == "Service" and not command:
        raise ActionRefused(f"{key} is a Service: write the command after --")
    check_reason(act, world.floor(key.environment))
    if world.environments[key.environment].tier == "prod" and not act.reason:
        raise ActionRefused(f"{RUN_TASK} of {key} needs a reason in the tier prod: add --reason", code="reason_missing")


async def start(record: Record, command: Sequence[str], world: World) -> str:
    """Start a task. Returns its id. Raises: ActionRefused."""
    tasks, environment = _tasks(world), world.environments[record.key.environment]
    try:
        return await tasks.start(record.instance, environment, record.outputs, command)
    except (TaskRefused, LiveUnavailable) as refusal:
        raise ActionRefused(f"{record.key}: {refusal}") from None


async def observe(record: Record, task: str, after: str | None, world: World) -> TaskSeen:
    """Return a task as it is now. Raises: ActionRefused."""
    tasks, environment = _tasks(world), world.environments[record.key.environment]
    try:
        return await tasks.observe(record.instance, environment, record.outputs, task, after)
    except (TaskRefused, LiveUnavailable) as refusal:
        raise ActionRefused(f"{record.key}: {refusal}") from None


def _tasks(world: World) -> OneOffTasks:
    if world.tasks is None:
        raise ActionRefused("this daemon starts no tasks")
    return world.tasks
