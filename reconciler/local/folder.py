"""Folders that belong to this user alone, and paths on which no other user has put a link.

Untrusted    another user owns the path, or can change what it leads to
"""

import errno
import os
import stat
from pathlib import Path

_MOST_LINKS = 40  # as many as Linux follows, see path_resolution(7)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Untrusted(PermissionError):
    """Another user owns the path, or can change what it leads to."""


def followed(path: Path) -> Path:
    """Return the absolute path with every link followed. Raises Untrusted for a link of another user, OSError."""
    found, links = Path("/"), 0
    rest = list(reversed((Path.cwd() / path).parts[1:]))
    while rest:
        part = rest.pop()
        here = found.parent if part == ".." else found / part
        if part == ".." or not (status := _status(here)) or not stat.S_ISLNK(status.st_mode):
            found = here
            continue
        if status.st_uid not in {0, os.geteuid()}:
            raise Untrusted(f"{here} is a link of user {status.st_uid}: remove it, or use another path")
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        target = Path(os.readlink(here))
        found = Path("/") if target.is_absolute() else found
        rest += reversed(target.parts[1:] if target.is_absolute() else target.parts)
    return found


def check_private(path: Path) -> Path:
    """Return the folder with its links followed. Raises Untrusted unless it is this user's alone, OSError."""
    real = followed(path)
    status = real.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise Untrusted(f"{path} is no folder: remove it, or use another path")
    if status.st_uid != os.geteuid():
        raise Untrusted(f"{path} belongs to user {status.st_uid}: run as that user, or use another path")
    if status.st_mode & _OTHERS:
        raise Untrusted(f"{path} has mode {stat.S_IMODE(status.st_mode):04o}, open to other users: chmod 700 {path}")
    return real


def private(path: Path) -> Path:
    """Create the folder, or take the mode 0700 for one of this user. Returns it with its links followed.

    Raises Untrusted for a folder of another user, OSError."""
    real = followed(path)
    real.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = real.lstat()
    if status.st_uid == os.geteuid() and status.st_mode & _OTHERS and stat.S_ISDIR(status.st_mode):
        descriptor = os.open(real, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fchmod(descriptor, 0o700)
        finally:
            os.close(descriptor)
    return check_private(real)


def shared(path: Path) -> bool:
    """Return whether any user may create files in the folder, or in one above it."""
    return any(folder.stat().st_mode & stat.S_IWOTH for folder in (path, *path.parents))


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None
