"""Clean-up of the provider processes that a killed Terraform left running.

No process uses or ends them any more, and they still hold the workspace lock that they inherited. The daemon takes that
lock as the sign of a Terraform that is still running.
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path


def end(leader: int, home: Path) -> bool:
    """Kill the rest of a process group if its leader is gone and every member's working directory is below `home`.

    Returns False when the group was left alone. The id may belong to unrelated processes by now, and a system without
    `/proc` does not show where a process works.
    """
    members, home = dict(_group(leader)), home.resolve()
    if not members or leader in members or not all(cwd.is_relative_to(home) for cwd in members.values()):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
    return True


def _group(number: int) -> Iterator[tuple[int, Path]]:
    """Yield the process id and working directory of each member that has not ended."""
    if number <= 1 or not Path("/proc/self/cwd").exists():
        return
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and _group_of(entry) == number:
                yield int(entry.name), (entry / "cwd").readlink()


def _group_of(process: Path) -> int | None:
    """Return the group of a process; None for a zombie. Format, proc(5): `pid (name) state ppid pgrp …`."""
    state, _, group = (process / "stat").read_text().rpartition(")")[2].split()[:3]
    return None if state == "Z" else int(group)
