"""SIGKILL: of the daemon, of all that a container holds, of Terraform, of the warm provider and its processes.

And AWS's end of the wire, as a client of a killed stand-in sees it; see `forwarder`.
"""

import random
import time
from collections.abc import Callable

from tests.chaos import processes
from tests.chaos.faults.strike import Struck, moments
from tests.chaos.schedule import Fault
from tests.chaos.stage import Stage

_GONE = (1.0, 4.0)


def daemon(stage: Stage, fault: Fault) -> Struck:
    """The daemon alone: Terraform runs on."""
    for _ in moments(stage, fault):
        with stage.down():
            return Struck(f"{stage.halves_held()} halves of locks were held")
    raise AssertionError("moments end by themselves")


def container(stage: Stage, fault: Fault) -> Struck:
    """Everything at once, as the end of a container does it."""
    for _ in moments(stage, fault):
        with stage.down():
            warm = stage.warm()
            runs = processes.working_in(stage.data)
            killed = processes.kill([*runs, *stage.providers(), *warm])
            return Struck(f"with {killed} processes; {stage.halves_held()} halves of locks were left")
    raise AssertionError("moments end by themselves")


def terraform(stage: Stage, fault: Fault) -> Struck:
    """The run of one instance."""
    for _ in moments(stage, fault):
        command = "show" if fault.phase == "between" else fault.phase
        running = processes.terraform_in(stage.home(fault.target), command, within=1)
        if running and processes.kill([running]):
            return Struck(f"terraform {command}")
    raise AssertionError("moments end by themselves")


def _one_of(find: Callable[[Stage], list[int]]) -> Callable[[Stage, Fault], Struck]:
    def strike(stage: Stage, fault: Fault) -> Struck:
        for _ in moments(stage, fault):
            if found := find(stage):
                processes.kill([random.Random(fault.seed).choice(found)])
                return Struck(f"one of {len(found)}")
        raise AssertionError("moments end by themselves")

    return strike


def standin(stage: Stage, fault: Fault) -> Struck:
    """AWS cannot be reached for a while."""
    for _ in moments(stage, fault):
        seconds = random.Random(fault.seed).uniform(*_GONE)
        stage.relay.vanish()
        time.sleep(seconds)
        stage.relay.appear()
        return Struck(f"for {seconds:.1f} s")
    raise AssertionError("moments end by themselves")


STRIKES = {
    "daemon-killed": daemon,
    "container-killed": container,
    "terraform-killed": terraform,
    "warm-provider-killed": _one_of(Stage.warm),
    "provider-killed": _one_of(Stage.providers),
    "standin-gone": standin,
}
