"""ECS: tasks that run on their own and end.

moto adds up the memory of a task's containers, which on Fargate need none of their own. Its tasks run for ever, or walk
through the states of their end whenever somebody looks. Here a task ends one rollout delay after it was first looked
at, with 0, or with 1 where its family is to fail. Source: the API reference of Task.
"""

from __future__ import annotations

from typing import Any

from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from deploy.local.standin.patches import services
from deploy.local.standin.patches.patch import Act, Patch


def run_task(act: Act) -> Any:
    definition = services.backend_of(act).describe_task_definition(act.parameter("taskDefinition"))
    without = [one for one in definition.container_definitions if not {"memory", "memoryReservation"} & one.keys()]
    for container in without:
        container["memory"] = 0
    try:
        return act.proceed()
    finally:
        for container in without:
            del container["memory"]


def describe_tasks(act: Act) -> Any:
    backend = services.backend_of(act)
    answer = act.proceed()
    for cluster_tasks in backend.tasks.values():
        for task in cluster_tasks.values():
            if any(str(wanted).endswith(task.id) for wanted in act.parameter("tasks", [])):
                _bring_up_to_date(task, backend, act)
    return answer


def _bring_up_to_date(task: Any, backend: EC2ContainerServiceBackend, act: Act) -> None:
    if task.desired_status == "STOPPED":  # it ended, or somebody stopped it
        task.last_status = "STOPPED"
        return
    now = act.rules.now()
    task.standin_started = getattr(task, "standin_started", now)
    ended = now >= task.standin_started + act.rules.delay
    task.last_status = "STOPPED" if ended else "RUNNING"
    for container in task.containers:
        container.last_status = task.last_status
        container.exitCode = _exit_code(task, backend, act) if ended else None
    if ended:
        task.desired_status = "STOPPED"
        task.stopped_reason = "Essential container in task exited"


def _exit_code(task: Any, backend: EC2ContainerServiceBackend, act: Act) -> int:
    definition = backend.describe_task_definition(task.task_definition_arn)
    images = [str(container.get("image", "")) for container in definition.container_definitions]
    return int(act.rules.fails(task.cluster_name, definition.family, images))


PATCHES = (
    Patch("ecs", "RunTask", "containers without memory are a mistake", EC2ContainerServiceResponse, run_task),
    Patch("ecs", "DescribeTasks", "tasks never end by themselves", EC2ContainerServiceResponse, describe_tasks),
)
