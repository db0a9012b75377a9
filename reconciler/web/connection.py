"""Answer requests that no route gets: those that are not HTTP, and those that aiohttp refuses before the middlewares.

aiohttp answers them itself, as text, with its version and without our headers. `handle_error` is its hook for the
former, and a server of its own the way to set it: `AppRunner` has no option for either.
"""

import logging
from typing import Any

from aiohttp import web

from reconciler.web.connections import Watch
from reconciler.web.errors import refusal

_log = logging.getLogger(__name__)
_NOT_HTTP = "the request is not HTTP that this server reads: check the request line, the headers and the port"


class Runner(web.AppRunner):
    """A runner that serves through `watch`, and whose connections answer every refusal in the one shape."""

    def __init__(self, app: web.Application, watch: Watch) -> None:
        super().__init__(app, handle_signals=False, access_log=None, shutdown_timeout=3)
        self._watch = watch

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            try:
                return await self._watch(request, made.request_handler)
            except web.HTTPException as error:  # such as 417, for which no middleware is asked
                return refusal(error.status, error.reason)

        return _Server(handle, request_factory=made.request_factory, **made._kwargs)


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to what is not HTTP, without its words, and close the connection."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun, so that no other can be sent")
        if status >= 500:
            _log.error("a connection failed", exc_info=exc)
        answer: Any = refusal(status, _NOT_HTTP if status < 500 else "the daemon could not answer; its log says why")
        answer.force_close()
        return answer  # type: ignore[no-any-return]
