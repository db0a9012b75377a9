"""A branch whose history is rewritten by force."""

import random
import time

from tests.chaos.faults.strike import Struck, moments
from tests.chaos.schedule import Fault
from tests.chaos.stage import Stage

_BACK_FOR = (1.0, 5.0)


def rewritten(stage: Stage, fault: Fault) -> Struck:
    """The same content with another history, or the branch put back one commit and then forth."""
    chance = random.Random(fault.seed)
    for _ in moments(stage, fault):
        seconds = chance.uniform(*_BACK_FOR)
        if chance.random() < 0.5 or not stage.repository.go_back():
            stage.repository.rewrite(f"all that was, for {fault}")
            return Struck("one commit without a past")
        time.sleep(seconds)
        stage.repository.come_again()
        return Struck(f"one commit back for {seconds:.1f} s")
    raise AssertionError("moments end by themselves")


STRIKES = {"history-rewritten": rewritten}
