"""Processes that a killed demo leaves behind: noted in its folder, and ended before the next one begins.

A process is ended only if it is still what it was; a Terraform that applies is left to finish.
"""

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path


def note(folder: Path, name: str, pid: int) -> None:
    """Leave the process id for the next demo."""
    (folder / f"{name}.pid").write_text(str(pid))


def end_leftovers(folder: Path) -> None:
    """End what a killed demo left behind in this folder."""
    for note in folder.glob("*.pid"):
        pid = int(note.read_text())
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            if str(folder).encode() in words:
                os.kill(pid, signal.SIGTERM)
                _wait_for_end(pid, seconds=60)
    for orphan in _terraform_below(folder):
        _wait_for_end(orphan, seconds=120)


def _terraform_below(folder: Path) -> Sequence[int]:
    """Terraform runs that still work in this folder; an apply is left to finish."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink().is_relative_to(folder) and b"terraform" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def _wait_for_end(pid: int, *, seconds: float) -> None:
    for _ in range(int(seconds * 10)):
        with contextlib.suppress(OSError):
            os.kill(pid, 0)
            time.sleep(0.1)
            continue
        return
    os.kill(pid, signal.SIGKILL)
