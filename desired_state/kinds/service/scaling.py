"""The number of tasks of a service."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from desired_state.kinds.fields import Percent, Strict, refuse


class Scaling(Strict):
    """The number of tasks, and the targets of autoscaling: mean CPU and memory use in percent."""

    min: Annotated[int, Field(ge=1, le=5000)]
    max: Annotated[int, Field(ge=1, le=5000)]
    cpu: Percent = 60
    memory: Percent = 70

    @property
    def fewest(self) -> int:
        """Return the smallest number of tasks at any time."""
        return self.min

    @property
    def most(self) -> int:
        """Return the largest number of tasks at any time."""
        return self.max

    @field_validator("max")
    @classmethod
    def _ordered(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("min", value):
            raise refuse(f"max {value} is less than min {info.data['min']}", beside=("min",))
        return value
