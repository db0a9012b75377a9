"""The API's own description, written by hand and compared with the routes by a test."""

from typing import get_args

from reconciler.core.plan.summary import Operation
from reconciler.core.ports.control import ACTIONS
from reconciler.core.vocabulary import Health, Reason, Sync
from reconciler.web.api import openapi_audit
from reconciler.web.api.refusals import guarded
from reconciler.web.api.schema import FLAG as _FLAG
from reconciler.web.api.schema import NUMBER as _NUMBER
from reconciler.web.api.schema import TEXT as _TEXT
from reconciler.web.api.schema import TIME as _TIME
from reconciler.web.api.schema import Schema
from reconciler.web.api.schema import answer as _answer
from reconciler.web.api.schema import array as _list
from reconciler.web.api.schema import closed_object as _object
from reconciler.web.api.schema import error as _error
from reconciler.web.api.schema import get as _get
from reconciler.web.api.schema import key_parameters as _key_parameters
from reconciler.web.api.schema import known as _known
from reconciler.web.api.schema import nullable as _nullable
from reconciler.web.api.schema import query as _query
from reconciler.web.api.schema import ref as _ref
from reconciler.web.api.schema import words as _words


def document(version: str) -> Schema:
    """Return the OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ECS GitOps reconciler",
            "version": version,
            "description": "The state of each instance, and the actions on it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": guarded(_probes() | _reads() | openapi_audit.paths() | _actions()),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas() | openapi_audit.schemas(),
            "responses": {"Error": _answer("The request was refused", _ref("Error"))},
        },
    }


def _probes() -> Schema:
    pulse = {"200": _answer("It beats", _ref("Pulse")), "503": _answer("The loop is stuck", _ref("Pulse"))}
    ready = _object({"ready": _FLAG, "stopping": _FLAG})
    metrics = {"200": {"description": "Prometheus metrics", "content": {"text/plain": {"schema": _TEXT}}}}
    return {
        "/healthz": _get("healthz", "Is the daemon alive? A long pass never makes this fail", pulse),
        "/readyz": _get(
            "readyz", "Has it read the manifests?", {"200": _answer("Yes", ready), "503": _answer("No", ready)}
        ),
        "/metrics": _get("metrics", "Metrics", metrics),
        "/api/v1/openapi.json": _get("openapi", "This document", {"200": _answer("OpenAPI", {"type": "object"})}),
    }


def _reads() -> Schema:
    one = "/api/v1/instances/{environment}/{name}"
    freezes = _list(_ref("Freeze"))
    instances = _object({"instances": _list(_ref("Summary"))})
    plan = _object({"key": _TEXT, "plan": _nullable(_ref("Plan"))})
    drift = _object({"key": _TEXT, "drift": _nullable(_ref("Drift"))})
    drifted = _object({"instances": _list(drift)})
    history = _object({"key": _TEXT, "passes": _list(_ref("Pass"))})
    filters = [
        _query("environment", "Only this environment", _TEXT),
        _query("reason", "Only with this reason", _words(Reason)),
    ]
    orphan = {"key": _TEXT, "environment": _TEXT, "name": _TEXT, "bucket": _TEXT, "object": _TEXT}
    orphans = _object({"orphans": _list(_object(orphan | {"resources": _nullable(_NUMBER), "modified_at": _TIME}))})
    limit = [*_key_parameters(), _query("limit", "How many, 20 by default", {**_NUMBER, "minimum": 1, "maximum": 200})]
    return {
        "/api/v1/source": _get(
            "source", "The state of the manifests' source", {"200": _answer("The source", _ref("Source"))}
        ),
        "/api/v1/instances": _get(
            "instances", "All instances", {"200": _answer("In order of key", instances), "400": _error()}, filters
        ),
        "/api/v1/freezes": _get(
            "freezes", "The freezes in effect", {"200": _answer("All", _object({"freezes": freezes}))}
        ),
        one: _get("instance", "One instance", _known(_ref("Detail")), _key_parameters()),
        "/api/v1/drift": _get("drifted", "Instances that drifted", {"200": _answer("In order of key", drifted)}),
        "/api/v1/orphans": _get(
            "orphans",
            "States without a manifest or a record, asked of AWS; over TCP with the bearer token",
            {"200": _answer("In order of key", orphans)}
            | {code: _error() for code in ("401", "403", "404", "409", "502")},
            filters[:1],
            security=[{"token": []}],
        ),
        f"{one}/drift": _get("drift", "Its drift", _known(drift), _key_parameters()),
        f"{one}/plan": _get("plan", "Its last plan, redacted", _known(plan), _key_parameters()),
        f"{one}/history": _get("history", "Its passes, newest first", _known(history) | {"400": _error()}, limit),
    }


def _actions() -> Schema:
    meanings = {
        "digest": "approve, adopt, reject: the digest of the plan that was reviewed",
        "lock_id": "unlock: the id of the lock to break although the daemon did not take it",
        "override_window": "reconcile: why this one pass may apply outside the change windows",
        "from_empty": "reconcile: why an instance whose state is lost is created anew",
        "by": "A remark about the caller's name; it proves nothing",
        "reason": "Why, for the audit",
    }
    body = {name: openapi_audit.line(name) | {"description": meaning} for name, meaning in meanings.items()}
    action = {"name": "action", "in": "path", "required": True, "schema": _words(sorted(ACTIONS))}
    return {
        "/api/v1/instances/{environment}/{name}/{action}": {
            "post": {
                "operationId": "act",
                "summary": "Act on one instance; over TCP with the bearer token",
                "security": [{"token": []}],
                "parameters": [*_key_parameters(), action],
                "requestBody": {"content": {"application/json": {"schema": _object(body, required=[])}}},
                "responses": _known(_ref("Detail"))
                | {code: _error() for code in ("400", "401", "403", "409", "413", "415", "503")},
            }
        },
        "/api/v1/freeze": _freezing(
            "freeze", "Stop all applies in an environment, or without one everywhere", ["reason"]
        ),
        "/api/v1/unfreeze": _freezing("unfreeze", "Lift the freeze of an environment, or without one that of all", []),
    }


def _freezing(name: str, summary: str, required: list[str]) -> Schema:
    body = {field: openapi_audit.line(field) for field in ("environment", "by", "reason")}
    schema = _object(body, required=required)
    return {
        "post": {
            "operationId": name,
            "summary": f"{summary}; over TCP with the bearer token",
            "security": [{"token": []}],
            "requestBody": {"required": bool(required), "content": {"application/json": {"schema": schema}}},
            "responses": _known(_ref("Freeze"))
            | {code: _error() for code in ("400", "401", "403", "409", "413", "415", "503")},
        }
    }


def _schemas() -> Schema:
    attribute = _object({"old": {}, "new": {}, "redacted": _FLAG})
    resource = {
        "address": _TEXT,
        "actions": _list(_TEXT),
        "notes": _list(_TEXT),
        "attributes": {"type": "object", "additionalProperties": attribute},
    }
    change = _object(resource)
    moved = _object({"change": _words(("changed", "deleted", "added"))} | resource)
    counts = _object(dict.fromkeys(get_args(Operation), _NUMBER))
    check = _object({"address": _TEXT, "status": _words(("fail", "error")), "messages": _list(_TEXT)})
    problem = _object({"path": _TEXT, "line": _NUMBER, "column": _NUMBER, "message": _TEXT})
    running = _object({"key": _TEXT, "seconds": _NUMBER})
    summary = {
        "key": _TEXT, "environment": _TEXT, "name": _TEXT, "kind": _words(("Platform", "Service", "Module")),
        "mode": _words(("auto", "approve", "observe")), "mode_from": _words(("manifest", "floor")),
        "sync": _words(Sync), "health": _words(Health),
        "ready": _FLAG, "reason": _nullable(_words(Reason)), "message": _TEXT, "age_seconds": _nullable(_NUMBER),
        "stalled": _FLAG, "suspended": _FLAG, "removed_at": _nullable(_TIME), "current": _FLAG, "drifted": _NUMBER,
        "approvable": _FLAG, "accepted_commit": _TEXT, "applied_commit": _nullable(_TEXT),
        "applied_at": _nullable(_TIME), "checked_at": _nullable(_TIME),
    }  # fmt: skip
    condition = {
        "type": _TEXT, "status": _FLAG, "reason": _words(Reason), "message": _TEXT, "since": _TIME,
        "age_seconds": _NUMBER,
    }  # fmt: skip
    return {
        "Error": _object({"error": _object({"code": _TEXT, "message": _TEXT}, closed=False)}),
        "Pulse": _object(
            {
                "alive": _FLAG,
                "loop_age_seconds": {"type": "number"},
                "ready": _FLAG,
                "stopping": _FLAG,
                "queued": _NUMBER,
                "running": _list(running),
            },
            required=["alive"],
        ),
        "Source": _object(
            {
                "commit": _nullable(_TEXT),
                "fetched_at": _nullable(_TIME),
                "age_seconds": _nullable(_NUMBER),
                "error": _nullable(_TEXT),
                "problems": _list(problem),
            }
        ),
        "Plan": _object(
            {"digest": _TEXT, "at": _TIME, "applied_at": _nullable(_TIME), "counts": counts, "warnings": _list(_TEXT)}
            | {"changes": _list(change), "drift": _list(change), "checks": _list(check)}
        ),
        "Drift": _object(
            {
                "reason": _words(Reason),
                "response": _words(("heal", "wait", "report")),
                "since": _TIME,
                "age_seconds": _NUMBER,
                "confirmed_at": _nullable(_TIME),
                "found_by": _TEXT,
                "who": _TEXT,
                "repairs": _NUMBER,
                "resources": _list(moved),
                "remedies": _list(_TEXT),
            }
        ),
        "Pass": _pass(),
        "Freeze": _object({"environment": _nullable(_TEXT), "by": _TEXT, "reason": _TEXT, "at": _TIME}),
        "Condition": _object(condition),
        "Summary": _object(summary),
        "Detail": _object(summary | _detail()),
    }


def _pass() -> Schema:
    return _object({
        "id": _TEXT, "key": _TEXT, "trigger": _TEXT, "commit": _TEXT, "started_at": _TIME, "finished_at": _TIME,
        "seconds": {"type": "number"}, "result": _TEXT, "reason": _nullable(_words(Reason)), "message": _TEXT,
    })  # fmt: skip


def _detail() -> Schema:
    text = _nullable(_TEXT)
    rollout = {"image": text, "started_at": _TIME, "ended": _nullable(_words(Reason)), "message": _TEXT}
    seen = dict.fromkeys(("account", "region", "bucket", "object", "lineage"), _TEXT)
    seen |= {"lock_table": text, "serial": _NUMBER, "resources": _NUMBER}
    permission = _nullable(_object({"by": _TEXT, "reason": _TEXT, "at": _TIME}))
    state = _object(seen | {"adopted": _FLAG, "found": _nullable(_object(seen)), "from_empty": permission})
    person = _object({"by": _TEXT, "at": _TIME, "proven": _FLAG})
    digests = {"source": _TEXT, "desired_source": text, "desired": text, "applied_source": text, "applied": text}
    return {
        "labels": {"type": "object", "additionalProperties": _TEXT},
        "manifest": _object({"path": _TEXT, "line": _NUMBER}),
        "depends_on": _list(_TEXT),
        "policy": _object({"mode": _TEXT, "prune": _FLAG, "interval_seconds": _NUMBER}),
        "floor": _list(_object({"setting": _TEXT, "effective": _TEXT, "manifest": _TEXT})),
        "digests": _object(digests),
        "terraform_tree": _object({"wanted": _TEXT, "running": text, "held": text}),
        "conditions": _list(_ref("Condition")),
        "failures": _nullable(_object({"count": _NUMBER, "last_at": _TIME})),
        "rollout": _nullable(_object(rollout)),
        "intent": _nullable(_object({"plan_digest": _TEXT, "destroys": _FLAG, "lock_seen": _FLAG, "at": _TIME})),
        "authors": _list(_object({"commit": _TEXT, "name": _TEXT, "email": _TEXT, "signer": text})),
        "approval_rule": _object({"people": _NUMBER, "author_may_approve": _FLAG}),
        "approval": _nullable(_object({"plan_digest": _TEXT, "by": _TEXT, "at": _TIME, "people": _list(person)})),
        "rejection": _nullable(_object({"plan_digest": _TEXT, "by": _TEXT, "at": _TIME})),
        "window_override": _nullable(_object({"by": _TEXT, "reason": _TEXT, "at": _TIME})),
        "frozen": _nullable(_ref("Freeze")),
        "state": _nullable(state),
        "requested_at": _nullable(_TIME),
        "prune": _object({"guard": text, "confirmed": _FLAG}),
        "plan": _nullable(_ref("Plan")),
        "drift": _nullable(_ref("Drift")),
        "outputs": _list(_TEXT),
    }
