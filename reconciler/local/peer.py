"""The user at the other end of a unix socket, as the kernel knows it.

Linux remembers the user that called listen(2), connect(2) or socketpair(2), and SO_PEERCRED returns it, see unix(7). So
neither end can lie, whoever owns the path now. On systems without it, owner and mode of the path are all there is.
"""

import os
import socket
import stat
import struct
from pathlib import Path
from typing import Any

from reconciler.local.folder import Untrusted, followed, shared

_UCRED = struct.Struct("iII")  # pid, uid, gid


def user_of(connection: Any) -> int | None:
    """Return the user id at the other end of a connected unix socket; None where the system cannot tell."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    return int(_UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, option, _UCRED.size))[1])


def may_call(connection: Any) -> bool:
    """Return whether the caller is this user or root, who can do as this user anyway."""
    return user_of(connection) in {None, 0, os.geteuid()}


def connect(path: Path, *, seconds: float) -> socket.socket:
    """Connect to a socket; blocking. Raises Untrusted before anything is sent, see `check_socket`, OSError."""
    real, owner = check_socket(path)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.connect(str(real))
        check_listener(connection, owner, path)
    except BaseException:
        connection.close()
        raise
    return connection


def check_socket(path: Path) -> tuple[Path, int]:
    """Return the socket with its links followed, and the user who must listen there. Raises Untrusted, OSError.

    That is this user. Root also takes the owner of the socket, unless it lies where any user could have put it."""
    real = followed(path)
    status, own = real.lstat(), os.geteuid()
    if not stat.S_ISSOCK(status.st_mode):
        raise Untrusted(f"{path} is no socket: remove it, or use another path")
    if status.st_uid != own and (own != 0 or shared(real.parent)):
        raise Untrusted(f"{path} belongs to user {status.st_uid}: run as that user, or use another path")
    return real, status.st_uid


def check_listener(connection: Any, owner: int, path: Path) -> None:
    """Check who listens at the other end of a connection. Raises Untrusted for another user than the owner."""
    if (listener := user_of(connection)) not in {None, owner}:
        raise Untrusted(f"a process of user {listener} listens on {path}: end it, or use another path")
