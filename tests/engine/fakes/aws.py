"""Fakes of `reconciler.core.ports.aws`."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from desired_state.instance import Instance
from reconciler.core.environment import Environment
from reconciler.core.live import LiveService, RolloutState
from reconciler.core.plan.deployment import ContentHolder, FirstTask, Needs
from reconciler.core.ports.aws import Contents
from tests.core.instances import IMAGE

HEALTHY = LiveService(IMAGE, IMAGE, RolloutState.COMPLETED, "td:1", running=2, desired=2)


@dataclass
class FakeLive:
    """ECS: every service is as `answer` says."""

    answer: LiveService = HEALTHY

    async def service(self, instance: Instance, environment: Environment, cluster: str) -> LiveService:
        return self.answer


@dataclass
class FakePrerequisites:
    """AWS without the prerequisites in `absent`; registries and buckets hold something unless it is `empty`, and the
    role may look into them unless they are `closed`.
    """

    absent: Sequence[str] = ()
    empty: bool = True
    closed: bool = False

    async def missing(self, needs: Needs, environment: Environment) -> Sequence[str]:
        return self.absent

    async def contents(self, holders: Sequence[ContentHolder], environment: Environment) -> Contents:
        return Contents(full=() if self.empty else holders, unseen=holders if self.closed else ())


@dataclass
class FakeFirstTasks:
    """One-off tasks that succeed at once."""

    ran: list[FirstTask] = field(default_factory=list)

    async def run(self, task: FirstTask, environment: Environment) -> None:
        self.ran.append(task)


class FakeProtection:
    """A host without task protection."""

    @asynccontextmanager
    async def during_apply(self) -> AsyncIterator[None]:
        yield
