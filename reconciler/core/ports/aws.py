"""What the engine asks AWS: live services, prerequisites, one-off tasks, task protection, attribution."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from desired_state.instance import Instance
from reconciler.core.environment import Environment
from reconciler.core.live import LiveService
from reconciler.core.plan.deployment import FirstTask, Needs
from reconciler.core.vocabulary import Reason


class Live(Protocol):
    """The services as they run."""

    async def service(self, instance: Instance, environment: Environment, cluster: str) -> LiveService:
        """Read one service. Raises `LiveUnavailable` when AWS does not answer."""
        ...


class LiveUnavailable(Exception):
    """AWS did not answer the question; the pass is tried again later."""


class Protection(Protocol):
    """Whoever runs the daemon may stop it at any time, and can be asked to let it be for a while."""

    def during_apply(self) -> AbstractAsyncContextManager[None]:
        """Not to be stopped for the length of the block, as far as anybody listens. Never raises by itself."""
        ...


class PreparationFailed(Exception):
    """A deployment could not be prepared, and nothing was changed. `reason` is InvalidConfiguration or ApplyFailed."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Prerequisites(Protocol):
    """What deployments rely on."""

    async def missing(self, needs: Needs, environment: Environment) -> Sequence[str]:
        """What is not there, each in a few words. Raises: LiveUnavailable."""
        ...


class FirstTasks(Protocol):
    """Tasks that go before a deployment."""

    async def run(self, task: FirstTask, environment: Environment) -> None:
        """Run it once and wait for its end, within its time-out. Raises: PreparationFailed."""
        ...


class Attribution(Protocol):
    """Who changed something outside of Git. Ends within seconds and never raises."""

    async def who(
        self, environment: Environment, names: Sequence[str], *, since: datetime, until: datetime
    ) -> str | None:
        """The session that wrote last to one of these resources (names, ids or ARNs), None when that is not known."""
        ...
