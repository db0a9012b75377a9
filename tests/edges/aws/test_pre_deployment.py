"""The pre-deployment task on the AWS stand-in."""

import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
import pytest_asyncio

from deploy.local import standin
from reconciler.core.environment import Environment
from reconciler.core.plan.deployment import FirstTask
from reconciler.core.ports.aws import PreparationFailed
from reconciler.core.vocabulary import Reason
from reconciler.edges.aws.clients import AwsClients
from reconciler.edges.aws.pre_deployment import EcsFirstTasks
from tests.edges.callers import caller

SOON = timedelta(milliseconds=50)


@pytest.fixture
def where(aws: standin.StandIn) -> Iterator[Environment]:
    aws.set_rollout_delay(0)
    yield Environment("develop", "develop", "123456789012", aws.region, endpoint=aws.endpoint)
    aws.allow_deployments()
    aws.lift_faults()
    aws.set_rollout_delay(3)


@pytest_asyncio.fixture
async def clients(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AwsClients]:
    found = caller(monkeypatch)
    yield found
    found.close()


@pytest.fixture
def task(aws: standin.StandIn) -> FirstTask:
    name = f"t{uuid.uuid4().hex[:10]}"
    aws.client("ecs").create_cluster(clusterName=name)
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/20")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name)["GroupId"]
    logs = {
        "logDriver": "awslogs",
        "options": {"awslogs-group": f"/ecs/{name}", "awslogs-stream-prefix": "pre-deployment"},
    }
    definition = {
        "family": f"{name}-pre-deployment",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [
            {"name": "orders", "image": "a/b:1", "command": ["migrate"], "logConfiguration": logs},
        ],
        "tags": [{"key": "Service", "value": "orders"}],
    }
    return FirstTask(definition, name, (subnet,), (group,), uuid.uuid4().hex, timedelta(minutes=1))


async def test_exit_code_0_lets_the_deployment_continue(
    aws: standin.StandIn, where: Environment, clients: AwsClients, task: FirstTask
) -> None:
    await EcsFirstTasks(clients, poll=SOON).run(task, where)
    ecs = aws.client("ecs")
    (arn,) = ecs.list_tasks(cluster=task.cluster, desiredStatus="STOPPED")["taskArns"]
    (ran,) = ecs.describe_tasks(cluster=task.cluster, tasks=[arn])["tasks"]
    assert f"{task.family}:1" in ran["taskDefinitionArn"]
    assert ran["startedBy"] == task.token
    assert ran["attachments"][0]["details"][0] == {"name": "subnetId", "value": task.subnets[0]}


async def test_a_failed_task_reports_its_exit_code_and_its_log(
    aws: standin.StandIn, where: Environment, clients: AwsClients, task: FirstTask
) -> None:
    aws.fail_deployments(task.cluster, task.family)
    with pytest.raises(PreparationFailed) as failure:
        await EcsFirstTasks(clients, poll=SOON).run(task, where)
    assert failure.value.reason == Reason.APPLY_FAILED
    assert "ended with exit code 1" in failure.value.message
    assert f"in /ecs/{task.cluster}" in failure.value.message
    assert "pre-deployment/orders/" in failure.value.message
    assert "nothing was changed" in failure.value.message


async def test_a_task_that_exceeds_its_time_out_is_stopped(
    aws: standin.StandIn, where: Environment, clients: AwsClients, task: FirstTask
) -> None:
    aws.set_rollout_delay(3600)
    slow = FirstTask(
        task.definition, task.cluster, task.subnets, task.security_groups, task.token, timedelta(seconds=1)
    )
    with pytest.raises(PreparationFailed, match="did not end within 0:00:01"):
        await EcsFirstTasks(clients, poll=SOON).run(slow, where)
    assert aws.client("ecs").list_tasks(cluster=task.cluster, desiredStatus="RUNNING")["taskArns"] == []


async def test_a_running_task_is_waited_for_and_not_started_again(
    aws: standin.StandIn, where: Environment, clients: AwsClients, task: FirstTask
) -> None:
    aws.set_rollout_delay(3600)
    runner = EcsFirstTasks(clients, poll=SOON)
    started = await runner._start(task, where)
    assert await runner._running(task, where) == started
    aws.set_rollout_delay(0)
    await runner.run(task, where)
    assert aws.client("ecs").list_tasks(cluster=task.cluster)["taskArns"] == [started]


async def test_an_unavailable_aws_fails_the_preparation(
    aws: standin.StandIn, where: Environment, clients: AwsClients, task: FirstTask
) -> None:
    aws.inject_fault("ecs", "error", operation="RunTask", status=503)
    with pytest.raises(PreparationFailed, match="run_task"):
        await EcsFirstTasks(clients, poll=SOON).run(task, where)
