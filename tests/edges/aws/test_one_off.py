"""One-off tasks on the AWS stand-in: of a service, and runs of a job on demand."""

import json
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from deploy.local import standin
from desired_state.instance import Instance
from reconciler.core.environment import Environment
from reconciler.core.ports.tasks import TaskRefused, TaskSeen
from reconciler.edges.aws.clients import AwsClients
from reconciler.edges.aws.one_off import SKIPPED, STARTED_BY, EcsOneOffTasks
from tests.core.instances import NOW, instance
from tests.edges.callers import caller

BACKFILL = ["node", "backfill.js", "--month", "5"]


@pytest.fixture
def where(aws: standin.StandIn) -> Iterator[Environment]:
    aws.set_rollout_delay(0)
    yield Environment("develop", "develop", "123456789012", aws.region, endpoint=aws.endpoint)
    aws.allow_deployments()
    aws.set_rollout_delay(3)


@pytest_asyncio.fixture
async def tasks(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EcsOneOffTasks]:
    found: AwsClients = caller(monkeypatch)
    yield EcsOneOffTasks(found)
    found.close()


@pytest.fixture
def outputs(aws: standin.StandIn) -> dict[str, Any]:
    """Return the outputs of a service that runs."""
    name = f"t{uuid.uuid4().hex[:10]}"
    ecs, ec2 = aws.client("ecs"), aws.client("ec2")
    ecs.create_cluster(clusterName=name)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/20")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name)["GroupId"]
    ecs.register_task_definition(
        family=name,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "orders", "image": "a/b:1"}],
    )
    network = {"subnets": [subnet], "securityGroups": [group], "assignPublicIp": "DISABLED"}
    ecs.create_service(
        cluster=name,
        serviceName="orders",
        taskDefinition=f"{name}:1",
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
    )
    aws.client("logs").create_log_group(logGroupName=f"/ecs/{name}")
    return {
        "cluster_name": name,
        "service_name": "orders",
        "container_name": "orders",
        "log_group_name": f"/ecs/{name}",
    }


def write_log(aws: standin.StandIn, outputs: dict[str, Any], task: str, *lines: str) -> None:
    logs, stream = aws.client("logs"), f"orders/orders/{task}"
    logs.create_log_stream(logGroupName=outputs["log_group_name"], logStreamName=stream)
    events = [{"timestamp": int(time.time() * 1000) + n, "message": line} for n, line in enumerate(lines)]
    logs.put_log_events(logGroupName=outputs["log_group_name"], logStreamName=stream, logEvents=events)


@pytest.mark.parametrize("code", [0, 1])
async def test_a_command_runs_once_with_the_revision_of_the_service_and_ends_with_its_code(
    aws: standin.StandIn, where: Environment, tasks: EcsOneOffTasks, outputs: dict[str, Any], code: int
) -> None:
    if code:
        aws.fail_deployments(outputs["cluster_name"], outputs["cluster_name"])
    task = await tasks.start(instance(), where, outputs, BACKFILL)
    (ran,) = aws.client("ecs").describe_tasks(cluster=outputs["cluster_name"], tasks=[task])["tasks"]
    assert ran["overrides"]["containerOverrides"] == [{"name": "orders", "command": BACKFILL}]
    assert (ran["startedBy"], ran["taskDefinitionArn"].rpartition("/")[2]) == (
        f"{STARTED_BY}/orders",
        f"{outputs['cluster_name']}:1",
    )
    write_log(aws, outputs, task, "one", "two")
    seen = await tasks.observe(instance(), where, outputs, task, None)
    assert (seen.ended, seen.exit_code, seen.lines) == (True, code, ["one", "two"])
    assert (await tasks.observe(instance(), where, outputs, task, seen.after)).lines == [], "each line once"


async def test_a_task_without_a_line_in_its_log_goes_on(
    aws: standin.StandIn, where: Environment, tasks: EcsOneOffTasks, outputs: dict[str, Any]
) -> None:
    aws.set_rollout_delay(3600)
    task = await tasks.start(instance(), where, outputs, BACKFILL)
    assert await tasks.observe(instance(), where, outputs, task, None) == TaskSeen(False, lines=())


async def test_a_task_of_another_kind_is_not_shown(
    aws: standin.StandIn, where: Environment, tasks: EcsOneOffTasks, outputs: dict[str, Any]
) -> None:
    ecs, cluster = aws.client("ecs"), outputs["cluster_name"]
    (service,) = ecs.describe_services(cluster=cluster, services=["orders"])["services"]
    found = ecs.run_task(
        cluster=cluster,
        taskDefinition=f"{cluster}:1",
        launchType="FARGATE",
        networkConfiguration=service["networkConfiguration"],
    )
    task = found["tasks"][0]["taskArn"].rpartition("/")[2]
    with pytest.raises(TaskRefused, match="was not started by run-task"):
        await tasks.observe(instance(), where, outputs, task, None)
    of_orders = await tasks.start(instance(), where, outputs, BACKFILL)
    with pytest.raises(TaskRefused, match="was not started by run-task of this service"):
        await tasks.observe(instance(), where, {**outputs, "service_name": "payments"}, of_orders, None)
    with pytest.raises(TaskRefused, match="the service does not exist in ECS"):
        await tasks.start(instance(), where, {**outputs, "service_name": "gone"}, BACKFILL)


@pytest.fixture
def report() -> Instance:
    return replace(instance(), kind="Job")


@pytest.fixture
def of_job(aws: standin.StandIn, outputs: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs of a job."""
    done = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
    role = "arn:aws:iam::123456789012:role/runs"
    made = aws.client("stepfunctions").create_state_machine(name=outputs["cluster_name"], definition=done, roleArn=role)
    return {**outputs, "state_machine_arn": made["stateMachineArn"]}


async def test_a_run_on_demand_is_an_execution_with_the_command_as_its_override(
    aws: standin.StandIn, where: Environment, tasks: EcsOneOffTasks, report: Instance, of_job: dict[str, Any]
) -> None:
    states = aws.client("stepfunctions")
    for command, overrides in (
        (BACKFILL, {"ContainerOverrides": [{"Name": "orders", "Command": BACKFILL}]}),
        ([], {}),
    ):
        run = await tasks.start(report, where, of_job, command)
        arn = of_job["state_machine_arn"].replace("stateMachine", "execution") + f":{run}"
        assert json.loads(states.describe_execution(executionArn=arn)["input"]) == {"overrides": overrides}
        assert not (await tasks.observe(report, where, of_job, run, None)).ended
        states.stop_execution(executionArn=arn)
        ended = await tasks.observe(report, where, of_job, run, None)
        assert (ended.ended, ended.exit_code) == (True, 1)
        assert "ABORTED" in ended.message
    with pytest.raises(TaskRefused, match="there is no task"):
        await tasks.observe(report, where, of_job, "run-task-unknown", None)


async def test_a_run_that_was_skipped_has_a_code_of_its_own(
    where: Environment, report: Instance, of_job: dict[str, Any]
) -> None:
    class Answers:
        async def call(self, place: Environment, service: str, operation: str, **_: Any) -> dict[str, Any]:
            return {"events": [], "status": "SUCCEEDED", "output": '{"skipped": true}', "startDate": NOW}

    seen = await EcsOneOffTasks(Answers()).observe(report, where, of_job, "run", None)  # type: ignore[arg-type]
    assert (seen.ended, seen.exit_code) == (True, SKIPPED)
    assert "another run of the job goes on" in seen.message
