"""The command with which a container checks itself, in the words of ECS."""

from typing import Annotated

from pydantic import AfterValidator, Field

from desired_state.kinds.fields import refuse
from desired_state.located import quote


def _as_ecs_runs_it(command: tuple[str, ...]) -> tuple[str, ...]:
    first, *rest = command
    if first not in {"CMD", "CMD-SHELL"}:
        message = f"{quote(first)} does not say how to run the command"
        raise refuse(
            f"{message}: begin with CMD for a program and its arguments, or with CMD-SHELL for one line of a shell"
        )
    if not rest:
        raise refuse(f"{first} alone runs nothing: add the command after it")
    if first == "CMD-SHELL" and len(rest) > 1:
        raise refuse("CMD-SHELL takes one line of a shell: join the parts, or begin with CMD")
    return command


# Source: Amazon ECS API reference, HealthCheck, command.
CheckCommand = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=4096)], ...],
    Field(min_length=1, max_length=64),
    AfterValidator(_as_ecs_runs_it),
]
