"""Identification of a call: caller, AWS service and operation, from the HTTP request alone.

AWS uses five protocols, each of which names the operation in another place: a form field, a header, a path. The service
is the one in the signature (`elasticloadbalancing`, not `elbv2`), as in CloudTrail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.exceptions import UnknownServiceError
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.iam.models import get_account_id_from
from werkzeug.exceptions import HTTPException

CREDENTIAL = re.compile(r"Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
CBOR_PATH = re.compile(r"/service/[^/]+/operation/(?P<operation>[^/]+)$")
UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True)
class Call:
    at: str
    method: str
    path: str
    service: str
    operation: str
    region: str
    account: str
    access_key_id: str
    user_agent: str


def identify(request: Request) -> Call:
    signed = CREDENTIAL.search(request.headers.get("Authorization", "") or request.args.get("X-Amz-Credential", ""))
    service = signed["service"].lower() if signed else UNSIGNED
    key = signed["key"] if signed else ""
    return Call(
        at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        method=request.method,
        path=request.path,
        service=service,
        operation=_operation(request, service),
        region=signed["region"] if signed else "",
        account=get_account_id_from(key),
        access_key_id=key,
        user_agent=request.headers.get("User-Agent", ""),
    )


def _operation(request: Request, service: str) -> str:
    action = request.form.get("Action") or request.args.get("Action")
    if action:
        return str(action)
    target = request.headers.get("X-Amz-Target")
    if target:
        return target.rpartition(".")[2]
    cbor = CBOR_PATH.search(request.path)
    return cbor["operation"] if cbor else _routed(request, service)


def _routed(request: Request, service: str) -> str:
    """Return the operation of a REST service by method and path, or method and path themselves if unknown."""
    try:
        operation, _ = get_service_router(service).match(request)
    except (HTTPException, NotImplementedError, UnknownServiceError):
        return f"{request.method} {request.path}"
    return str(operation.name)
