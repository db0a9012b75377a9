"""A service as ECS reports it (the image, its tasks, the state of its rollout), and the last run of a job."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RolloutState(StrEnum):
    """The state of a service's newest deployment, as ECS reports it."""

    COMPLETED = "completed"
    IN_PROGRESS = "in progress"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run of a job that has ended and was not skipped; `message` names it and says how it ended."""

    started: datetime
    failed: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class LiveService:
    """A service as ECS reports it now.

    `image` is the image of its current task definition, without the placeholder of a service that never had one.
    `newest` is the image to run: the tag from Git if Git owns the image, otherwise the running image, or the newest
    pushed one. It is None while nothing runs and nothing was pushed. The image of a service that runs may be missing in
    the registry: that stops a deployment, not a drift check.

    `ports` are those at which tasks of any deployment listen: of two during a rollout that changes the port. `secrets`
    are those that ECS puts into tasks of any deployment when it starts them: secrets of the account by name, those of
    other accounts and parameters by ARN. `schedule` is the place of the schedule of the manifest whose numbers of tasks
    are in force.

    `running` counts tasks of the newest deployment. `targets` counts the healthy targets of its load balancer; None: it
    has none, or AWS does not permit to ask.
    """

    image: str | None
    newest: str | None
    rollout: RolloutState
    task_definition: str | None = None
    message: str = ""
    running: int = 0
    desired: int = 0
    targets: int | None = None
    ports: frozenset[int] = frozenset()
    secrets: frozenset[str] = frozenset()
    schedule: int | None = None

    @property
    def healthy(self) -> int:
        """Count the tasks that run and, behind a load balancer, are healthy targets."""
        return self.running if self.targets is None else min(self.running, self.targets)

    @property
    def has_placeholder(self) -> bool:
        """Return whether the service exists and no image of its own was deployed yet."""
        return self.image is None and self.rollout in {RolloutState.COMPLETED, RolloutState.IN_PROGRESS}

    @property
    def runs_another_image(self) -> bool:
        """Return whether the service is gone, or at rest without the image to run."""
        if self.rollout is RolloutState.COMPLETED:
            return self.image is None or self.image != self.newest
        return self.rollout is RolloutState.ABSENT
