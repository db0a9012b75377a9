"""The API's own description, written by hand and compared with the routes by a test."""

from typing import get_args

from reconciler.core.plan.summary import Operation
from reconciler.core.ports.control import ACTIONS
from reconciler.core.vocabulary import Health, Reason, Sync
from reconciler.web.api import openapi_audit, openapi_tasks, pages
from reconciler.web.api.refusals import guarded
from reconciler.web.api.schema import (
    FLAG,
    NUMBER,
    TEXT,
    TIME,
    Schema,
    answer,
    array,
    closed_object,
    error,
    get,
    key_parameters,
    known,
    nullable,
    paged,
    query,
    ref,
    words,
)


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
            "responses": {"Error": answer("The request was refused", ref("Error"))},
        },
    }


def _probes() -> Schema:
    pulse = {"200": answer("It beats", ref("Pulse")), "503": answer("The loop is stuck", ref("Pulse"))}
    ready = closed_object({"ready": FLAG, "stopping": FLAG})
    metrics = {"200": {"description": "Prometheus metrics", "content": {"text/plain": {"schema": TEXT}}}}
    return {
        "/healthz": get("healthz", "Is the daemon alive? A long pass never makes this fail", pulse),
        "/readyz": get(
            "readyz", "Has it read the manifests?", {"200": answer("Yes", ready), "503": answer("No", ready)}
        ),
        "/metrics": get("metrics", "Metrics", metrics),
        "/api/v1/openapi.json": get("openapi", "This document", {"200": answer("OpenAPI", {"type": "object"})}),
    }


def _reads() -> Schema:
    one = "/api/v1/instances/{environment}/{name}"
    freezes = array(ref("Freeze"))
    instances = closed_object({"instances": array(ref("Summary")), "next": nullable(TEXT)})
    plan = closed_object({"key": TEXT, "plan": nullable(ref("Plan"))})
    drift = closed_object({"key": TEXT, "drift": nullable(ref("Drift"))})
    drifted = closed_object({"instances": array(drift), "next": nullable(TEXT)})
    history = closed_object({"key": TEXT, "passes": array(ref("Pass"))})
    filters = [
        query("environment", "Only this environment", TEXT),
        query("reason", "Only with this reason", words(Reason)),
    ]
    orphan: Schema = {"key": TEXT, "environment": TEXT, "name": TEXT, "bucket": TEXT, "object": TEXT}
    orphans = closed_object(
        {"orphans": array(closed_object(orphan | {"resources": nullable(NUMBER), "modified_at": TIME}))}
    )
    limit = [*key_parameters(), query("limit", "How many, 20 by default", {**NUMBER, "minimum": 1, "maximum": 200})]
    return {
        "/api/v1/source": get(
            "source", "The source, with a page of its problems", paged(ref("Source")), pages.PROBLEM_PARAMETERS
        ),
        "/api/v1/instances": get(
            "instances", "Instances, by page", paged(instances), [*filters, *pages.INSTANCE_PARAMETERS]
        ),
        "/api/v1/freezes": get(
            "freezes", "The freezes in effect", {"200": answer("All", closed_object({"freezes": freezes}))}
        ),
        one: get("instance", "One instance", known(ref("Detail")), key_parameters()),
        "/api/v1/drift": get("drifted", "Instances that drifted", paged(drifted), pages.INSTANCE_PARAMETERS),
        "/api/v1/orphans": get(
            "orphans",
            "States without a manifest or a record, asked of AWS; over TCP with the bearer token",
            {"200": answer("In order of key", orphans)}
            | {code: error() for code in ("401", "403", "404", "409", "502")},
            filters[:1],
            security=[{"token": []}],
        ),
        f"{one}/drift": get("drift", "Its drift", known(drift), key_parameters()),
        f"{one}/plan": get("plan", "Its last plan, redacted", known(plan), key_parameters()),
        f"{one}/history": get("history", "Its passes, newest first", known(history) | {"400": error()}, limit),
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
    action = {"name": "action", "in": "path", "required": True, "schema": words(sorted(ACTIONS))}
    return {
        "/api/v1/instances/{environment}/{name}/{action}": {
            "post": {
                "operationId": "act",
                "summary": "Act on one instance; over TCP with the bearer token",
                "security": [{"token": []}],
                "parameters": [*key_parameters(), action],
                "requestBody": {"content": {"application/json": {"schema": closed_object(body, required=[])}}},
                "responses": known(ref("Detail"))
                | {code: error() for code in ("400", "401", "403", "408", "409", "413", "415", "503")},
            }
        },
        **openapi_tasks.paths(),
        "/api/v1/freeze": _freezing(
            "freeze", "Stop all applies in an environment, or without one everywhere", ["reason"]
        ),
        "/api/v1/unfreeze": _freezing("unfreeze", "Lift the freeze of an environment, or without one that of all", []),
    }


def _freezing(name: str, summary: str, required: list[str]) -> Schema:
    body = {field: openapi_audit.line(field) for field in ("environment", "by", "reason")}
    schema = closed_object(body, required=required)
    return {
        "post": {
            "operationId": name,
            "summary": f"{summary}; over TCP with the bearer token",
            "security": [{"token": []}],
            "requestBody": {"required": bool(required), "content": {"application/json": {"schema": schema}}},
            "responses": known(ref("Freeze"))
            | {code: error() for code in ("400", "401", "403", "408", "409", "413", "415", "503")},
        }
    }


def _schemas() -> Schema:
    attribute = closed_object({"old": {}, "new": {}, "redacted": FLAG})
    resource = {
        "address": TEXT,
        "actions": array(TEXT),
        "notes": array(TEXT),
        "attributes": {"type": "object", "additionalProperties": attribute},
    }
    change = closed_object(resource)
    moved = closed_object({"change": words(("changed", "deleted", "added"))} | resource)
    counts = closed_object(dict.fromkeys(get_args(Operation), NUMBER))
    check = closed_object({"address": TEXT, "status": words(("fail", "error")), "messages": array(TEXT)})
    problem = closed_object({"path": TEXT, "line": NUMBER, "column": NUMBER, "message": TEXT})
    running = closed_object({"key": TEXT, "seconds": NUMBER})
    summary = {
        "key": TEXT, "environment": TEXT, "name": TEXT, "kind": words(("Platform", "Service", "Module", "Job")),
        "mode": words(("auto", "approve", "observe")), "mode_from": words(("manifest", "floor")),
        "sync": words(Sync), "health": words(Health),
        "ready": FLAG, "reason": nullable(words(Reason)), "message": TEXT, "age_seconds": nullable(NUMBER),
        "stalled": FLAG, "suspended": FLAG, "removed_at": nullable(TIME), "current": FLAG, "drifted": NUMBER,
        "approvable": FLAG, "accepted_commit": TEXT, "applied_commit": nullable(TEXT),
        "applied_at": nullable(TIME), "checked_at": nullable(TIME),
    }  # fmt: skip
    condition = {
        "type": TEXT, "status": FLAG, "reason": words(Reason), "message": TEXT, "since": TIME,
        "age_seconds": NUMBER,
    }  # fmt: skip
    return {
        "Error": closed_object({"error": closed_object({"code": TEXT, "message": TEXT}, closed=False)}),
        "Pulse": closed_object(
            {
                "alive": FLAG,
                "loop_age_seconds": {"type": "number"},
                "ready": FLAG,
                "stopping": FLAG,
                "queued": NUMBER,
                "running": array(running),
            },
            required=["alive"],
        ),
        "Source": closed_object(
            {
                "commit": nullable(TEXT),
                "fetched_at": nullable(TIME),
                "age_seconds": nullable(NUMBER),
                "error": nullable(TEXT),
                "problems": array(problem),
                "problem_count": NUMBER,
            }
        ),
        "Plan": closed_object(
            {"digest": TEXT, "at": TIME, "applied_at": nullable(TIME), "counts": counts, "warnings": array(TEXT)}
            | {"changes": array(change), "drift": array(change), "checks": array(check)}
        ),
        "Drift": closed_object(
            {
                "reason": words(Reason),
                "response": words(("heal", "wait", "report")),
                "since": TIME,
                "age_seconds": NUMBER,
                "confirmed_at": nullable(TIME),
                "found_by": TEXT,
                "who": TEXT,
                "repairs": NUMBER,
                "resources": array(moved),
                "remedies": array(TEXT),
            }
        ),
        "Pass": _pass(),
        "Freeze": closed_object({"environment": nullable(TEXT), "by": TEXT, "reason": TEXT, "at": TIME}),
        "Condition": closed_object(condition),
        "Summary": closed_object(summary),
        "Detail": closed_object(summary | _detail()),
    }


def _pass() -> Schema:
    return closed_object({
        "id": TEXT, "key": TEXT, "trigger": TEXT, "commit": TEXT, "started_at": TIME, "finished_at": TIME,
        "seconds": {"type": "number"}, "result": TEXT, "reason": nullable(words(Reason)), "message": TEXT,
    })  # fmt: skip


def _detail() -> Schema:
    text = nullable(TEXT)
    rollout = {"image": text, "started_at": TIME, "ended": nullable(words(Reason)), "message": TEXT}
    seen = dict.fromkeys(("account", "region", "bucket", "object", "lineage"), TEXT)
    seen |= {"lock_table": text, "serial": NUMBER, "resources": NUMBER}
    permission = nullable(closed_object({"by": TEXT, "reason": TEXT, "at": TIME}))
    state = closed_object(seen | {"adopted": FLAG, "found": nullable(closed_object(seen)), "from_empty": permission})
    person = closed_object({"by": TEXT, "at": TIME, "proven": FLAG})
    digests = {"source": TEXT, "desired_source": text, "desired": text, "applied_source": text, "applied": text}
    return {
        "labels": {"type": "object", "additionalProperties": TEXT},
        "manifest": closed_object({"path": TEXT, "line": NUMBER}),
        "depends_on": array(TEXT),
        "policy": closed_object({"mode": TEXT, "prune": FLAG, "interval_seconds": NUMBER}),
        "floor": array(closed_object({"setting": TEXT, "effective": TEXT, "manifest": TEXT})),
        "digests": closed_object(digests),
        "terraform_tree": closed_object({"wanted": TEXT, "running": text, "held": text}),
        "conditions": array(ref("Condition")),
        "failures": nullable(closed_object({"count": NUMBER, "last_at": TIME})),
        "rollout": nullable(closed_object(rollout)),
        "intent": nullable(closed_object({"plan_digest": TEXT, "destroys": FLAG, "lock_seen": FLAG, "at": TIME})),
        "authors": array(closed_object({"commit": TEXT, "name": TEXT, "email": TEXT, "signer": text})),
        "approval_rule": closed_object({"people": NUMBER, "author_may_approve": FLAG}),
        "approval": nullable(closed_object({"plan_digest": TEXT, "by": TEXT, "at": TIME, "people": array(person)})),
        "rejection": nullable(closed_object({"plan_digest": TEXT, "by": TEXT, "at": TIME})),
        "window_override": nullable(closed_object({"by": TEXT, "reason": TEXT, "at": TIME})),
        "frozen": nullable(ref("Freeze")),
        "state": nullable(state),
        "requested_at": nullable(TIME),
        "prune": closed_object({"guard": text, "confirmed": FLAG}),
        "plan": nullable(ref("Plan")),
        "drift": nullable(ref("Drift")),
        "outputs": array(TEXT),
    }
