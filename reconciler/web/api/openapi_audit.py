"""The description of the audit, and of the lines of text that requests have."""

from typing import get_args

from reconciler.core.record.audit import ID, Result
from reconciler.core.visible import PLAIN
from reconciler.web.api.schema import (
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
    query,
    ref,
    words,
)
from reconciler.web.request import PAGE_LIMIT, longest


def paths() -> Schema:
    """Return the routes of the audit."""
    page = closed_object({"entries": array(ref("AuditEntry")), "next": nullable(TEXT)})
    filters = [
        query("by", "Only acts of this name", TEXT),
        query("action", "Only this action, such as `approve`, or `apply` for applies of the daemon", TEXT),
        query("result", "Only with this result", words(get_args(Result))),
        query("before", "Only entries before this id: `next` of the page before", {**TEXT, "pattern": f"^{ID}$"}),
        query("limit", "How many, 20 by default", {**NUMBER, "minimum": 1, "maximum": PAGE_LIMIT}),
    ]
    below = query("environment", "Only acts that concern this environment", TEXT)
    return {
        "/api/v1/audit": get(
            "audit",
            "Acts of people, and what the daemon applied for them, the newest first",
            {"200": answer("A page", page), "400": error()},
            [below, *filters],
        ),
        "/api/v1/instances/{environment}/{name}/audit": get(
            "audit_of_instance",
            "The acts that concern one instance, its environment or all, the newest first",
            known(page) | {"400": error()},
            [*key_parameters(), *filters],
        ),
    }


def schemas() -> Schema:
    """Return the schema of an entry."""
    cause = closed_object(dict.fromkeys(("id", "by", "proof"), TEXT))
    entry = dict.fromkeys(("id", "action", "subject", "by", "proof", "peer", "detail"), TEXT)
    entry |= dict.fromkeys(("reason", "digest", "commit"), nullable(TEXT))
    entry |= {"at": TIME, "options": array(TEXT), "result": words(get_args(Result)), "follows": array(cause)}
    return {"AuditEntry": closed_object(entry)}


def line(name: str) -> Schema:
    """Return the schema of the field of a request of that name."""
    return {**TEXT, "minLength": 1, "maxLength": longest(name), "pattern": PLAIN}
