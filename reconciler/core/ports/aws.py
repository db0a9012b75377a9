"""The questions to AWS: live services, prerequisites, one-off tasks, task protection, attribution."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desired_state.instance import Instance
from reconciler.core.environment import Environment
from reconciler.core.live import LiveService
from reconciler.core.plan.deployment import ContentHolder, FirstTask, Needs
from reconciler.core.vocabulary import Reason


class Live(Protocol):
    """The services as they run."""

    async def service(self, instance: Instance, environment: Environment, cluster: str) -> LiveService:
        """Read one service. Raises: LiveUnavailable when AWS does not answer."""
        ...


class LiveUnavailable(Exception):
    """AWS did not answer; the pass is tried again later."""


class Protection(Protocol):
    """Task protection: asks the host not to stop the daemon during an apply."""

    def during_apply(self) -> AbstractAsyncContextManager[None]:
        """Protect the block from a stop, as far as the host supports it. Never raises by itself."""
        ...


class PreparationFailed(Exception):
    """A deployment could not be prepared, and nothing was changed. `reason` is InvalidConfiguration or ApplyFailed."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True)
class Contents:
    """Contents that stop a removal: registries and buckets that are `full`, and those `unseen` by the daemon's role."""

    full: Sequence[ContentHolder] = ()
    unseen: Sequence[ContentHolder] = ()


class Prerequisites(Protocol):
    """The prerequisites of deployments and of removals."""

    async def missing(self, needs: Needs, environment: Environment) -> Sequence[str]:
        """Return what is missing, each in a few words. Raises: LiveUnavailable."""
        ...

    async def contents(self, holders: Sequence[ContentHolder], environment: Environment) -> Contents:
        """Return those that hold something, and those of which that cannot be known. Raises: LiveUnavailable."""
        ...


class FirstTasks(Protocol):
    """Tasks that run before a deployment."""

    async def run(self, task: FirstTask, environment: Environment) -> None:
        """Run the task once and wait for its end, within its time-out. Raises: PreparationFailed."""
        ...


class Attribution(Protocol):
    """Attribution of outside changes. Ends within seconds and never raises."""

    async def who(
        self, environment: Environment, names: Sequence[str], *, since: datetime, until: datetime
    ) -> str | None:
        """Return the session that wrote last to one of these resources (names, ids or ARNs); None when that is not
        known.
        """
        ...
