"""ECS: standalone tasks that end.

moto sums the memory of a task's containers, which on Fargate need none of their own. Its tasks run forever, or step
through their final states with each call. Here a task ends one rollout delay after the first DescribeTasks that returns
it, with exit code 0, or 1 when a rule makes its family fail. Source: the API reference of Task.
"""

from __future__ import annotations

from typing import Any

from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from deploy.local.standin.patches import services
from deploy.local.standin.patches.patch import Invocation, Patch


def run_task(invocation: Invocation) -> Any:
    definition = services.backend_of(invocation).describe_task_definition(invocation.parameter("taskDefinition"))
    lacking = [each for each in definition.container_definitions if not {"memory", "memoryReservation"} & each.keys()]
    for container in lacking:
        container["memory"] = 0
    try:
        return invocation.proceed()
    finally:
        for container in lacking:
            del container["memory"]


def describe_tasks(invocation: Invocation) -> Any:
    backend = services.backend_of(invocation)
    answer = invocation.proceed()
    for cluster_tasks in backend.tasks.values():
        for task in cluster_tasks.values():
            if any(str(wanted).endswith(task.id) for wanted in invocation.parameter("tasks", [])):
                _refresh(task, backend, invocation)
    return answer


def _refresh(task: Any, backend: EC2ContainerServiceBackend, invocation: Invocation) -> None:
    if task.desired_status == "STOPPED":  # it ended or was stopped
        task.last_status = "STOPPED"
        return
    now = invocation.rules.now()
    task.standin_started = getattr(task, "standin_started", now)
    ended = now >= task.standin_started + invocation.rules.delay
    task.last_status = "STOPPED" if ended else "RUNNING"
    for container in task.containers:
        container.last_status = task.last_status
        container.exitCode = _exit_code(task, backend, invocation) if ended else None
    if ended:
        task.desired_status = "STOPPED"
        task.stopped_reason = "Essential container in task exited"


def _exit_code(task: Any, backend: EC2ContainerServiceBackend, invocation: Invocation) -> int:
    definition = backend.describe_task_definition(task.task_definition_arn)
    images = [str(container.get("image", "")) for container in definition.container_definitions]
    return int(invocation.rules.fails(task.cluster_name, definition.family, images))


PATCHES = (
    Patch("ecs", "RunTask", "containers without memory are refused", EC2ContainerServiceResponse, run_task),
    Patch("ecs", "DescribeTasks", "tasks never end", EC2ContainerServiceResponse, describe_tasks),
)
