"""A full disk: not a byte is free in the daemon's data folder, for a while. The folder is a small tmpfs of its own."""

import errno
import random
import time
from pathlib import Path

from tests.chaos.faults.strike import Struck, moments
from tests.chaos.schedule import Fault
from tests.chaos.stage import Stage

_LASTS = (2.0, 5.0)
_PIECES = (1 << 20, 4096, 1)


def full(stage: Stage, fault: Fault) -> Struck:
    """Fill it, keep it full although others let go of files, and free it."""
    seconds = random.Random(fault.seed).uniform(*_LASTS)
    ballast = stage.data / "ballast"
    for _ in moments(stage, fault):
        try:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                _fill(ballast)
                time.sleep(0.05)
        finally:
            ballast.unlink(missing_ok=True)
        return Struck(f"for {seconds:.1f} s")
    raise AssertionError("moments end by themselves")


def _fill(path: Path) -> None:
    with path.open("ab", buffering=0) as file:
        for size in _PIECES:
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


STRIKES = {"disk-full": full}
