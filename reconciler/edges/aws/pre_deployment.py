"""The pre-deployment task, such as a migration: started once, and waited for until it ends.

Two tasks of the same content never run at once: a task that a stopped daemon left running is found by its token and
waited for. Only its own time-out stops a task.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from reconciler.core.environment import Environment
from reconciler.core.plan.deployment import FirstTask
from reconciler.core.ports.aws import PreparationFailed
from reconciler.core.vocabulary import Reason
from reconciler.edges.aws.clients import AwsClients, AwsFailed

_POLL = timedelta(seconds=5)


class EcsFirstTasks:
    """Implements `core.ports.aws.FirstTasks` on ECS."""

    def __init__(self, clients: AwsClients, *, poll: timedelta = _POLL) -> None:
        self._clients = clients
        self._poll = poll.total_seconds()

    async def run(self, task: FirstTask, environment: Environment) -> None:
        """Start the task, unless it runs already, and wait for exit code 0. Raises: PreparationFailed."""
        try:
            arn = await self._running(task, environment) or await self._start(task, environment)
            ended = await self._wait(arn, task, environment)
        except AwsFailed as failure:
            raise _failed(f"the pre-deployment task: {failure}") from failure
        containers: Sequence[Mapping[str, Any]] = ended.get("containers", ())
        container = next((one for one in containers if one.get("name") == task.container), {})
        if container.get("exitCode") != 0:
            raise _failed(f"the pre-deployment task {_end(ended, container)}; {_where(task, arn)}")

    async def _running(self, task: FirstTask, environment: Environment) -> str | None:
        found = await self._clients.call(
            environment, "ecs", "list_tasks", cluster=task.cluster, startedBy=task.token, desiredStatus="RUNNING"
        )
        return next(iter(found["taskArns"]), None)

    async def _start(self, task: FirstTask, environment: Environment) -> str:
        registered = await self._clients.call(environment, "ecs", "register_task_definition", **task.definition)
        network = {
            "subnets": list(task.subnets),
            "securityGroups": list(task.security_groups),
            "assignPublicIp": "DISABLED",
        }
        started = await self._clients.call(
            environment,
            "ecs",
            "run_task",
            cluster=task.cluster,
            taskDefinition=registered["taskDefinition"]["taskDefinitionArn"],
            launchType="FARGATE",
            count=1,
            startedBy=task.token,
            clientToken=f"{task.token}-{int(time.time())}",
            networkConfiguration={"awsvpcConfiguration": network},
            propagateTags="TASK_DEFINITION",
        )
        if not started["tasks"]:
            reasons = ", ".join(failure.get("reason", "unknown") for failure in started.get("failures", ()))
            raise _failed(f"the pre-deployment task did not start: {reasons}")
        return str(started["tasks"][0]["taskArn"])

    async def _wait(self, arn: str, task: FirstTask, environment: Environment) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(task.timeout.total_seconds()):
                while True:
                    found = await self._clients.call(
                        environment, "ecs", "describe_tasks", cluster=task.cluster, tasks=[arn]
                    )
                    if not found["tasks"]:
                        raise _failed(f"the pre-deployment task is not in ECS any more; {_where(task, arn)}")
                    if found["tasks"][0]["lastStatus"] == "STOPPED":
                        stopped: Mapping[str, Any] = found["tasks"][0]
                        return stopped
                    await asyncio.sleep(self._poll)
        except TimeoutError:
            reason = f"it did not end within {task.timeout}"
            await self._clients.call(environment, "ecs", "stop_task", cluster=task.cluster, task=arn, reason=reason)
            raise _failed(f"the pre-deployment task was stopped: {reason}; {_where(task, arn)}") from None


def _failed(message: str) -> PreparationFailed:
    return PreparationFailed(Reason.APPLY_FAILED, f"{message}; nothing was changed")


def _end(ended: Mapping[str, Any], container: Mapping[str, Any]) -> str:
    """Describe the end of the task: the exit code of its program, or why it never ran."""
    if container.get("exitCode") is not None:
        return f"ended with exit code {container['exitCode']}"
    return f"did not run: {container.get('reason') or ended.get('stoppedReason') or 'ECS gives no reason'}"


def _where(task: FirstTask, arn: str) -> str:
    stream = f"{task.logs['awslogs-stream-prefix']}/{task.container}/{arn.rpartition('/')[2]}"
    return f"its log is {stream} in {task.logs['awslogs-group']}"
