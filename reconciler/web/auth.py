"""Authorise requests that act: over the unix socket its mode 0600 is the proof, over TCP the bearer token is."""

import hmac
import socket
from collections.abc import Mapping

from aiohttp import web

from reconciler.core.principal import Principal, Proof
from reconciler.web.errors import Refused
from reconciler.web.request import TOKEN


def authorise(request: web.Request) -> Proof:
    """Return why the caller may act. Raises: Refused (401, 403)."""
    connection = request.transport and request.transport.get_extra_info("socket")
    if connection and connection.family == getattr(socket, "AF_UNIX", None):
        return "socket"
    token = request.app[TOKEN]
    if token is None:
        raise Refused(403, "actions_off", "actions over TCP are off: set auth.token, or use the unix socket")
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given:
        raise Refused(401, "token_missing", "an Authorization header with the bearer token is needed")
    if not hmac.compare_digest(given.strip().encode("utf-8", "surrogatepass"), token.encode()):
        raise Refused(403, "token_wrong", "the bearer token is not the one in auth.token")
    return "token"


def principal(proof: Proof, body: Mapping[str, str]) -> Principal:
    """Return who acts, under the name that the request gives."""
    return Principal(body.get("by") or "api", proof)
