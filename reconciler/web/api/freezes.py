"""Freezes over HTTP: list, and with the bearer token, freeze and unfreeze."""

from aiohttp import web

from desired_state.suggestion import suggest
from reconciler.core.ports.control import ActionRefused
from reconciler.core.views import api
from reconciler.web.auth import caller, require, require_reading
from reconciler.web.errors import Refused
from reconciler.web.request import CONTROL, answer, body_of

_FIELDS = frozenset({"environment", "reason", "by"})


async def freezes(request: web.Request) -> web.Response:
    """Answer with every freeze in effect."""
    require_reading(request)
    return answer(request, {"freezes": list(map(api.freeze, request.app[CONTROL].freezes()))})


async def freeze(request: web.Request) -> web.Response:
    """Freeze one environment, or all when none is named."""
    caller(request)
    body = await body_of(request, _FIELDS)
    if "reason" not in body:
        raise Refused(400, "reason_missing", "a freeze needs a reason: it is shown to everyone it stops")
    control, environment = request.app[CONTROL], body.get("environment")
    try:
        by = require(request, "freeze", environment, **body)
        made = await control.freeze(environment, by=by, reason=body["reason"])
    except KeyError:
        raise _unknown(request, environment) from None
    return answer(request, api.freeze(made))


async def unfreeze(request: web.Request) -> web.Response:
    """Lift the freeze of one environment, or the one of all when none is named."""
    caller(request)
    body = await body_of(request, _FIELDS - {"reason"})
    control, environment = request.app[CONTROL], body.get("environment")
    try:
        by = require(request, "unfreeze", environment, **body)
        lifted = await control.unfreeze(environment, by=by)
    except KeyError:
        raise _unknown(request, environment) from None
    except ActionRefused as refusal:
        raise Refused(409, "refused", str(refusal)) from None
    return answer(request, api.freeze(lifted))


def _unknown(request: web.Request, environment: str | None) -> Refused:
    known = {record.key.environment for record in request.app[CONTROL].records()}
    return Refused(404, "unknown_environment", f"no environment {environment!r}; {suggest(environment or '', known)}")
