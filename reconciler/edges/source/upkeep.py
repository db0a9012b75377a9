"""The upkeep of a mirror: what killed Git commands leave, and the packs of a thousand small fetches.

Git removes its temporary files only when it may end in order, and a lock file that a killed command left would fail
every later fetch. No Git command of the daemon works in a mirror while it is swept; one of an earlier daemon that was
killed ends by its own time-out, so that only older files are taken.
"""

import contextlib
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import structlog

from reconciler.edges.source import repository
from reconciler.edges.source.repository import Access, GitFailed

_EVERY = timedelta(days=1)
_LONGEST = timedelta(minutes=10)
_PRUNE = "--prune=1.hour.ago"  # never what a command that still runs has just written
_DONE = "reconciler-maintained"


def sweep(directory: Path, *, older_than: timedelta) -> None:
    """Remove leftovers of a mirror and of its clones. Raises: OSError."""
    before = time.time() - older_than.total_seconds()
    for leftover in _leftovers(directory):
        with contextlib.suppress(FileNotFoundError):
            if leftover.lstat().st_mtime < before:
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


def maintain(directory: Path, *, access: Access) -> None:
    """Pack the objects once a day, and drop those that no reference leads to.

    A failure is logged and left to the next day: the mirror serves without it, only larger.
    """
    done = directory / _DONE
    if done.exists() and time.time() - done.stat().st_mtime < _EVERY.total_seconds():
        return
    done.touch()
    patient = replace(access, timeout=max(access.timeout, _LONGEST))
    try:
        repository.run(directory, "gc", "--quiet", _PRUNE, access=patient)
    except GitFailed as error:
        structlog.stdlib.get_logger("reconciler").warning(
            "a mirror could not be packed", mirror=str(directory), error=str(error)
        )


def _leftovers(directory: Path) -> Iterator[Path]:
    yield from directory.parent.glob(f".{directory.name}-*")
    yield from (directory / "objects").glob("**/tmp_*")
    yield from directory.glob("*.lock")
    yield from (directory / "refs").glob("**/*.lock")
