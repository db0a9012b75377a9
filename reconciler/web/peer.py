"""The other end of a connection: the account of a unix socket, as the kernel knows it, or the address over TCP.

Where the kernel cannot tell (macOS) the socket's mode 0600 is the proof that the peer is the daemon's own account.
"""

import os
import pwd
import socket

from aiohttp import web

from reconciler.core.access.loopback import is_loopback
from reconciler.local.peer import user_of


def over_unix_socket(request: web.Request) -> bool:
    """Return whether the request came over the unix socket."""
    connection = None if request.transport is None else request.transport.get_extra_info("socket")
    return connection is not None and connection.family == getattr(socket, "AF_UNIX", None)


def uid_of(request: web.Request) -> int:
    """Return the uid of the process that connected to the unix socket."""
    user = None if request.transport is None else user_of(request.transport.get_extra_info("socket"))
    return os.geteuid() if user is None else user


def is_own(uid: int) -> bool:
    """Return whether an account is the daemon's own, or root, who can do as that one anyway."""
    return uid in {0, os.geteuid()}


def account_of(uid: int) -> str:
    """Return the name of an account; its number where it has no name here."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def address_of(request: web.Request, *, behind_proxy: bool) -> str:
    """Return the client's address, or its account. Behind a proxy it is what that appended to X-Forwarded-For.

    Source for load balancers: "HTTP headers and Application Load Balancers", section "X-Forwarded-For", mode append.
    """
    if over_unix_socket(request):
        return f"uid {uid_of(request)}"
    forwarded = request.headers.getall("X-Forwarded-For", []) if behind_proxy else []
    if forwarded:
        return forwarded[-1].rpartition(",")[2].strip()[:64]
    return request.remote or "unknown"


def is_protected(request: web.Request) -> bool:
    """Return whether nobody between the peer and here can read along: TLS, or the same machine."""
    if request.transport is not None and request.transport.get_extra_info("ssl_object") is not None:
        return True
    return is_loopback(request.remote or "")
