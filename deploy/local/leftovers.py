"""Processes that a killed demo or acceptance run leaves behind: recorded in its folder, and ended by the next one.

A process is ended only if it still runs in the folder, or its command line names it: its number may be another's by
now. A running Terraform apply may finish first.
"""

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path


def record(folder: Path, name: str, pid: int) -> None:
    """Record a process id in the folder for the next run."""
    (folder / f"{name}.pid").write_text(str(pid))


def end_leftovers(folder: Path, *, patience: int = 60) -> None:
    """End the processes that a killed run left behind in this folder; a drain gets `patience` seconds to end."""
    for file in folder.glob("*.pid"):
        pid = int(file.read_text())
        with contextlib.suppress(OSError):
            if _belongs(Path(f"/proc/{pid}"), folder):
                os.kill(pid, signal.SIGTERM)
                _wait_for_end(pid, seconds=patience)
    for pid in _terraform_below(folder):
        _wait_for_end(pid, seconds=2 * patience)


def _belongs(process: Path, folder: Path) -> bool:
    """Return True when a process runs in the folder, or has it on its command line."""
    named = str(folder).encode() in (process / "cmdline").read_bytes()
    return named or (process / "cwd").readlink().is_relative_to(folder)


def _terraform_below(folder: Path) -> Sequence[int]:
    """Return the process ids of Terraform runs in this folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink().is_relative_to(folder) and b"terraform" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def _wait_for_end(pid: int, *, seconds: float) -> None:
    """Wait until the process has ended, and kill it after that time."""
    for _ in range(int(seconds * 10)):
        if not _runs(pid):
            return
        time.sleep(0.1)
    os.kill(pid, signal.SIGKILL)


def _runs(pid: int) -> bool:
    """Return False for a process that is gone, or that only waits for its parent to notice its end."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
