"""One-off tasks, a command in the container of a service or a job that a person starts once; and runs of jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from desired_state.instance import Instance
from reconciler.core.environment import Environment
from reconciler.core.live import LastRun


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """A one-off task as AWS reports it: the exit code once it has ended, and the lines of its log since the last time.

    `after` is what to ask with the next time. `message` says why a task ended without an exit code of its own.
    """

    ended: bool
    exit_code: int | None = None
    message: str = ""
    lines: Sequence[str] = ()
    after: str | None = None


class TaskRefused(Exception):
    """A task could not be started, or is not known; the message says why."""


class JobRuns(Protocol):
    """The runs of jobs."""

    async def last(self, environment: Environment, outputs: Mapping[str, Any]) -> LastRun | None:
        """Return the last run that has ended; None without one, and where AWS does not permit to ask.

        Raises: LiveUnavailable.
        """
        ...


class OneOffTasks(Protocol):
    """One-off tasks of services and jobs. `outputs` are those of the instance's root."""

    async def start(
        self, instance: Instance, environment: Environment, outputs: Mapping[str, Any], command: Sequence[str]
    ) -> str:
        """Start the task with the revision that runs. Returns its id. Raises: TaskRefused, LiveUnavailable."""
        ...

    async def observe(
        self, instance: Instance, environment: Environment, outputs: Mapping[str, Any], task: str, after: str | None
    ) -> TaskSeen:
        """Return the task as it is now. Raises: TaskRefused, LiveUnavailable."""
        ...
