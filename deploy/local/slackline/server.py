"""HTTP interface of the Slack stand-in: Web API, incoming webhook, and control pages under `/slackline/`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from deploy.local.slackline.workspace import (
    FAULTS,
    WEBHOOK_CHANNEL,
    WEBHOOK_PATH,
    Fault,
    Message,
    Refused,
    Workspace,
)

Method = Callable[[Mapping[str, Any]], Message]


def application(workspace: Workspace) -> web.Application:
    """Build the web application of a workspace."""
    app = web.Application()
    app.add_routes(
        [
            web.post("/api/chat.postMessage", _method(workspace, "chat.postMessage", workspace.post)),
            web.post("/api/chat.update", _method(workspace, "chat.update", workspace.update)),
            web.post("/services/{rest:.*}", _webhook(workspace)),
            web.get("/slackline/transcript", _query("calls", workspace.transcript)),
            web.get("/slackline/threads", _query("threads", workspace.threads)),
            web.post("/slackline/faults", _inject(workspace)),
            web.delete("/slackline/faults", _command(workspace.faults.clear)),
            web.post("/slackline/reset", _command(workspace.reset)),
        ]
    )
    return app


@asynccontextmanager
async def serving(workspace: Workspace, *, port: int = 0) -> AsyncIterator[str]:
    """Serve in this event loop for the length of a block; yield the endpoint, such as `http://127.0.0.1:4711`."""
    runner = web.AppRunner(application(workspace), handle_signals=False, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _method(workspace: Workspace, name: str, method: Method) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        arguments = await _arguments(request)
        if faulty := await _fault_answer(workspace, name, request, arguments):
            return faulty
        try:
            if request.headers.get("Authorization") != f"Bearer {workspace.token}":
                raise Refused("invalid_auth")
            message = method(arguments)
        except Refused as refused:
            workspace.note(name, str(refused), arguments)
            return web.json_response({"ok": False, "error": str(refused)})
        workspace.note(name, "ok", arguments, message.ts)
        return web.json_response({"ok": True, "channel": message.channel, "ts": message.ts})

    return answer


def _webhook(workspace: Workspace) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        arguments = {**await _arguments(request), "channel": WEBHOOK_CHANNEL, "thread_ts": None}
        if faulty := await _fault_answer(workspace, "webhook", request, arguments):
            return faulty
        if request.path != WEBHOOK_PATH:
            workspace.note("webhook", "no_service", arguments)
            return web.Response(status=404, text="no_service")
        try:
            message = workspace.post(arguments)
        except Refused as refused:
            workspace.note("webhook", str(refused), arguments)
            return web.Response(status=400, text=str(refused))
        workspace.note("webhook", "ok", arguments, message.ts)
        return web.Response(text="ok")

    return answer


async def _fault_answer(
    workspace: Workspace, method: str, request: web.Request, arguments: Mapping[str, Any]
) -> web.StreamResponse | None:
    """Apply the next fault and return its answer; None when the call proceeds normally."""
    fault = workspace.take_fault(method)
    if fault is None:
        return None
    if fault.kind in {"slow", "hang"}:
        await asyncio.sleep(fault.seconds)
    if fault.kind == "slow":
        return None
    workspace.note(method, f"fault: {fault.kind}", arguments)
    match fault.kind:
        case "rate_limit":
            headers = {"Retry-After": f"{fault.seconds:.0f}"}
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
        case "unavailable":
            return web.Response(status=fault.status, text="<html>upstream error</html>", content_type="text/html")
        case "garbled":
            return web.Response(text="<html>", content_type="application/json")
        case "error":
            return web.json_response({"ok": False, "error": fault.error})
    if request.transport:
        request.transport.close()
    return web.Response()


def _inject(workspace: Workspace) -> Any:
    async def answer(request: web.Request) -> web.Response:
        try:
            fault = Fault(**await request.json())
        except (TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        if fault.kind not in FAULTS:
            return web.json_response({"error": f"kind must be one of {', '.join(sorted(FAULTS))}"}, status=400)
        workspace.faults.append(fault)
        return web.json_response({})

    return answer


def _command(run: Callable[[], None]) -> Any:
    async def answer(request: web.Request) -> web.Response:
        run()
        return web.json_response({})

    return answer


def _query(name: str, read: Callable[[], Any]) -> Any:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({name: read()})

    return answer


async def _arguments(request: web.Request) -> dict[str, Any]:
    """Parse the arguments of a call: JSON, or a form."""
    try:
        if request.content_type == "application/json":
            found = json.loads(await request.text())
            return found if isinstance(found, dict) else {}
        return {name: str(value) for name, value in (await request.post()).items()}
    except ValueError:
        return {}
