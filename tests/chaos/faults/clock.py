"""The daemon's clock jumps, and jumps back when somebody sets it right."""

import random
import time
from collections.abc import Callable

from tests.chaos.faults.strike import Struck, moments
from tests.chaos.schedule import Fault
from tests.chaos.stage import Stage

_JUMPS = (90, 2 * 3600, 40 * 86_400)
_LASTS = (3.0, 8.0)


def _jump(sign: int) -> Callable[[Stage, Fault], Struck]:
    def strike(stage: Stage, fault: Fault) -> Struck:
        chance = random.Random(fault.seed)
        jump, seconds = sign * chance.choice(_JUMPS), chance.uniform(*_LASTS)
        for _ in moments(stage, fault):
            stage.clock.shift(jump)
            time.sleep(seconds)
            stage.clock.shift(0)
            return Struck(f"by {jump} s for {seconds:.1f} s")
        raise AssertionError("moments end by themselves")

    return strike


STRIKES = {"clock-ahead": _jump(1), "clock-back": _jump(-1)}
