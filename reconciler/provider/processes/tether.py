"""Starts a program that cannot outlive its starter: run as `python -I -S tether.py PARENT_PID PROGRAM…`.

A provider does not notice that its owner is gone. Linux is asked to kill it at that moment (the request survives
exec); elsewhere this process stays in between and watches. It is a program of its own because code between fork and
exec is not safe in a process with threads. The owner's main thread must be the starter: the request is bound to it.
"""

import contextlib
import os
import signal
import subprocess
import sys

_PR_SET_PDEATHSIG = 1
_WATCH_SECONDS = 0.5


def bind_to_parent(parent: int) -> bool:
    """Ask the kernel to kill this process with its parent; False where that does not exist."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        return False
    if os.getppid() != parent:  # it died before the request was in place
        os.kill(os.getpid(), signal.SIGKILL)
    return True


def watch(parent: int, command: list[str]) -> int:
    """Run a program and kill it when the parent is gone."""
    with subprocess.Popen(command) as child:
        while child.poll() is None:
            if os.getppid() != parent:
                child.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_WATCH_SECONDS)
        return child.returncode if child.returncode >= 0 else 128 - child.returncode


def main() -> None:
    """Become the program, or stay beside it."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if bind_to_parent(parent):
        os.execv(command[0], command)  # noqa: S606 - no shell is what is wanted
    sys.exit(watch(parent, command))


if __name__ == "__main__":
    main()
