"""A proxy before the AWS stand-in that holds each answer to a change back until a witness has looked at AWS."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

# The services that decide where a request goes.
_DECIDE = frozenset({"application-autoscaling", "ec2", "ecs", "elasticloadbalancing", "servicediscovery"})
_SERVICE = re.compile(r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/")
_READS = re.compile(r"(Describe|Get|List)")
_OF_THE_CONNECTION = frozenset({"connection", "content-length", "expect", "host", "transfer-encoding"})

Witness = Callable[[str], None]


@contextmanager
def witnessed(endpoint: str, witness: Witness) -> Iterator[str]:
    """Serve a proxy to the stand-in for the length of a `with` block; yield its endpoint."""
    proxy = _Proxy(urlsplit(endpoint).netloc, witness)
    server = make_server("127.0.0.1", 0, proxy, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


class _Proxy:
    def __init__(self, target: str, witness: Witness) -> None:
        self._target = target
        self._witness = witness
        self._turn = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        body = request.get_data(cache=True, parse_form_data=False)
        call = _decides(request, body)
        if call is None:
            return self._forward(environ, request, body)(environ, start_response)
        with self._turn:
            response = self._forward(environ, request, body)
            self._witness(call)
        return response(environ, start_response)

    def _forward(self, environ: dict[str, Any], request: Request, body: bytes) -> Response:
        connection = http.client.HTTPConnection(self._target, timeout=60)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OF_THE_CONNECTION}
        headers["Host"] = self._target
        try:
            connection.request(request.method, environ["RAW_URI"], body, headers)
            answer = connection.getresponse()
            content, given = answer.read(), answer.getheaders()
        finally:
            connection.close()
        kept = [(name, value) for name, value in given if name.lower() not in _OF_THE_CONNECTION - {"content-length"}]
        response = Response(content, answer.status, kept)
        response.automatically_set_content_length = request.method != "HEAD"
        return response


def _decides(request: Request, body: bytes) -> str | None:
    """Return service and operation of a call that may decide where a request goes; None for any other call."""
    signed = _SERVICE.search(request.headers.get("Authorization", ""))
    service = signed[1] if signed else ""
    if service not in _DECIDE:
        return None
    named = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    operation = named or parse_qs(body.decode(errors="replace")).get("Action", [request.path.rpartition("/")[2]])[0]
    return None if _READS.match(operation) else f"{service} {operation}"
