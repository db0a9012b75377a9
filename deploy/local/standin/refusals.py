"""AWS errors in the shape of each protocol, so that every client finds the code and the message.

A client that cannot parse an error assumes a broken server and retries for minutes; a client that reads
`StandInNotImplemented` stops immediately.
"""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from moto.core.request import Request
from werkzeug import Response

NOT_IMPLEMENTED = "StandInNotImplemented"
FAILURE = "StandInFailure"


def refusal(request: Request, service: str, *, code: str, message: str, status: int) -> Response:
    if request.headers.get("Smithy-Protocol") == "rpc-v2-cbor":
        body = b"\xa2" + b"".join(_cbor_text(text) for text in ("__type", code, "message", message))
        return Response(body, status, {"Smithy-Protocol": "rpc-v2-cbor"}, content_type="application/cbor")
    if "X-Amz-Target" in request.headers:
        return _json(code, message, status, content_type="application/x-amz-json-1.1")
    if request.form.get("Action") or request.args.get("Action"):
        return _xml(_ec2(code, message) if service == "ec2" else _query(code, message), status)
    if service == "s3":
        return _xml(_error(code, message), status)
    if service in {"route53", "cloudfront"}:
        return _xml(_query(code, message), status)
    return _json(code, message, status, content_type="application/json")


def _json(code: str, message: str, status: int, *, content_type: str) -> Response:
    body = json.dumps({"__type": code, "code": code, "message": message})
    return Response(body, status, {"X-Amzn-ErrorType": code}, content_type=content_type)


def _xml(body: str, status: int) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{body}', status, content_type="text/xml")


def _error(code: str, message: str) -> str:
    return f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"


def _query(code: str, message: str) -> str:
    error = _error(code, message).replace("<Error>", "<Error><Type>Sender</Type>", 1)
    return f"<ErrorResponse>{error}<RequestId>standin</RequestId></ErrorResponse>"


def _ec2(code: str, message: str) -> str:
    return f"<Response><Errors>{_error(code, message)}</Errors><RequestID>standin</RequestID></Response>"


def _cbor_text(text: str) -> bytes:
    """Encode a CBOR text string (RFC 8949, major type 3), cut to less than 64 KB."""
    data = text.encode()[:0xFFFF]
    if len(data) < 24:
        return bytes([0x60 | len(data)]) + data
    return b"\x79" + len(data).to_bytes(2, "big") + data
