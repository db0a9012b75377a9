"""Refuse callers of the unix socket that are another user.

The socket's mode 0600 keeps them away already; the kernel's word on the peer holds where a mode does not, such as on a
file system that ignores it.
"""

import socket
from collections.abc import Awaitable, Callable

from aiohttp import web

from reconciler.local.peer import may_call
from reconciler.web.errors import Refused


@web.middleware
async def check_caller(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Serve this user, root and TCP. Raises: Refused (403)."""
    connection = request.transport and request.transport.get_extra_info("socket")
    if connection and connection.family == getattr(socket, "AF_UNIX", None) and not may_call(connection):
        raise Refused(403, "other_user", "this socket serves the daemon's own user and root: run as that user")
    return await handler(request)
