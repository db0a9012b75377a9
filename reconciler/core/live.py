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
    `newest` is the image to run: the tag from Git if it is in the registry and Git owns the image; otherwise the
    running image, or the newest pushed one; None when there is none yet.
    """

    image: str | None
    newest: str | None
    rollout: RolloutState
    task_definition: str | None = None
    message: str = ""
    running: int = 0
    desired: int = 0
