"""The processes of the daemon under test, seen from outside: by its folder, its sockets, its workspaces."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from tests.chaos.schedule import Phase
from tests.provider.conftest import processes as with_word

_PLAN_LIVES = 5.0  # seconds between the making of a plan and its apply

__all__ = [
    "children",
    "command",
    "has_begun",
    "kill",
    "phase_of",
    "terraform_in",
    "terraform_of",
    "warm_providers",
    "with_word",
    "working_in",
]


def command(pid: int) -> list[str]:
    """A process's command line; empty when it is gone."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    return []


def children(pid: int) -> list[int]:
    """The processes that one started."""
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def working_in(folder: Path) -> list[int]:
    """The processes whose current folder is in this one: terraform's and the daemon's is."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(folder):
                found.append(int(entry.name))
    return found


def kill(pids: Iterable[int]) -> int:
    """SIGKILL them; how many there were."""
    killed = 0
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            killed += 1
    return killed


def warm_providers(sockets: Path) -> list[int]:
    """The daemon's warm provider."""
    return [pid for pid in with_word(str(sockets)) if any("reconciler.provider" in word for word in command(pid))]


def terraform_of(home: Path) -> tuple[str, int] | None:
    """The terraform command that runs in a workspace and its process; its lock file names the process."""
    try:
        pid = int((home / ".lock").read_text())
    except (OSError, ValueError):
        return None
    words = command(pid)
    if not words or Path(words[0]).name != "terraform":
        return None
    return next((word for word in words[1:] if not word.startswith("-")), ""), pid


def terraform_in(home: Path, wanted: str, *, within: float) -> int | None:
    """The process of that command in a workspace, as soon as it runs; None when it did not in so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        running = terraform_of(home)
        if running and running[0] == wanted:
            return running[1]
        time.sleep(0.001)
    return None


def has_begun(home: Path, *, within: float) -> bool:
    """True once the apply in a workspace says that it changes something; False when it did not in so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if b'"apply_start"' in (home / "apply.out").read_bytes():
                return True
        time.sleep(0.002)
    return False


def phase_of(home: Path) -> Phase | None:
    """The phase in which the pass of a workspace is, as far as it can be seen."""
    running = terraform_of(home)
    match running:
        case ("init" | "plan" | "apply") as phase, _:
            return phase
    return "between" if _is_new(home / "tfplan") else None


def _is_new(path: Path) -> bool:
    """A daemon that was killed leaves its plan file."""
    with contextlib.suppress(OSError):
        return time.time() - path.stat().st_mtime < _PLAN_LIVES
    return False
