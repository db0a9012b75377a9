"""A launcher for a program that must not outlive its parent: `python -I -S tether.py PARENT_PID PROGRAM…`.

A provider does not notice the end of its parent. On Linux the kernel kills it then (the request survives exec); on
other systems this process stays between the two and watches. It is a program of its own because code between fork and
exec is not safe in a process with threads. The parent's main thread must start it: the kernel's request is bound to
that thread.
"""

import contextlib
import os
import signal
import subprocess
import sys

_PR_SET_PDEATHSIG = 1
_WATCH_SECONDS = 0.5


def bind_to_parent(parent: int) -> bool:
    """Ask the kernel to kill this process when its parent ends. Returns False if the system cannot do that."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        return False
    if os.getppid() != parent:  # the parent died before the request was made
        os.kill(os.getpid(), signal.SIGKILL)
    return True


def watch(parent: int, command: list[str]) -> int:
    """Run a program and kill it when the parent is gone. Returns its exit code, or 128 plus the signal's number."""
    with subprocess.Popen(command) as child:
        while child.poll() is None:
            if os.getppid() != parent:
                child.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_WATCH_SECONDS)
        return child.returncode if child.returncode >= 0 else 128 - child.returncode


def main() -> None:
    """Replace this process by the program where the kernel binds it to the parent, else run and watch it."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if bind_to_parent(parent):
        os.execv(command[0], command)  # noqa: S606 - deliberately without a shell
    sys.exit(watch(parent, command))


if __name__ == "__main__":
    main()
