"""A service as ECS reports it: the running image, the newest image, and the state of its rollout."""

from dataclasses import dataclass
from enum import StrEnum


class RolloutState(StrEnum):
    """What ECS says of a service's newest deployment."""

    COMPLETED = "completed"
    IN_PROGRESS = "in progress"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class LiveService:
    """A service as AWS shows it now. `image` is what its current task definition names, without the placeholder that
    stands in before a first image; `newest` is the image to run: the named tag if it is in the registry when Git owns
    the image, else the image that runs, else the newest one pushed; None when there is none yet."""

    image: str | None
    newest: str | None
    rollout: RolloutState
    task_definition: str | None = None
    message: str = ""
    running: int = 0
    desired: int = 0
