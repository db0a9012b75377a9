"""The order in which the containers of a task start, and what they share: ports, CPU and memory."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic_core import PydanticCustomError

from desired_state.kinds.container.sidecar import Sidecar
from desired_state.kinds.fields import refuse
from desired_state.located import Location, quote

OWN: Final = ""  # the service's own container, whose name its spec does not know


def order_problem(
    sidecars: Sequence[Sidecar], starts_after: Mapping[str, str], *, is_checked: bool
) -> tuple[str, Location] | None:
    """Return why the containers can never start in this order, and where in `sidecars`; None if they can.

    `is_checked`: the service's own container has a health check. Names that no sidecar has are its own.
    """
    known = {one.name: one for one in sidecars}
    waits = {OWN: tuple(starts_after), **{one.name: tuple(one.depends_on) for one in sidecars}}
    for index, one in enumerate(sidecars):
        for name, condition in one.depends_on.items():
            place = (index, "dependsOn", name)
            if name == one.name:
                return f"{quote(name)} cannot wait for itself", place
            message = condition_problem(name, known.get(name), condition, is_checked=is_checked)
            if message:
                return message, place
    for index, one in enumerate(sidecars):
        if one.name in _reached(one.name, waits, known):
            return f"{quote(one.name)} waits for itself, by way of others", (index, "dependsOn")
    return None


def condition_problem(name: str, sidecar: Sidecar | None, condition: str, *, is_checked: bool) -> str | None:
    """Return why this condition can never hold; None if it can. `sidecar` is None for the service's own container."""
    essential = sidecar is None or sidecar.essential
    if condition in {"COMPLETE", "SUCCESS"} and essential:
        return (
            f"{quote(name)} is essential, so the task ends with it: wait for START or HEALTHY, or make it not essential"
        )
    if condition == "HEALTHY" and not (is_checked if sidecar is None else sidecar.health_check):
        return f"{quote(name)} has no health check, so it never becomes healthy: add one, or wait for START"
    return None


def _reached(start: str, waits: Mapping[str, Sequence[str]], known: Mapping[str, Sidecar]) -> set[str]:
    """Return the containers that a container waits for, also by way of others."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for name in waits[waiting.pop()]:
            each = name if name in known else OWN
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found


def share_problems(
    sidecars: Sequence[Sidecar], *, cpu: int | None, memory: int | None, own_cpu: int, own_memory: int
) -> Iterator[PydanticCustomError]:
    """Find containers that together take more than the task has."""
    taken = sum(one.memory or 0 for one in sidecars)
    if memory is not None and taken >= memory:
        message = f"the sidecars take {taken} MiB, which leaves nothing of memory {memory} to the service"
        yield refuse(message, beside=("memory",))
    elif memory is not None and taken + own_memory > memory:
        yield refuse(
            f"the containers take {taken + own_memory} MiB, but the task has memory {memory}", beside=("container",)
        )
    units = sum(one.cpu or 0 for one in sidecars) + own_cpu
    if cpu is not None and units > cpu:
        yield refuse(f"the containers take {units} CPU units, but the task has cpu {cpu}", beside=("container",))


def port_problem(sidecars: Sequence[Sidecar], own: int | None) -> tuple[str, Location] | None:
    """Return why two containers cannot listen, and where in `sidecars`: those of a task share one network."""
    taken = {own}
    for index, one in enumerate(sidecars):
        for place, port in enumerate(one.ports):
            if port in taken:
                return f"port {port} is taken by another container of the task", (index, "ports", place)
            taken.add(port)
    return None
