"""The spec of a job: a container that runs to its end, on a schedule or on demand.

A run is a task of ECS on Fargate. Until it is told otherwise, a job never runs twice at the same time.
"""

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from desired_state.kinds.adoption import Imports
from desired_state.kinds.container.image import Tag
from desired_state.kinds.container.secret import SecretName
from desired_state.kinds.container.sidecar import Command, PlainVariableName, VariableName, not_in_env
from desired_state.kinds.fields import (
    DependsOn,
    Distinct,
    Duration,
    Environments,
    IfSet,
    Mebibytes,
    Name,
    Strict,
    Text,
    refuse,
    write_duration,
)
from desired_state.kinds.policy import Policy
from desired_state.kinds.schedule import Schedule
from desired_state.kinds.service.fargate import SIZES, fargate_cpu, fargate_memory
from desired_state.located import quote

_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(days=7)
_SOURCES: Final = ("service", "repository")

ImageRepository = Annotated[
    str,
    Text(r"[a-z0-9.-]+(?::[0-9]+)?(?:/[a-z0-9._-]+)+", "a repository of images: write registry/repository", 384),
]
Digest = Annotated[str, Text(r"sha256:[0-9a-f]{64}", "a digest: write sha256: and 64 hexadecimal digits", 71)]


class JobImage(Strict):
    """The image of a job: one that a service of the same environment built, or one of any other repository."""

    service: Annotated[Name | None, IfSet] = None
    repository: Annotated[ImageRepository | None, IfSet] = None
    tag: Annotated[Tag | None, IfSet] = None
    digest: Annotated[Digest | None, IfSet] = None

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, image: Any) -> Any:
        if isinstance(image, str):
            raise refuse(f"{quote(image)} is not a mapping: write {{service: NAME, tag: TAG}}, or repository and tag")
        if isinstance(image, dict):
            for parts in (_SOURCES, ("tag", "digest")):
                given = [part for part in parts if image.get(part) is not None]
                if len(given) != 1:
                    said = "has both {} and {}" if given else "has neither {} nor {}"
                    raise refuse(f"the image {said.format(*parts)}: write one of them", inside=tuple(given[1:]))
        return image

    @property
    def address(self) -> str | None:
        """Return the whole address of an image of another repository; None for one of a service's repository."""
        return None if self.repository is None else f"{self.repository}{self.version}"

    @property
    def version(self) -> str:
        """Return what follows the repository: a colon and the tag, or an at sign and the digest."""
        return f"@{self.digest}" if self.digest else f":{self.tag}"


class JobSpec(Strict):
    """A job in one environment, or the settings that its environments share."""

    environments: Environments
    image: JobImage
    command: Command = ()
    runtime: Annotated[Literal["nodejs", "python"] | None, IfSet] = None
    cpu: Annotated[int, Field(json_schema_extra={"enum": list(SIZES)})]
    memory: Annotated[int, Mebibytes]
    env: dict[PlainVariableName, str] = Field(default_factory=dict)
    secrets: dict[VariableName, SecretName] = Field(default_factory=dict)
    runtime_secrets: Annotated[tuple[SecretName, ...], Distinct] = ()
    schedule: Schedule | None = None
    timeout: Duration = timedelta(minutes=30)
    retries: Annotated[int, Field(ge=0, le=10)] = 0
    concurrency: Literal["forbid", "allow"] = "forbid"
    depends_on: DependsOn = ()
    imports: Imports = ()
    policy: Policy = Policy()

    _fargate_cpu = field_validator("cpu")(fargate_cpu)
    _fargate_memory = field_validator("memory")(fargate_memory)

    _secrets_not_in_env = field_validator("secrets")(not_in_env)

    @field_validator("timeout")
    @classmethod
    def _bounded(cls, timeout: timedelta) -> timedelta:
        if not _SHORTEST <= timeout <= _LONGEST:
            raise refuse(f"timeout {write_duration(timeout)} is out of range: write 1m to 7d")
        return timeout
