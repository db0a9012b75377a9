"""Manifests of a folder of this machine, read once.

What Git cannot hold, or holds as something else, is told apart as Git does: a link is not followed, and a folder with a
repository of its own is a submodule.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from desired_state.files.selection import SPECIAL, Entry, select
from desired_state.files.tree import SUBMODULE, SYMLINK, Unavailable
from desired_state.limits import LARGEST_FILE


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a folder by their path from there, and the time of the newest file that was read."""

    files: dict[str, bytes]
    newest: float


def read_folder(directory: Path) -> Contents:
    """Read the manifests below a folder. Raises: FileNotFoundError when a file vanishes meanwhile, OSError."""
    selection = select(_entries(directory, ""))
    newest = 0.0
    read: dict[str, bytes] = {}
    for path in selection.names:
        read[path], changed = read_file(directory / path)
        newest = max(newest, changed)
    return Contents(selection.contents(read), newest)


def read_file(path: Path) -> tuple[bytes, float]:
    """Return the content and the time of a file; why it cannot be read in place of the content.

    Raises: FileNotFoundError.
    """
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1), os.fstat(file.fileno()).st_mtime
    except FileNotFoundError:
        raise
    except OSError as error:
        return _unreadable(error), 0.0


def entry_of(found: os.DirEntry[str], path: str) -> Entry:
    """Return what is in a folder under this path, other than a folder."""
    if found.is_symlink():
        return Entry(path, obstacle=SYMLINK)
    if found.is_file(follow_symlinks=False):
        return Entry(path, found.stat(follow_symlinks=False).st_size)
    return Entry(path, obstacle=SPECIAL)


def _entries(directory: Path, prefix: str) -> Iterator[Entry]:
    with os.scandir(directory) as scan:
        found = sorted(scan, key=lambda each: each.name)
    for each in found:
        path = f"{prefix}{each.name}"
        if each.name.startswith("."):
            continue
        if not each.is_dir(follow_symlinks=False):
            yield entry_of(each, path)
        elif os.path.lexists(os.path.join(each.path, ".git")):
            yield Entry(path, obstacle=SUBMODULE)
        else:
            yield from _below(Path(each.path), path)


def _below(directory: Path, path: str) -> Iterator[Entry]:
    try:
        yield from _entries(directory, f"{path}/")
    except FileNotFoundError:
        raise
    except OSError as error:
        yield Entry(path, obstacle=_unreadable(error).decode())


def _unreadable(error: OSError) -> Unavailable:
    return Unavailable.because(f"cannot be read: {error.strerror}")
