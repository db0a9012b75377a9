"""Parameters of a REST request: path, query string, headers and body, as in the protocols rest-json and rest-xml.

Source: https://smithy.io/2.0/spec/http-bindings.html. A query argument or header that the model does not name is not
looked at: signatures, tracing and SDKs add their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

from moto.core.request import Request

from deploy.local.standin.requests import json_documents, scalars, xml_documents
from deploy.local.standin.requests.problems import Problem, wrong_type


def read(
    shape: Any, request: Request, in_path: Mapping[str, Any], *, xml: bool, problems: list[Problem]
) -> dict[str, Any]:
    if shape is None:
        return {}
    parameters: dict[str, Any] = {}
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        if location is not None:
            value = _outside_the_body(location, name, member, request, in_path, problems)
            if value is not None:
                parameters[name] = value
    return parameters | _body(shape, request.get_data(), xml=xml, problems=problems)


def _outside_the_body(
    location: str, name: str, member: Any, request: Request, in_path: Mapping[str, Any], problems: list[Problem]
) -> Any:
    wire_name = member.serialization.get("name", name)
    if location == "headers":
        prefix = wire_name.lower()
        return {key[len(prefix) :]: text for key, text in request.headers if key.lower().startswith(prefix)} or None
    if location == "querystring" and member.type_name == "list":
        texts = request.args.getlist(wire_name)
        return [scalars.parse(member.member, text, name, problems) for text in texts] or None
    if member.type_name in ("list", "map", "structure"):
        return None  # rare, and nothing that could be checked
    places: dict[str, Mapping[str, Any]] = {"uri": in_path, "querystring": request.args}
    text = places.get(location, request.headers).get(wire_name)
    if text is None and member.serialization.get("hostLabel"):
        text = in_path.get(name)
    if text is None:
        return None
    return text if member.type_name == "blob" else scalars.parse(member, text, name, problems)


def _body(shape: Any, body: bytes, *, xml: bool, problems: list[Problem]) -> dict[str, Any]:
    payload = shape.serialization.get("payload")
    if payload is None:
        if not body:
            return {}
        parsed = _document(shape, body, xml=xml, problems=problems)
        return parsed if isinstance(parsed, dict) else {}
    member = shape.members[payload]
    if member.type_name in ("blob", "string"):
        value = body.decode(errors="replace") if member.type_name == "string" else body
        return {payload: value} if body else {}
    return {payload: _document(member, body, xml=xml, problems=problems)} if body else {}


def _document(shape: Any, body: bytes, *, xml: bool, problems: list[Problem]) -> Any:
    try:
        parsed: Element | Any = fromstring(body) if xml else json.loads(body)  # noqa: S314  # our own clients
    except (ParseError, ValueError):
        problems.append(wrong_type("the body", "XML" if xml else "JSON"))
        return None
    parse: Any = xml_documents.parse if xml else json_documents.parse
    return parse(shape, parsed, "", problems)
