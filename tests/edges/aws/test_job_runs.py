"""The last run of a job, from the executions of the AWS stand-in."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from deploy.local import standin
from reconciler.core.environment import Environment
from reconciler.edges.aws.clients import AwsFailed
from reconciler.edges.aws.job_runs import StateMachineRuns
from tests.core.instances import DEVELOP, NOW
from tests.edges.callers import caller

MACHINE = {"state_machine_arn": "arn:aws:states:eu-central-1:123456789012:stateMachine:develop-report"}


class Answers:
    """Step Functions with these executions, the newest first; a name in `skipped` did nothing."""

    def __init__(self, *statuses: str, skipped: tuple[int, ...] = (), denied: bool = False) -> None:
        self.statuses, self.skipped, self.denied = statuses, skipped, denied

    async def call(self, place: Environment, service: str, operation: str, **given: Any) -> Mapping[str, Any]:
        if self.denied:
            raise AwsFailed("AccessDeniedException", "no", operation=operation)
        if operation == "describe_execution":
            return {"output": json.dumps({"skipped": True} if int(given["executionArn"]) in self.skipped else {})}
        return {
            "executions": [
                {"name": f"r{number}", "executionArn": str(number), "status": status, "startDate": NOW}
                for number, status in enumerate(self.statuses)
            ]
        }


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (Answers(), None),
        (Answers("RUNNING"), None),
        (Answers("RUNNING", "SUCCEEDED"), ("r1", False)),
        (Answers("FAILED", "SUCCEEDED"), ("r0", True)),
        (Answers("TIMED_OUT"), ("r0", True)),
        (Answers("SUCCEEDED", "FAILED", skipped=(0,)), ("r1", True)),
        (Answers("FAILED", denied=True), None),
    ],
)
async def test_the_newest_run_that_did_something_counts(answers: Answers, expected: tuple[str, bool] | None) -> None:
    found = await StateMachineRuns(answers).last(DEVELOP, MACHINE)  # type: ignore[arg-type]
    assert (found and (found.message.split()[2], found.failed)) == expected
    assert await StateMachineRuns(answers).last(DEVELOP, {}) is None, "its root was not applied yet"  # type: ignore[arg-type]


async def test_the_executions_of_the_stand_in_are_read(aws: standin.StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    states, where = aws.client("stepfunctions"), Environment("develop", "develop", "123456789012", aws.region)
    done = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
    role = "arn:aws:iam::123456789012:role/runs"
    machine = states.create_state_machine(name="of-job-runs", definition=done, roleArn=role)["stateMachineArn"]
    run = states.start_execution(stateMachineArn=machine)["executionArn"]
    clients = caller(monkeypatch)
    there = Environment(where.name, "develop", where.account, where.region, endpoint=aws.endpoint)
    assert await StateMachineRuns(clients).last(there, {"state_machine_arn": machine}) is None
    states.stop_execution(executionArn=run)
    found = await StateMachineRuns(clients).last(there, {"state_machine_arn": machine})
    clients.close()
    assert found is not None
    assert (found.failed, "ABORTED" in found.message) == (True, True)
