"""How a warm provider is started: as a process of its own, in a session of its own.

A signal to its starter's group (Ctrl-C, a supervisor's stop) does not reach it, its log is a private file in its
directory, and its environment holds nothing of the runs: each run brings its own.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from reconciler.provider.control import private_directory, socket_path

_PASSED = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "PYTHONPATH", "LD_LIBRARY_PATH")
_LARGEST_LOG = 1024 * 1024


def serve_command(directory: Path, options: Sequence[str]) -> list[str]:
    """The command line of a warm provider."""
    return [sys.executable, "-P", "-m", "reconciler.provider", "serve", "--directory", str(directory), *options]


def launch(directory: Path, options: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start a warm provider in a directory. Raises: OSError, ValueError (the path is too long)."""
    directory = directory.absolute()
    socket_path(directory)
    private_directory(directory)
    log = directory / "serve.log"
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.unlink()
    environment = {name: os.environ[name] for name in _PASSED if name in os.environ}
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
