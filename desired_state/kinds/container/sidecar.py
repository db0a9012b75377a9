"""The further containers of a service (sidecars, the pre-deployment task), and the values that any container may have.

Environment variables in clear text are never secrets; a secret is referenced by its name, never written out.
"""

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from desired_state.kinds.container.env import EnvText
from desired_state.kinds.container.secret import SecretName, SecretSource
from desired_state.kinds.container.settings import Condition, ContainerSettings, SidecarCheck, within_the_limit
from desired_state.kinds.container.storage import EnvFiles, Mounts
from desired_state.kinds.fields import Distinct, Duration, IfSet, Mebibytes, Name, Strict, Text, refuse, write_duration
from desired_state.located import quote

_SECRET_NAME: Final = re.compile(r"password|secret|token|api_?key|private_?key", re.IGNORECASE)
_SHORTEST, _LONGEST = timedelta(seconds=10), timedelta(hours=1)


def _not_secret(name: str) -> str:
    if _SECRET_NAME.search(name):
        raise refuse(
            f"{name} looks like a secret: store it in Secrets Manager and write that secret's name under secrets"
        )
    return name


def _with_registry(image: str) -> str:
    if re.fullmatch(r"[a-z0-9._-]+:[A-Za-z0-9_][A-Za-z0-9_.-]*", image):
        raise refuse(f"{quote(image)} names no registry: on Docker Hub this is {quote(f'docker.io/library/{image}')}")
    return image


VariableName = Annotated[str, Text(r"[A-Za-z_][A-Za-z0-9_]*", "the name of an environment variable", 255)]
PlainVariableName = Annotated[VariableName, AfterValidator(_not_secret)]
ImageUri = Annotated[
    str,
    AfterValidator(_with_registry),
    Text(
        r"[a-z0-9.-]+(?::[0-9]+)?(?:/[a-z0-9._-]+)+"
        r"(?:(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?@sha256:[0-9a-f]{64}|:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})",
        "an image: write registry/repository:tag, or @sha256: and its digest",
        512,
    ),
]
ContainerPort = Annotated[int, Field(ge=1, le=65535)]
Command = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=4096)], ...], Field(max_length=64)]


def not_in_env(secrets: dict[str, SecretSource], info: ValidationInfo) -> dict[str, SecretSource]:
    """Validate that no variable under `secrets` is also under `env`, which must be an earlier field."""
    for name in secrets:
        if name in info.data.get("env", {}):
            raise refuse(f"{name} is both in env and in secrets: remove one", inside=(name,), beside=("env", name))
    return secrets


class Sidecar(ContainerSettings):
    """A container that runs beside the service's own in every task. `memory` is its limit in MiB.

    `ports` are those at which callers of the service reach it too, `depends_on` says for what it waits."""

    name: Name
    image: ImageUri
    credentials: Annotated[SecretName | None, IfSet] = None
    command: Command = ()
    essential: bool = True
    memory: Annotated[int | None, Field(ge=6), Mebibytes] = None
    memory_reservation: Annotated[int | None, Field(ge=6), Mebibytes, IfSet] = None
    cpu: Annotated[int | None, Field(ge=1), IfSet] = None
    ports: Annotated[tuple[ContainerPort, ...], Field(max_length=10), Distinct, IfSet] = ()
    health_check: Annotated[SidecarCheck | None, IfSet] = None
    depends_on: Annotated[dict[Name, Condition], IfSet] = Field(default_factory=dict)
    env: dict[PlainVariableName, EnvText] = Field(default_factory=dict)
    secrets: dict[VariableName, SecretSource] = Field(default_factory=dict)
    env_files: Annotated[EnvFiles, Distinct, IfSet] = ()
    mounts: Mounts = Field(default_factory=dict, exclude_if=lambda value: not value)

    _secrets_not_in_env = field_validator("secrets")(not_in_env)

    @field_validator("memory_reservation")
    @classmethod
    def _reserved(cls, reserved: int | None, info: ValidationInfo) -> int | None:
        return within_the_limit(reserved, info)


class PreDeployment(Strict):
    """A command that must exit with 0 before each deployment, such as a database migration."""

    command: Annotated[Command, Field(min_length=1)]
    timeout: Duration = timedelta(minutes=15)

    @field_validator("timeout")
    @classmethod
    def _bounded(cls, timeout: timedelta) -> timedelta:
        if not _SHORTEST <= timeout <= _LONGEST:
            raise refuse(f"timeout {write_duration(timeout)} is out of range: write 10s to 1h")
        return timeout
