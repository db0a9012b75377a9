"""The routes of the API: reads answer from the control, actions are passed on, nothing is decided here.

Reading needs no token (listen on loopback, or put a proxy in front); acting does, see `reconciler.web.auth`. Every
answer, errors included, is JSON in the shape of `reconciler.core.views.api`.
"""

from datetime import timedelta

from aiohttp import web

from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.control import ActionRefused, Control
from reconciler.core.record.model import Record
from reconciler.core.views import api, changes
from reconciler.core.views.shown import has_reason
from reconciler.core.vocabulary import Reason
from reconciler.web.api.actions import act
from reconciler.web.api.freezes import freeze, freezes, unfreeze
from reconciler.web.api.openapi import document
from reconciler.web.api.pages import number_of, page_of, problems_of
from reconciler.web.auth import authorise
from reconciler.web.errors import REDACT, Redact, Refused, answer_errors
from reconciler.web.request import (
    CONTROL,
    METRICS,
    TOKEN,
    VERSION,
    Metrics,
    answer,
    answer_detail,
    key_of,
    now,
    record_of,
)

BODY_LIMIT = 16 * 1024
HISTORY_LIMIT = 200
LOOP_AGE_LIMIT = timedelta(seconds=60)


def make_app(control: Control, *, metrics: Metrics, token: str | None, version: str, redact: Redact) -> web.Application:
    """Return the application, without a server. `token` None refuses every action over TCP; answers pass `redact`."""
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[answer_errors])
    app[CONTROL], app[METRICS], app[TOKEN], app[VERSION], app[REDACT] = control, metrics, token, version, redact
    instance = "/api/v1/instances/{environment}/{name}"
    app.add_routes(
        [
            web.get("/healthz", _healthz),
            web.get("/readyz", _readyz),
            web.get("/metrics", _metrics),
            web.get("/api/v1/openapi.json", _openapi),
            web.get("/api/v1/source", _source),
            web.get("/api/v1/instances", _instances),
            web.get("/api/v1/drift", _drifted),
            web.get("/api/v1/orphans", _orphans),
            web.get(instance, _instance),
            web.get(f"{instance}/plan", _plan),
            web.get(f"{instance}/drift", _drift),
            web.get(f"{instance}/history", _history),
            web.post(f"{instance}/{{action}}", act),
            web.get("/api/v1/freezes", freezes),
            web.post("/api/v1/freeze", freeze),
            web.post("/api/v1/unfreeze", unfreeze),
        ]
    )
    return app


async def _healthz(request: web.Request) -> web.Response:
    beat = request.app[CONTROL].beat()
    alive = beat.loop_age < LOOP_AGE_LIMIT
    return web.json_response({"alive": alive} | api.pulse(beat), status=200 if alive else 503)


async def _readyz(request: web.Request) -> web.Response:
    beat = request.app[CONTROL].beat()
    ready = beat.ready and not beat.stopping
    return web.json_response({"ready": ready, "stopping": beat.stopping}, status=200 if ready else 503)


async def _metrics(request: web.Request) -> web.Response:
    body, content_type = request.app[METRICS]()
    return web.Response(body=body, headers={"Content-Type": content_type})


async def _openapi(request: web.Request) -> web.Response:
    return web.json_response(document(request.app[VERSION]))


async def _source(request: web.Request) -> web.Response:
    status = request.app[CONTROL].source()
    return answer(request, api.source(status, now(), problems_of(request, status.problems)))


async def _instances(request: web.Request) -> web.Response:
    environment, reason = request.query.get("environment"), request.query.get("reason")
    if reason is not None and reason not in {item.value for item in Reason}:
        raise Refused(400, "invalid_query", f"reason {reason!r} is not one of {', '.join(sorted(Reason))}")
    records = [
        record
        for record in sorted(request.app[CONTROL].records(), key=lambda record: record.key)
        if environment in (None, record.key.environment) and (reason is None or has_reason(record, reason))
    ]
    floor = request.app[CONTROL].floor
    listed, following = page_of(request, records)
    shown = [api.summary(record, now(), floor(record.key.environment)) for record in listed]
    return answer(request, {"instances": shown, "next": following})


async def _instance(request: web.Request) -> web.Response:
    return answer_detail(request, record_of(request))


async def _plan(request: web.Request) -> web.Response:
    record = record_of(request)
    return answer(request, {"key": str(record.key), "plan": changes.plan(record.plan)})


async def _drift(request: web.Request) -> web.Response:
    return answer(request, _drift_of(record_of(request)))


async def _drifted(request: web.Request) -> web.Response:
    records = sorted((one for one in request.app[CONTROL].records() if one.drift), key=lambda record: record.key)
    listed, following = page_of(request, records)
    return answer(request, {"instances": [_drift_of(record) for record in listed], "next": following})


async def _orphans(request: web.Request) -> web.Response:
    authorise(request)  # unlike other reads it calls AWS
    environment = request.query.get("environment")
    try:
        found = await request.app[CONTROL].orphans(environment)
    except KeyError:
        raise Refused(404, "unknown_environment", f"no environment {environment!r} is configured") from None
    except ActionRefused as refusal:
        raise Refused(409, "refused", str(refusal)) from None
    except LiveUnavailable as failure:
        raise Refused(502, "unavailable", str(failure)) from None
    return answer(request, {"orphans": [api.orphan(item) for item in found]})


def _drift_of(record: Record) -> changes.View:
    return {"key": str(record.key), "drift": changes.drift(record, now())}


async def _history(request: web.Request) -> web.Response:
    limit = number_of(request, "limit", default=20, most=HISTORY_LIMIT)
    key = key_of(request)
    passes = await request.app[CONTROL].history(key, limit=limit)
    if not passes:
        record_of(request)
    return answer(request, {"key": str(key), "passes": [api.finished_pass(item) for item in passes]})
