"""Between a plan and its apply: a check of the prerequisites, then the pre-deployment task, without an admission."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.environment import Environment
from reconciler.core.plan.deployment import FirstTask
from reconciler.core.ports.aws import PreparationFailed
from reconciler.core.vocabulary import Reason
from reconciler.engine.passes.deployment import prepare
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, SERVICE, manifest
from tests.engine.fakes.aws import FakeFirstTasks, FakePrerequisites
from tests.engine.fakes.world import fake_world

CONTAINER = {"name": "orders", "image": "registry.example/orders:1", "secrets": [], "logConfiguration": {"options": {}}}
TASK = {
    "family": "f", "network_mode": "awsvpc", "requires_compatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
    "container_definitions": json.dumps([CONTAINER]), "execution_role_arn": "arn:e", "task_role_arn": "arn:t",
}  # fmt: skip
NETWORK = {"cluster": "develop", "network_configuration": [{"subnets": ["subnet-1"], "security_groups": ["sg-1"]}]}
DEPLOYMENT = document(
    change("aws_ecs_task_definition.this", ["delete", "create"], None, TASK),
    change("aws_ecs_task_definition.pre_deployment", ["delete", "create"], None, TASK),
    change("aws_ecs_service.this", ["update"], NETWORK, NETWORK),
)
FIRST_DEPLOYMENT = document(
    change("aws_ecs_task_definition.this", ["create"], None, TASK),
    change("aws_ecs_task_definition.pre_deployment", ["create"], None, TASK),
    change("aws_ecs_service.this", ["create"], None, {"cluster": "develop", "network_configuration": [{}]}),
)


@dataclass
class AdmissionProbe(FakeFirstTasks):
    """Tasks that note whether another Terraform run would be admitted while they run."""

    admission: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    admitted_meanwhile: bool = False

    async def run(self, task: FirstTask, environment: Environment) -> None:
        self.admitted_meanwhile = not self.admission.locked()
        await super().run(task, environment)


def spec(more: str = "  preDeployment: {command: [migrate], timeout: 5m}\n") -> ServiceSpec:
    """Return the spec of a service with these fields added."""
    found = manifest(SERVICE + more).spec
    assert isinstance(found, ServiceSpec)
    return found


async def prepare_with(
    tasks: AdmissionProbe, plan: Any = DEPLOYMENT, *, absent: tuple[str, ...] = (), **changes: Any
) -> None:
    """Prepare a deployment as a pass does it: with the admission of its Terraform run."""
    world = fake_world(prerequisites=FakePrerequisites(absent), first_tasks=tasks)
    world.admission = tasks.admission
    async with world.admission:
        await prepare(plan, spec(**changes), DEVELOP, world)


async def test_another_terraform_run_is_admitted_while_the_task_runs() -> None:
    tasks = AdmissionProbe()
    await prepare_with(tasks)
    assert [task.timeout.total_seconds() for task in tasks.ran] == [300]
    assert tasks.admitted_meanwhile
    assert not tasks.admission.locked()


async def test_missing_prerequisites_are_reported_before_the_task_runs() -> None:
    tasks = AdmissionProbe()
    with pytest.raises(PreparationFailed) as failure:
        await prepare_with(tasks, absent=("secret a/b does not exist", "role c is gone"))
    assert failure.value.reason == Reason.INVALID_CONFIGURATION
    assert "secret a/b does not exist; role c is gone, in develop" in failure.value.message
    assert tasks.ran == []


async def test_a_service_without_a_command_is_only_checked() -> None:
    tasks = AdmissionProbe()
    await prepare_with(tasks, more="")
    assert tasks.ran == []


async def test_a_task_cannot_run_before_the_network_that_the_plan_creates() -> None:
    with pytest.raises(PreparationFailed, match="cannot run before its roles and network exist"):
        await prepare_with(AdmissionProbe(), FIRST_DEPLOYMENT)
