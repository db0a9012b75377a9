"""The rollout of a service: how many tasks run during it, and what takes it back. What is absent is as safe as before.

Source of the versions: the changelog of the AWS provider, 6.4.0 (`deployment_configuration`) and 6.21.0 (its strategies
LINEAR and CANARY). Source of the bounds: Amazon ECS API reference, DeploymentConfiguration.
"""

import math
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from desired_state.kinds.fields import Distinct, Duration, IfSet, Strict, Text, refuse
from desired_state.kinds.service.scaling import Scaling

_LOCKED: Final = "5.100.0"  # terraform/roots/service/.terraform.lock.hcl
_BROUGHT_BY: Final = {"blueGreen": "6.4.0", "linear": "6.21.0", "canary": "6.21.0"}
_LEAST, _MOST = 100, 200  # percent, as in terraform/modules/service
# Alarms of terraform/modules/service that only a public service has.
REQUEST_ALARMS: Final = frozenset({"server-errors", "unhealthy-hosts"})

AlarmName = Annotated[str, Text(r"[A-Za-z0-9][\w .:/=+@()#-]*", "the name of an alarm", 255)]
Word = Annotated[str, Text(r"[A-Za-z0-9][A-Za-z0-9._:-]*", "a word: letters, digits and ._:-", 64)]
# For a field whose false or 0 says something: only absent, it leaves every digest as it was.
IfGiven: Final = Field(exclude_if=lambda value: value is None)


def _needs_another_provider(field: str, version: str, instead: str) -> Exception:
    return refuse(
        f"{field} needs version {version} of the AWS provider, and this version of the daemon runs {_LOCKED}: {instead}"
    )


class Deployment(Strict):
    """The rollout of a service. `rollbackAlarms` are alarms of the service by kind, and others by name; a changed
    `forceNew` starts all tasks anew."""

    minimum_healthy_percent: Annotated[int | None, Field(ge=0, le=100), IfGiven] = None
    maximum_percent: Annotated[int | None, Field(ge=100, le=200), IfGiven] = None
    circuit_breaker: Annotated[bool | None, IfGiven] = None
    rollback_alarms: Annotated[tuple[AlarmName, ...], Field(max_length=20), Distinct, IfSet] = ()
    force_new: Annotated[Word | None, IfSet] = None
    strategy: Annotated[Literal["rolling", "blueGreen", "linear", "canary"] | None, IfSet] = None
    bake_time: Annotated[Duration | None, IfSet] = None

    @field_validator("strategy")
    @classmethod
    def _only_rolling(cls, strategy: str | None) -> str | None:
        if strategy in _BROUGHT_BY:
            raise _needs_another_provider(f"strategy {strategy}", _BROUGHT_BY[strategy], "write rolling, or remove it")
        return strategy

    @field_validator("bake_time")
    @classmethod
    def _no_bake_time(cls, time: timedelta | None) -> timedelta | None:
        if time is not None:
            instead = "remove it; ECS watches rollbackAlarms for a time that it chooses itself"
            raise _needs_another_provider("bakeTime", _BROUGHT_BY["blueGreen"], instead)
        return time

    def check_room(self, scaling: Scaling) -> None:
        """Refuse percents that let a rollout neither start a task nor stop one, with a number of tasks that may run.

        ECS rounds the smallest number of running tasks up and the largest one down."""
        least = _LEAST if self.minimum_healthy_percent is None else self.minimum_healthy_percent
        most = _MOST if self.maximum_percent is None else self.maximum_percent
        for tasks in range(max(scaling.fewest, 1), scaling.most + 1):
            if tasks * most // 100 > math.ceil(tasks * least / 100):
                continue
            told = "1 task" if tasks == 1 else f"{tasks} tasks"
            field = "maximumPercent" if self.minimum_healthy_percent is None else "minimumHealthyPercent"
            raise refuse(
                f"with {told} a rollout could neither start a task nor stop one: at least {least} % of them have to run"
                f" and at most {most} % may; write a lower minimumHealthyPercent or a higher maximumPercent",
                inside=(field,),
            )
