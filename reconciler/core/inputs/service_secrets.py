"""The sources of secrets as the root `service` and ECS write them, and what a source is when its parts are left out."""

import re
from collections.abc import Mapping
from typing import Final

from desired_state.kinds.container.secret import SecretSource
from reconciler.core.environment import Environment

_END_OF_ARN: Final = re.compile(r"-[A-Za-z0-9]{6}$")  # Secrets Manager ends the ARN of every secret so


def reference(source: SecretSource, names: Mapping[str, str], environment: Environment) -> str:
    """Return a source as the root writes it: the name of a secret or an ARN, and in ECS's form the part of it.

    `names` are the full names of the secrets that the platform made."""
    if source.parameter is not None:
        return _parameter(source.parameter, environment)
    return names.get(source.name, source.name) + source.part


def references(
    secrets: Mapping[str, SecretSource], names: Mapping[str, str], environment: Environment
) -> dict[str, str]:
    """Return the sources of variables, by the name of the variable."""
    return {variable: reference(source, names, environment) for variable, source in secrets.items()}


def origin(value_from: str, environment: Environment) -> str:
    """Return what a source reads, without part and version: a secret of this account by its name, otherwise an ARN.

    A name is a secret's in a root; in ECS it is a parameter's, see `origin_in_ecs`."""
    match value_from.split(":"):
        case [_, _, "secretsmanager", environment.region, environment.account, "secret", name, *_]:
            return _END_OF_ARN.sub("", name)
        case [_, _, "secretsmanager", _, _, "secret", _, *_] as parts:
            return ":".join(parts[:7])
        case ["arn", *_]:
            return value_from
        case [name, *_]:
            return name
    return value_from


def origin_in_ecs(value_from: str, environment: Environment) -> str:
    """Return what a source in a task definition reads, as `origin` does.

    Source: Amazon ECS API reference, Secret, valueFrom: a name is a parameter of the same region."""
    named = value_from.startswith("arn:")
    return origin(value_from, environment) if named else _parameter(value_from, environment)


def _parameter(name: str, environment: Environment) -> str:
    if name.startswith("arn:"):
        return name
    home = f"arn:{environment.partition}:ssm:{environment.region}:{environment.account}"
    return f"{home}:parameter/{name.removeprefix('/')}"
