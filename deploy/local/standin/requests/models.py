"""The service models of botocore, found by what a request shows: the service of its signature, and its operation.

moto loads the same models for its own answers and keeps them; loading one takes up to a second, using it microseconds.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from moto.core.model import ServiceModel
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from deploy.local.standin.calls import Call

# botocore's name of a service whose signature has another one.
NAMES = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch", "states": "stepfunctions"}
CLASSIC_LOAD_BALANCING = "2012-06-01"


@cache
def service_model(name: str) -> ServiceModel | None:
    try:
        return get_service_model(name)
    except UnknownServiceError:
        return None


def find(request: Request, call: Call) -> tuple[Any, dict[str, Any]] | None:
    """Return the model of a call's operation and the parameters in its path; None for what botocore does not know."""
    model = service_model(_name(request, call))
    if model is None:
        return None
    if _names_its_operation(request):
        try:
            return model.operation_model(call.operation), {}
        except OperationNotFoundError:
            return None
    try:
        return get_service_router(str(model.service_name)).match(request)
    except (HTTPException, NotImplementedError):
        return None


def _name(request: Request, call: Call) -> str:
    if call.service == "elasticloadbalancing" and request.values.get("Version") == CLASSIC_LOAD_BALANCING:
        return "elb"
    return NAMES.get(call.service, call.service)


def _names_its_operation(request: Request) -> bool:
    return bool("X-Amz-Target" in request.headers or request.form.get("Action") or request.args.get("Action"))
