"""What a Terraform that was killed leaves behind: the provider processes that it started.

Nobody talks to them any more, nobody ends them, and they hold what they inherited: the lock of the workspace, by which
a Terraform that lives on is told from one that is gone.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path


def end(leader: int, home: Path) -> bool:
    """SIGKILL the rest of a process group, when its leader is gone and all of it works below `home`.

    False when it was left alone. A number that somebody else has by now is not touched, and neither is anything on a
    system that does not show where a process works.
    """
    members, home = dict(_group(leader)), home.resolve()
    if not members or leader in members or not all(cwd.is_relative_to(home) for cwd in members.values()):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
    return True


def _group(number: int) -> Iterator[tuple[int, Path]]:
    """The members of a group that have not ended, and where each works."""
    if number <= 1 or not Path("/proc/self/cwd").exists():
        return
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and _group_of(entry) == number:
                yield int(entry.name), (entry / "cwd").readlink()


def _group_of(process: Path) -> int | None:
    """The group of a process; None for one that only waits to be reaped. proc(5): `pid (name) state ppid pgrp …`."""
    state, _, group = (process / "stat").read_text().rpartition(")")[2].split()[:3]
    return None if state == "Z" else int(group)
