"""The task sizes of Fargate.

AWS rejects any other size, but only after minutes; here the rejection is immediate and lists the valid choices.
Source: Amazon ECS developer guide, "Task CPU and memory" (Linux).
"""

from collections.abc import Mapping
from typing import Final

SIZES: Final[Mapping[int, tuple[int, ...]]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}


def cpu_problem(cpu: int) -> str | None:
    """Return the message about an invalid number of CPU units, or None if it is a Fargate size."""
    if cpu in SIZES:
        return None
    return f"cpu {cpu} is not a Fargate size: the choices are {_list(tuple(SIZES))}"


def memory_problem(cpu: int, memory: int) -> str | None:
    """Return the message about memory (MiB) that does not fit the CPU units, or None; also None for invalid units."""
    choices = SIZES.get(cpu)
    if choices is None or memory in choices:
        return None
    return f"memory {memory} is not valid for cpu {cpu} on Fargate: the choices are {_describe(choices)}"


def _describe(choices: tuple[int, ...]) -> str:
    if len(choices) <= 4:
        return _list(choices)
    return f"{choices[0]} to {choices[-1]} in steps of {choices[1] - choices[0]}"


def _list(values: tuple[int, ...]) -> str:
    *most, last = map(str, values)
    return f"{', '.join(most)} and {last}"
