"""The start of a warm provider as a separate process in its own session.

A signal to the process group of its parent (Ctrl-C, a supervisor's stop) does not reach it. Its log is a private file
in its directory. Its environment has no variables of the runs, because each run sends its own.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from reconciler.local.folder import private
from reconciler.provider.control import socket_path

_INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "PYTHONPATH", "LD_LIBRARY_PATH")
_LARGEST_LOG = 1024 * 1024


def serve_command(directory: Path, options: Sequence[str]) -> list[str]:
    """Return the command line that serves a warm provider in a directory."""
    return [sys.executable, "-P", "-m", "reconciler.provider", "serve", "--directory", str(directory), *options]


def launch(directory: Path, options: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start a warm provider in a directory. Raises OSError, and ValueError if the directory's path is too long."""
    socket_path(directory)
    directory = private(directory)
    log = directory / "serve.log"
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.unlink()
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(
            serve_command(directory, options),
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)
