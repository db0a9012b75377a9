"""The last run of a job, from the executions of its state machine."""

import json
from collections.abc import Mapping
from typing import Any, Final

from reconciler.core.environment import Environment
from reconciler.core.live import LastRun
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.edges.aws.clients import DENIED, AwsClients, AwsFailed

_LOOKED_AT: Final = 10  # the newest executions: a job that is skipped more often in a row has a run that goes on


class StateMachineRuns:
    """Implements `core.ports.tasks.JobRuns` on Step Functions."""

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    async def last(self, environment: Environment, outputs: Mapping[str, Any]) -> LastRun | None:
        """Return the last run that has ended and was not skipped. Raises: LiveUnavailable."""
        machine = outputs.get("state_machine_arn")
        if machine is None:
            return None
        try:
            found = await self._clients.call(
                environment, "stepfunctions", "list_executions", stateMachineArn=machine, maxResults=_LOOKED_AT
            )
            for execution in found["executions"]:
                if execution["status"] == "RUNNING" or await self._was_skipped(execution, environment):
                    continue
                failed = execution["status"] != "SUCCEEDED"
                how = f"the run {execution['name']} ended with {execution['status']}"
                return LastRun(execution["startDate"], failed, how)
        except AwsFailed as failure:
            if failure.code in DENIED:
                return None
            raise LiveUnavailable(str(failure)) from failure
        return None

    async def _was_skipped(self, execution: Mapping[str, Any], environment: Environment) -> bool:
        if execution["status"] != "SUCCEEDED":
            return False
        arn = execution["executionArn"]
        seen = await self._clients.call(environment, "stepfunctions", "describe_execution", executionArn=arn)
        return "skipped" in json.loads(seen.get("output") or "{}")
