"""Requests as botocore writes them, with every parameter of an operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.serialize import create_serializer
from moto.core.request import Request
from moto.core.utils import get_service_model

from deploy.local.standin.calls import Call

DEPTH = 4
SCALARS: dict[str, Any] = {
    "string": "text-é",
    "character": "c",
    "boolean": True,
    "byte": 1,
    "short": 1,
    "integer": 7,
    "long": 7,
    "float": 0.5,
    "double": 0.5,
}


def operations(service: str) -> Iterator[Any]:
    """Yield the models of a service's operations whose requests consist of plain values."""
    model = get_service_model(service)
    for name in model.operation_names:
        operation: Any = model.operation_model(name)
        elsewhere = operation.endpoint is not None  # at a host of its own
        if operation.input_shape is not None and not operation.has_event_stream_input and not elsewhere:
            yield operation


def parameters(shape: Any, depth: int = 0) -> dict[str, Any]:
    """Return a value for every member, but for streams, timestamps and what is nested deeper than a few levels."""
    return {
        name: value
        for name, member in shape.members.items()
        if (value := _value(member, depth + 1)) is not None and _is_plain(shape, member)
    }


def _is_plain(shape: Any, member: Any) -> bool:
    location = member.serialization.get("location")
    if member.serialization.get("name") == "Content-Length":
        return False  # counted from the body
    if member.type_name in ("list", "map", "structure") and location is not None:
        return bool(location == "querystring" and member.type_name == "list")
    return not member.serialization.get("xmlAttribute") and not member.metadata.get("jsonvalue")


def _value(shape: Any, depth: int) -> Any:
    if shape.type_name in SCALARS:
        in_header = shape.type_name == "string" and "location" in shape.serialization
        return "a" if in_header else SCALARS[shape.type_name]
    if depth > DEPTH:
        return None
    if shape.type_name == "structure":
        return (parameters(shape, depth) or None) if not shape.is_document_type else {"any": 1}
    if shape.type_name == "list":
        inner = _value(shape.member, depth + 1)
        return None if inner is None else [inner, inner]
    if shape.type_name == "map":
        inner = _value(shape.value, depth + 1)
        return None if inner is None else {"key": inner}
    return None


def request(operation: Any, values: dict[str, Any]) -> tuple[Request, Call]:
    """Return the request of an operation as botocore sends it, and its identification."""
    service = operation.service_model
    serialized = create_serializer(service.protocol, include_validation=False).serialize_to_request(values, operation)
    prepare_request_dict(serialized, "http://127.0.0.1")
    prepared = create_request_object(serialized).prepare()
    call = Call("", prepared.method, "/", service.signing_name, operation.name, "", "", "", "")
    return Request.from_primitives(prepared.method, prepared.url, dict(prepared.headers), prepared.body), call
