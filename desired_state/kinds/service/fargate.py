"""The capacity of Fargate: the sizes of tasks, and the share of them on Spot.

AWS rejects any other size, but only after minutes; here the rejection is immediate and lists the valid choices.
Source: Amazon ECS developer guide, "Task CPU and memory" (Linux).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field, GetJsonSchemaHandler, ValidationInfo, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from desired_state.kinds.fields import Strict, refuse

SIZES: Final[Mapping[int, tuple[int, ...]]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}


class Spot(Strict):
    """The percent of tasks on Fargate Spot, written alone or as `share`, after `base` tasks on regular capacity."""

    share: Annotated[int, Field(ge=0, le=100)]
    base: Annotated[int, Field(ge=0, le=5000)] = 1

    @model_validator(mode="before")
    @classmethod
    def _percent_alone(cls, value: object) -> object:
        return {"share": value} if isinstance(value, int) and not isinstance(value, bool) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        mapping: dict[str, Any] = handler.resolve_ref_schema(handler(schema))
        return {**mapping, "type": ["integer", "object"], "minimum": 0, "maximum": 100}


def fargate_cpu(cpu: int) -> int:
    """Validate that a number of CPU units is a Fargate size."""
    if cpu not in SIZES:
        raise refuse(f"cpu {cpu} is not a Fargate size: the choices are {_list(tuple(SIZES))}")
    return cpu


def fargate_memory(memory: int, info: ValidationInfo) -> int:
    """Validate that memory (MiB) fits `cpu`, which must be an earlier field; beside an invalid `cpu` any does."""
    cpu = info.data.get("cpu", 0)
    choices = SIZES.get(cpu)
    if choices is not None and memory not in choices:
        message = f"memory {memory} is not valid for cpu {cpu} on Fargate: the choices are {_describe(choices)}"
        raise refuse(message, beside=("cpu",))
    return memory


def _describe(choices: tuple[int, ...]) -> str:
    if len(choices) <= 4:
        return _list(choices)
    return f"{choices[0]} to {choices[-1]} in steps of {choices[1] - choices[0]}"


def _list(values: tuple[int, ...]) -> str:
    *most, last = map(str, values)
    return f"{', '.join(most)} and {last}"
