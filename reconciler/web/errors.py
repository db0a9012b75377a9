"""Errors of the API: every refusal has the shape `{"error": {"code", "message"}}`, and every answer the same headers.

An unexpected error is logged with its traceback and answered without one.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Server": "reconciler",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}

Redact = Callable[[Any], Any]
REDACT: web.AppKey[Redact] = web.AppKey("redact")

_log = logging.getLogger(__name__)


class Refused(Exception):
    """The request cannot be served. `details` join the error's code and message; `retry_after` is in seconds."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: int | None = None, **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.error = {"code": code, "message": message} | details


def refusal(status: int, message: str) -> web.Response:
    """Return the answer to a request that is refused before a route has it."""
    error = {"code": _CODES.get(status, "refused"), "message": message}
    return web.json_response({"error": error}, status=status, headers=HEADERS)


@web.middleware
async def answer_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Serve, and turn every failure into an answer of the one shape."""
    try:
        response = await handler(request)
    except Refused as refused:
        body = request.app[REDACT]({"error": refused.error})
        response = web.json_response(body, status=refused.status, headers=refused.headers)
    except web.HTTPException as error:
        response = refusal(error.status, error.reason)
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
    except Exception:
        _log.exception("request failed: %s %s", request.method, request.rel_url.path)
        body = {"error": {"code": "internal", "message": "the daemon could not answer; its log says why"}}
        response = web.json_response(body, status=500)
    if response.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    response.headers.update(HEADERS)
    return response
