"""The audit over HTTP: entries of all or of one instance, with filters, in pages."""

from dataclasses import replace
from typing import get_args

from aiohttp import web

from desired_state.instance import Key
from reconciler.core.record.audit import AuditFilter, Result, is_id, of_environment, of_instance
from reconciler.core.views.audit import audit_entry
from reconciler.core.views.changes import View
from reconciler.web.auth import may_read, require_reading, tenant_of
from reconciler.web.errors import Refused
from reconciler.web.request import CONTROL, answer, key_of, limit_of, record_of


async def audit(request: web.Request) -> web.Response:
    """Answer with entries of all instances and environments that the caller may read, the newest first."""
    require_reading(request)
    environment = request.query.get("environment")
    return answer(request, await _page(request, of_environment(environment) if environment else AuditFilter()))


async def audit_of_instance(request: web.Request) -> web.Response:
    """Answer with the entries that concern one instance, the newest first."""
    key = key_of(request)
    require_reading(request, key, tenant_of(request.app[CONTROL].record(key)))
    page = await _page(request, of_instance(str(key)))
    if not page["entries"] and not await request.app[CONTROL].history(key, limit=1):
        record_of(request)
    return answer(request, page)


async def _page(request: web.Request, chosen: AuditFilter) -> View:
    """Return a page; `next` is the query `before` of the page after it, null after the last. Raises: Refused (400)."""
    limit, before, result = limit_of(request), request.query.get("before"), request.query.get("result")
    if result is not None and result not in get_args(Result):
        raise Refused(400, "invalid_query", f"result {result!r} is not one of {', '.join(get_args(Result))}")
    if before is not None and not is_id(before):
        raise Refused(400, "invalid_query", "before must be the id of an entry, such as `next` of the page before")
    wanted = replace(chosen, by=request.query.get("by"), action=request.query.get("action"), result=result)
    found = await request.app[CONTROL].audit(wanted, limit=limit + 1, before=before)
    shown = [audit_entry(entry) for entry in found[:limit] if _may_read(request, entry.act.subject)]
    return {"entries": shown, "next": found[limit - 1].id if len(found) > limit else None}


def _may_read(request: web.Request, subject: str) -> bool:
    """Return whether the caller may read what an act was on; an act on an environment is everybody's to read."""
    environment, _, name = subject.partition("/")
    key = Key(environment, name)
    return not name or may_read(request, key, tenant_of(request.app[CONTROL].record(key)))
