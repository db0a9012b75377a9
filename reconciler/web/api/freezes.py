"""Freezes over HTTP: list, and with the bearer token, freeze and unfreeze."""

from aiohttp import web

from desired_state.reading.suggestion import suggest
from reconciler.core.ports.control import ActionRefused
from reconciler.core.record.freeze import EVERYWHERE
from reconciler.core.views import api
from reconciler.web.audit import peer, recording_refusals
from reconciler.web.auth import caller, require, require_reading
from reconciler.web.errors import Refused
from reconciler.web.request import CONTROL, answer, body_of, refused

_FIELDS = frozenset({"environment", "reason", "by"})


async def freezes(request: web.Request) -> web.Response:
    """Answer with every freeze in effect."""
    require_reading(request)
    return answer(request, {"freezes": list(map(api.freeze, request.app[CONTROL].freezes()))})


async def freeze(request: web.Request) -> web.Response:
    """Freeze one environment, or all when none is named."""
    async with recording_refusals(request, "freeze", EVERYWHERE):
        caller(request)
        body = await body_of(request, _FIELDS)
        if "reason" not in body:
            raise Refused(400, "reason_missing", "a freeze needs a reason: it is shown to everyone it stops")
        environment = body.get("environment")
        by = require(request, "freeze", environment, **body)
    control = request.app[CONTROL]
    try:
        made = await control.freeze(environment, by=by, reason=body["reason"], peer=peer(request))
    except KeyError:
        raise _unknown(request, environment) from None
    except ActionRefused as refusal:
        raise refused(refusal) from None
    return answer(request, api.freeze(made))


async def unfreeze(request: web.Request) -> web.Response:
    """Lift the freeze of one environment, or the one of all when none is named."""
    async with recording_refusals(request, "unfreeze", EVERYWHERE):
        caller(request)
        body = await body_of(request, _FIELDS)
        environment = body.get("environment")
        by = require(request, "unfreeze", environment, **body)
    control = request.app[CONTROL]
    try:
        lifted = await control.unfreeze(environment, by=by, reason=body.get("reason"), peer=peer(request))
    except KeyError:
        raise _unknown(request, environment) from None
    except ActionRefused as refusal:
        raise refused(refusal) from None
    return answer(request, api.freeze(lifted))


def _unknown(request: web.Request, environment: str | None) -> Refused:
    known = {record.key.environment for record in request.app[CONTROL].records()}
    return Refused(404, "unknown_environment", f"no environment {environment!r}; {suggest(environment or '', known)}")
