"""The strikes, one module per family of faults. A strike ends when its fault is gone."""

from collections.abc import Callable, Mapping

from tests.chaos.faults import answers, clock, disk, files, git, kills, locks, people
from tests.chaos.faults.strike import Struck
from tests.chaos.schedule import Fault
from tests.chaos.stage import Stage

STRIKES: Mapping[str, Callable[[Stage, Fault], Struck]] = {
    **kills.STRIKES,
    **answers.STRIKES,
    **disk.STRIKES,
    **files.STRIKES,
    **clock.STRIKES,
    **locks.STRIKES,
    **git.STRIKES,
    **people.STRIKES,
}


def strike(stage: Stage, fault: Fault) -> Struck:
    """Do it, and take it away. Raises: NotWithin."""
    if not fault.kind.wide:
        return STRIKES[fault.kind.name](stage, fault)
    with stage.daemon_turn:
        return STRIKES[fault.kind.name](stage, fault)


def left_out(stage: Stage) -> dict[str, str]:
    """The kinds that cannot be done on this machine, and why."""
    missing = {}
    if not stage.has_own_disk:
        missing["disk-full"] = "no tmpfs may be mounted here"
    if not stage.clock.works:
        missing |= dict.fromkeys(("clock-ahead", "clock-back"), "there is no C compiler here")
    return missing
