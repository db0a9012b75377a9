"""A request as parameters of its operation, whatever its protocol."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from moto.core.request import Request

from deploy.local.standin.calls import Call
from deploy.local.standin.requests import forms, json_documents, models, rest
from deploy.local.standin.requests.problems import Problem, wrong_type


@dataclass(frozen=True, slots=True)
class Reading:
    """An operation of botocore's model, its parameters, and what of the request did not fit."""

    model: Any
    protocol: str
    parameters: dict[str, Any]
    problems: tuple[Problem, ...]

    @property
    def service(self) -> str:
        """Return botocore's name of the service."""
        return str(self.model.service_model.service_name)

    @property
    def operation(self) -> str:
        return str(self.model.name)


def read(request: Request, call: Call) -> Reading | None:
    """Return None for what botocore does not know, and for CBOR, which moto does not answer either."""
    if request.headers.get("Smithy-Protocol") == "rpc-v2-cbor":
        return None
    found = models.find(request, call)
    if found is None:
        return None
    model, in_path = found
    protocol = _protocol(request, model)
    problems: list[Problem] = []
    if protocol in ("query", "ec2"):
        fields = [*request.args.items(multi=True), *request.form.items(multi=True)]
        parameters = forms.read(model.input_shape, fields, ec2=protocol == "ec2", problems=problems)
    elif protocol == "json":
        parameters = _json(model.input_shape, request.get_data(), problems)
    else:
        parameters = rest.read(model.input_shape, request, in_path, xml=protocol == "rest-xml", problems=problems)
    return Reading(model, protocol, parameters, tuple(problems))


def _protocol(request: Request, model: Any) -> str:
    service = model.service_model
    if "X-Amz-Target" in request.headers:
        return "json"
    if request.form.get("Action") or request.args.get("Action"):
        return "ec2" if service.service_name == "ec2" else "query"
    return str(service.protocol)


def _json(shape: Any, body: bytes, problems: list[Problem]) -> dict[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        problems.append(wrong_type("the body", "JSON"))
        return {}
    if shape is None:
        return {}
    parsed = json_documents.parse(shape, document, "", problems)
    return parsed if isinstance(parsed, dict) else {}
