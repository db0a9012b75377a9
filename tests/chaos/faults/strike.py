"""The parts that all strikes share: their moment, and their result."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from tests.chaos.schedule import Fault
from tests.chaos.stage import NotWithin, Stage

_SEEN_WITHIN = 8.0
_TRIES = 12


@dataclass(frozen=True, slots=True)
class Struck:
    """The result of a strike. `need`: the condition that asked an operator for help, when the strike had one help.

    `everywhere`: the condition with which every instance asks, because of this strike. `broken`: a foreign lock was
    gone before its holder or a person took it away.
    """

    note: str
    need: str | None = None
    everywhere: str | None = None
    broken: bool = False


def moments(stage: Stage, fault: Fault) -> Iterator[None]:
    """Each time that the fault's moment is there, as long as it is not taken. One that does not come is brought about
    by another change of the target.

    Raises: NotWithin, when it was not met in so many changes.
    """
    for attempt in range(_TRIES):
        if attempt or not stage.reach(fault.target, fault.phase, within=_SEEN_WITHIN):
            change_again(stage, fault, attempt)
            if not stage.reach(fault.target, fault.phase, within=_SEEN_WITHIN):
                continue
        yield
        stage.leave(fault.target, fault.phase, within=_SEEN_WITHIN)
    raise NotWithin(f"the moment for {fault} was not met in {_TRIES} changes")


def change_again(stage: Stage, fault: Fault, attempt: int) -> None:
    """One more change of the target alone."""
    if fault.phase == "init":
        stage.change_root(fault.target, f"fault {fault.number}, again {attempt}")
    wish = stage.wishes[fault.target]
    stage.want({fault.target: dataclasses.replace(wish, value=f"{wish.value}+")}, message=f"again for {fault}")
