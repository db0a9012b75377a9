"""One-off tasks over HTTP: start one, and ask for its state and its log until it has ended."""

import shlex

from aiohttp import web

from reconciler.core.ports.control import ActionRefused
from reconciler.web.audit import peer, recording_refusals
from reconciler.web.auth import caller, require, tenant_of
from reconciler.web.errors import Refused
from reconciler.web.request import CONTROL, answer, body_of, key_of, record_of, refused, unknown

_ACTION = "run-task"
_FIELDS = frozenset({"by", "command", "reason"})


async def start(request: web.Request) -> web.Response:
    """Start a task. Answers with its id."""
    async with recording_refusals(request, _ACTION, str(key_of(request))):
        caller(request)
        body = await body_of(request, _FIELDS)
        record = record_of(request)
        by = require(request, _ACTION, record.key.environment, tenant_of(record), **body)
        try:
            command = shlex.split(body.get("command", ""))
        except ValueError as error:
            raise Refused(400, "invalid_body", f"command cannot be split into words: {error}") from None
    try:
        task = await request.app[CONTROL].run_task(
            record.key, command, by=by, reason=body.get("reason"), peer=peer(request)
        )
    except ActionRefused as refusal:
        raise refused(refusal) from None
    except KeyError:
        raise unknown(record.key) from None
    return answer(request, {"key": str(record.key), "task": task})


async def show(request: web.Request) -> web.Response:
    """Answer with a task as it is now, for those who may start one: its log may hold more than a reader may see."""
    record, task = record_of(request), request.match_info["task"]
    require(request, _ACTION, record.key.environment, tenant_of(record))
    try:
        seen = await request.app[CONTROL].task(record.key, task, request.query.get("after"))
    except ActionRefused as refusal:
        raise refused(refusal) from None
    return answer(
        request,
        {
            "key": str(record.key),
            "task": task,
            "ended": seen.ended,
            "exit_code": seen.exit_code,
            "message": seen.message,
            "lines": list(seen.lines),
            "after": seen.after,
        },
    )
