"""Between a plan and its apply: first what is missing, then the task that goes first, and others work meanwhile."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from desired_state.service import ServiceSpec
from reconciler.core.environment import Environment
from reconciler.core.plan.deployment import FirstTask, Needs
from reconciler.core.ports.aws import PreparationFailed
from reconciler.core.vocabulary import Reason
from reconciler.engine.passes.deployment import prepare
from reconciler.engine.world import World
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, SERVICE, manifest

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
class Surroundings:
    """The part of the world that `prepare` reaches, and what it asked there."""

    absent: Sequence[str] = ()
    admission: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    ran: list[FirstTask] = field(default_factory=list)
    free_meanwhile: bool = False

    @property
    def prerequisites(self) -> "Surroundings":
        return self

    @property
    def first_tasks(self) -> "Surroundings":
        return self

    async def missing(self, needs: Needs, environment: Environment) -> Sequence[str]:
        return self.absent

    async def run(self, task: FirstTask, environment: Environment) -> None:
        self.free_meanwhile = not self.admission.locked()
        self.ran.append(task)


def spec(more: str = "  preDeployment: {command: [migrate], timeout: 5m}\n") -> ServiceSpec:
    found = manifest(SERVICE + more).spec
    assert isinstance(found, ServiceSpec)
    return found


async def prepared(around: Surroundings, plan: Any = DEPLOYMENT, **changes: Any) -> None:
    async with around.admission:
        await prepare(plan, spec(**changes), DEVELOP, cast("World", around))


async def test_others_run_terraform_while_the_task_runs() -> None:
    around = Surroundings()
    await prepared(around)
    assert [task.timeout.total_seconds() for task in around.ran] == [300]
    assert around.free_meanwhile
    assert not around.admission.locked()


async def test_what_is_missing_is_told_before_anything_runs() -> None:
    around = Surroundings(absent=["secret a/b does not exist", "role c is gone"])
    with pytest.raises(PreparationFailed) as failure:
        await prepared(around)
    assert failure.value.reason == Reason.INVALID_CONFIGURATION
    assert "secret a/b does not exist; role c is gone, in develop" in failure.value.message
    assert around.ran == []


async def test_a_service_without_a_command_is_only_checked() -> None:
    around = Surroundings()
    await prepared(around, more="")
    assert around.ran == []


async def test_a_task_cannot_go_before_the_network_that_the_plan_makes() -> None:
    with pytest.raises(PreparationFailed, match="cannot run before its roles and network exist"):
        await prepared(Surroundings(), FIRST_DEPLOYMENT)
