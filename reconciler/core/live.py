"""A service as ECS reports it: the running image, the newest image, and the state of its rollout."""

from dataclasses import dataclass
from enum import StrEnum


class RolloutState(StrEnum):
    """The state of a service's newest deployment, as ECS reports it."""

    COMPLETED = "completed"
    IN_PROGRESS = "in progress"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class LiveService:
    """A service as ECS reports it now.

    `image` is the image of its current task definition, without the placeholder of a service that never had one.
    `newest` is the image to run: the tag from Git if Git owns the image, otherwise the running image, or the newest
    pushed one. It is None while nothing runs and nothing was pushed. The image of a service that runs may be missing in
    the registry: that stops a deployment, not a drift check.
    """

    image: str | None
    newest: str | None
    rollout: RolloutState
    task_definition: str | None = None
    message: str = ""
    running: int = 0
    desired: int = 0
