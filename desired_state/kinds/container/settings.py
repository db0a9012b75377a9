"""The settings that any container of a service may have, its own and sidecars, in the words of ECS.

What is absent is as the image says, and as safe as ever: a root file system that nobody can write to, no capabilities.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from desired_state.kinds.container.check import CheckCommand
from desired_state.kinds.fields import Distinct, IfSet, Mebibytes, Seconds, Strict, Text, refuse
from desired_state.located import quote

_TAKEN = ("/proc", "/sys", "/dev")
_WRITABLE = ("/tmp", "/var/tmp")  # noqa: S108 - paths inside of a container, which has both for itself


def _writable(path: str) -> str:
    if path in _WRITABLE:
        raise refuse(f"{path} can be written to already: remove it")
    if path.startswith(tuple(f"{taken}/" for taken in _TAKEN)) or path in _TAKEN:
        raise refuse(f"{quote(path)} belongs to the system: choose another path")
    return path


FilePath = Annotated[
    str,
    Text(r"(?:/(?!\.\.?(?:/|$))[A-Za-z0-9._@+-]+)+", "a path: it begins with / and has no slash at its end", 255),
]
WritablePath = Annotated[FilePath, AfterValidator(_writable)]
User = Annotated[
    str, Text(r"[A-Za-z0-9_.-]+(?::[A-Za-z0-9_.-]+)?", "a user: write a name or a number, also with :group", 64)
]
# Source: Amazon ECS API reference, ContainerDefinition, entryPoint and command.
Words = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=4096)], ...], Field(max_length=64)]
LabelKey = Annotated[str, Text(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?", "the key of a Docker label", 255)]
Condition = Literal["START", "COMPLETE", "SUCCESS", "HEALTHY"]
# Source: Amazon ECS API reference, KernelCapabilities: on Fargate only SYS_PTRACE can be added, all can be dropped.
Capability = Annotated[str, Text(r"ALL|[A-Z][A-Z_]{2,19}", "a capability: write ALL or a name such as NET_RAW", 20)]


class OpenFiles(Strict):
    """The limits of open files: a process may raise its own from `soft` to `hard`."""

    soft: Annotated[int, Field(ge=1, le=1_048_576)]
    hard: Annotated[int, Field(ge=1, le=1_048_576)]

    @field_validator("hard")
    @classmethod
    def _not_below_soft(cls, hard: int, info: ValidationInfo) -> int:
        if hard < info.data.get("soft", hard):
            raise refuse(f"hard {hard} is less than soft {info.data['soft']}", beside=("soft",))
        return hard


class Ulimits(Strict):
    """The limits of processes. On Fargate `nofile` is the one that can be set."""

    nofile: OpenFiles


class Capabilities(Strict):
    """The kernel's capabilities of a container, beside those that Docker gives."""

    add: Annotated[tuple[Literal["SYS_PTRACE"], ...], Distinct] = ()
    drop: Annotated[tuple[Capability, ...], Field(max_length=40), Distinct] = ()


class Linux(Strict):
    """The options of Linux that Fargate has. An init process reaps zombies and passes signals on."""

    init_process: bool = True
    capabilities: Annotated[Capabilities | None, IfSet] = None


class ContainerSettings(Strict):
    """The settings that the service's own container and its sidecars share."""

    entry_point: Annotated[Words, IfSet] = ()
    working_directory: Annotated[FilePath | None, IfSet] = None
    user: Annotated[User | None, IfSet] = None
    ulimits: Annotated[Ulimits | None, IfSet] = None
    docker_labels: Annotated[dict[LabelKey, str], Field(max_length=50), IfSet] = Field(default_factory=dict)
    linux: Annotated[Linux | None, IfSet] = None
    writable_root: Annotated[bool, IfSet] = False
    writable_paths: Annotated[tuple[WritablePath, ...], Field(max_length=10), Distinct, IfSet] = ()

    @property
    def is_root(self) -> bool:
        """Whether the manifest makes root of the container's user."""
        return self.user is not None and self.user.partition(":")[0] in {"root", "0"}


class Share(Strict):
    """The part of the task's size that the service's own container gets; absent parts are what sidecars leave."""

    cpu: Annotated[int | None, Field(ge=1), IfSet] = None
    memory: Annotated[int | None, Field(ge=6), Mebibytes, IfSet] = None
    memory_reservation: Annotated[int | None, Field(ge=6), Mebibytes, IfSet] = None

    @field_validator("memory_reservation")
    @classmethod
    def _within_the_limit(cls, reserved: int | None, info: ValidationInfo) -> int | None:
        return within_the_limit(reserved, info)


class SidecarCheck(Strict):
    """The health check of a sidecar. Times are in seconds."""

    # Source: Amazon ECS API reference, HealthCheck.
    command: CheckCommand
    interval: Annotated[int, Field(ge=5, le=300), Seconds] = 30
    timeout: Annotated[int, Field(ge=2, le=60), Seconds] = 5
    retries: Annotated[int, Field(ge=1, le=10)] = 3
    start_period: Annotated[int, Field(ge=0, le=300), Seconds] = 0


def within_the_limit(reserved: int | None, info: ValidationInfo) -> int | None:
    """Validate that a memory reservation is not above `memory`, which must be an earlier field."""
    limit = info.data.get("memory")
    if reserved is not None and limit is not None and reserved > limit:
        raise refuse(f"memoryReservation {reserved} is more than memory {limit}", beside=("memory",))
    return reserved
