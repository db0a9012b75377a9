"""One-off tasks on ECS: of a service as a task of its running revision, of a job as an execution of its state machine.

A task of a service has the revision, the network and the roles that the service has at this moment; only the command of
its own container differs. A run of a job on demand takes its turn like one of the schedule.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from desired_state.instance import Instance
from reconciler.core.environment import Environment
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.tasks import TaskRefused, TaskSeen
from reconciler.edges.aws.clients import AwsClients, AwsFailed

STARTED_BY: Final = "reconciler/run-task"
SKIPPED: Final = 75  # EX_TEMPFAIL of sysexits.h: try again later
_UNKNOWN: Final = frozenset({"ExecutionDoesNotExist", "InvalidParameterException", "InvalidArn"})
_NO_LOG_YET: Final = frozenset({"ResourceNotFoundException"})

_Outputs = Mapping[str, Any]


class EcsOneOffTasks:
    """Implements `core.ports.tasks.OneOffTasks` on ECS and Step Functions."""

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    async def start(
        self, instance: Instance, environment: Environment, outputs: _Outputs, command: Sequence[str]
    ) -> str:
        """Start the task. Returns its id. Raises: TaskRefused, LiveUnavailable."""
        try:
            if instance.kind == "Job":
                return await self._start_run(environment, outputs, command)
            return await self._start_task(environment, outputs, command)
        except AwsFailed as failure:
            raise LiveUnavailable(str(failure)) from failure

    async def observe(
        self, instance: Instance, environment: Environment, outputs: _Outputs, task: str, after: str | None
    ) -> TaskSeen:
        """Return the task as it is now. Raises: TaskRefused, LiveUnavailable."""
        try:
            if instance.kind == "Job":
                return await self._run(environment, outputs, task, after)
            return await self._task(environment, outputs, task, after)
        except AwsFailed as failure:
            if failure.code in _UNKNOWN:
                raise TaskRefused(f"there is no task {task}") from None
            raise LiveUnavailable(str(failure)) from failure

    async def _start_task(self, environment: Environment, outputs: _Outputs, command: Sequence[str]) -> str:
        cluster, name = outputs["cluster_name"], outputs["service_name"]
        found = await self._clients.call(environment, "ecs", "describe_services", cluster=cluster, services=[name])
        service = next((one for one in found["services"] if one["status"] == "ACTIVE"), None)
        if service is None:
            raise TaskRefused("the service does not exist in ECS, so there is no revision to run")
        started = await self._clients.call(
            environment,
            "ecs",
            "run_task",
            cluster=cluster,
            taskDefinition=service["taskDefinition"],
            launchType="FARGATE",
            count=1,
            startedBy=_started_by(name),
            networkConfiguration=service["networkConfiguration"],
            propagateTags="TASK_DEFINITION",
            overrides={"containerOverrides": [{"name": outputs["container_name"], "command": list(command)}]},
        )
        if not started["tasks"]:
            reasons = ", ".join(failure.get("reason", "unknown") for failure in started.get("failures", ()))
            raise TaskRefused(f"the task did not start: {reasons}")
        return str(started["tasks"][0]["taskArn"]).rpartition("/")[2]

    async def _task(self, environment: Environment, outputs: _Outputs, task: str, after: str | None) -> TaskSeen:
        cluster, container = outputs["cluster_name"], outputs["container_name"]
        found = await self._clients.call(environment, "ecs", "describe_tasks", cluster=cluster, tasks=[task])
        if not found["tasks"]:
            raise TaskRefused(f"there is no task {task} of the service any more")
        seen = found["tasks"][0]
        if seen.get("startedBy") != _started_by(outputs["service_name"]):
            raise TaskRefused(f"{task} was not started by run-task of this service")
        lines, following = await self._log(
            environment, outputs["log_group_name"], f"{container}/{container}/{task}", after
        )
        if seen["lastStatus"] != "STOPPED":
            return TaskSeen(False, lines=lines, after=following)
        own: Mapping[str, Any] = next((one for one in seen["containers"] if one["name"] == container), {})
        why = own.get("reason") or seen.get("stoppedReason") or "ECS gives no reason"
        return TaskSeen(True, own.get("exitCode"), str(why), lines, following)

    async def _log(
        self, environment: Environment, group: str, stream: str, after: str | None
    ) -> tuple[Sequence[str], str | None]:
        more = {"nextToken": after} if after else {}
        try:
            found = await self._clients.call(
                environment,
                "logs",
                "get_log_events",
                logGroupName=group,
                logStreamName=stream,
                startFromHead=True,
                **more,
            )
        except AwsFailed as failure:
            if failure.code in _NO_LOG_YET:  # the stream begins with the first line
                return (), after
            raise
        return [str(event["message"]) for event in found["events"]], found.get("nextForwardToken") or after

    async def _start_run(self, environment: Environment, outputs: _Outputs, command: Sequence[str]) -> str:
        container = {"Name": outputs["container_name"], "Command": list(command)}
        overrides = {"ContainerOverrides": [container]} if command else {}
        name = f"run-task-{uuid.uuid4()}"
        await self._clients.call(
            environment,
            "stepfunctions",
            "start_execution",
            stateMachineArn=outputs["state_machine_arn"],
            name=name,
            input=json.dumps({"overrides": overrides}),
        )
        return name

    async def _run(self, environment: Environment, outputs: _Outputs, run: str, after: str | None) -> TaskSeen:
        arn = outputs["state_machine_arn"].replace(":stateMachine:", ":execution:", 1) + f":{run}"
        seen = await self._clients.call(environment, "stepfunctions", "describe_execution", executionArn=arn)
        lines, following = await self._since(environment, outputs["log_group_name"], seen["startDate"], after)
        match seen["status"]:
            case "RUNNING":
                return TaskSeen(False, lines=lines, after=following)
            case "SUCCEEDED" if "skipped" in json.loads(seen.get("output") or "{}"):
                return TaskSeen(True, SKIPPED, "skipped: another run of the job goes on", lines, following)
            case "SUCCEEDED":
                return TaskSeen(True, 0, "", lines, following)
            case status:
                why = seen.get("error") or status
                return TaskSeen(True, 1, f"the run ended with {why}; its history is {arn}", lines, following)

    async def _since(
        self, environment: Environment, group: str, started: Any, after: str | None
    ) -> tuple[Sequence[str], str]:
        """Return the lines of the job's log since a moment: the task of a run is known to its state machine only."""
        since = int(after) if after and after.isdecimal() else int(started.timestamp() * 1000)
        found = await self._clients.call(
            environment, "logs", "filter_log_events", logGroupName=group, startTime=since, limit=1000
        )
        latest = max((int(event["timestamp"]) + 1 for event in found["events"]), default=since)
        return [str(event["message"]) for event in found["events"]], str(latest)


def _started_by(service: str) -> str:
    """Return what a task is marked with: a cluster holds those of other services, which may be another tenant's.

    Source: Amazon ECS API reference, RunTask, startedBy: 128 letters, digits, hyphens, slashes and underscores."""
    return f"{STARTED_BY}/{service}"
