"""Who may call the API."""

import hmac
import socket

from aiohttp import web

from reconciler.web.errors import Refused
from reconciler.web.request import TOKEN


def authorise(request: web.Request) -> None:
    """Only for those who may act. Raises: Refused."""
    connection = request.transport and request.transport.get_extra_info("socket")
    if connection and connection.family == getattr(socket, "AF_UNIX", None):
        return
    token = request.app[TOKEN]
    if token is None:
        raise Refused(403, "actions_off", "actions over TCP are off: set auth.token, or use the unix socket")
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given:
        raise Refused(401, "token_missing", "an Authorization header with the bearer token is needed")
    if not hmac.compare_digest(given.strip().encode("utf-8", "surrogatepass"), token.encode()):
        raise Refused(403, "token_wrong", "the bearer token is not the one in auth.token")
