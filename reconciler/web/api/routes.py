"""The routes of the API: reads answer from the control, actions are passed on, nothing is decided here.

The role that each needs is in `core/access/permissions`; `reconciler.web.auth` finds out who asks. Every answer, errors
included, is JSON in the shape of `reconciler.core.views.api`.
"""

from dataclasses import replace
from datetime import timedelta

from aiohttp import web

from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.control import ActionRefused, Control
from reconciler.core.record.model import Record
from reconciler.core.views import api, changes
from reconciler.core.views.shown import has_reason
from reconciler.core.vocabulary import Reason
from reconciler.web.access import ACCESS, Access, Page
from reconciler.web.api.actions import act
from reconciler.web.api.audit import audit, audit_of_instance
from reconciler.web.api.freezes import freeze, freezes, unfreeze
from reconciler.web.api.openapi import document
from reconciler.web.api.pages import page_of, problems_of
from reconciler.web.api.tasks import show as show_task
from reconciler.web.api.tasks import start as start_task
from reconciler.web.auth import authenticate, is_reader, may_read, require, require_reading, tenant_of
from reconciler.web.errors import REDACT, Redact, Refused, answer_errors
from reconciler.web.request import (
    CONTROL,
    METRICS,
    VERSION,
    Metrics,
    answer,
    answer_detail,
    key_of,
    limit_of,
    now,
    record_of,
)

BODY_LIMIT = 16 * 1024
_OTHER_THAN_READS = r"(?!(?:plan|drift|history|audit)$)[^{}/]+"  # or PUT on a read would be told to use POST
LOOP_AGE_LIMIT = timedelta(seconds=60)


def make_app(
    control: Control,
    *,
    metrics: Metrics,
    token: str | None,
    version: str,
    redact: Redact,
    access: Access | None = None,
) -> web.Application:
    """Return the application, without a server. `token` is the shared one; answers pass `redact`."""
    rules = access or Access()
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=[answer_errors, authenticate])
    app[CONTROL], app[METRICS], app[VERSION], app[REDACT] = control, metrics, version, redact
    app[ACCESS] = replace(rules, people=rules.people.with_shared(token))
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
            web.get(f"{instance}/audit", audit_of_instance),
            web.get("/api/v1/audit", audit),
            web.post(f"{instance}/run-task", start_task),
            web.get(f"{instance}/tasks/{{task}}", show_task),
            web.post(f"{instance}/{{action:{_OTHER_THAN_READS}}}", act),
            web.get("/api/v1/freezes", freezes),
            web.post("/api/v1/freeze", freeze),
            web.post("/api/v1/unfreeze", unfreeze),
        ]
    )
    return app


async def _healthz(request: web.Request) -> web.Response:
    beat = request.app[CONTROL].beat()
    alive = beat.loop_age < LOOP_AGE_LIMIT
    more = api.pulse(beat) if is_reader(request) else {}
    return web.json_response({"alive": alive} | more, status=200 if alive else 503)


async def _readyz(request: web.Request) -> web.Response:
    _require_page(request, "readyz")
    beat = request.app[CONTROL].beat()
    ready = beat.ready and not beat.stopping
    return web.json_response({"ready": ready, "stopping": beat.stopping}, status=200 if ready else 503)


async def _metrics(request: web.Request) -> web.Response:
    _require_page(request, "metrics")
    body, content_type = request.app[METRICS]()
    return web.Response(body=body, headers={"Content-Type": content_type})


def _require_page(request: web.Request, page: Page) -> None:
    if page not in request.app[ACCESS].open_pages:
        require_reading(request)


async def _openapi(request: web.Request) -> web.Response:
    require_reading(request)
    return web.json_response(document(request.app[VERSION]))


async def _source(request: web.Request) -> web.Response:
    require_reading(request)
    status = request.app[CONTROL].source()
    return answer(request, api.source(status, now(), problems_of(request, status.problems)))


async def _instances(request: web.Request) -> web.Response:
    environment, reason = request.query.get("environment"), request.query.get("reason")
    if reason is not None and reason not in {item.value for item in Reason}:
        raise Refused(400, "invalid_query", f"reason {reason!r} is not one of {', '.join(sorted(Reason))}")
    records = [
        record
        for record in _readable(request)
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
    listed, following = page_of(request, [record for record in _readable(request) if record.drift])
    return answer(request, {"instances": [_drift_of(record) for record in listed], "next": following})


def _readable(request: web.Request) -> list[Record]:
    """Return the records that the caller may read, by key."""
    require_reading(request)
    records = sorted(request.app[CONTROL].records(), key=lambda record: record.key)
    return [record for record in records if may_read(request, record.key, tenant_of(record))]


async def _orphans(request: web.Request) -> web.Response:
    environment = request.query.get("environment")
    require(request, "orphans", environment)
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
    limit = limit_of(request)
    key = key_of(request)
    require_reading(request, key, tenant_of(request.app[CONTROL].record(key)))
    passes = await request.app[CONTROL].history(key, limit=limit)
    if not passes:
        record_of(request)
    return answer(request, {"key": str(key), "passes": [api.finished_pass(item) for item in passes]})
