"""The origin of a request, and a record of the acts that are refused before they reach the engine.

Only callers with a proof are recorded: anybody can send wrong credentials, and would fill the audit with them.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from reconciler.core.principal import Principal
from reconciler.core.record.audit import Act
from reconciler.web.access import ACCESS
from reconciler.web.auth import caller
from reconciler.web.errors import Refused
from reconciler.web.peer import address_of, over_unix_socket
from reconciler.web.request import CONTROL, is_line

_RECORDED = ("reason", "digest")
_SAID_WITHIN = 1.0  # seconds; a body that did not arrive is not waited for again


def peer(request: web.Request) -> str:
    """Return `socket`, or the address of the caller, which behind a proxy is the one that the proxy names."""
    if over_unix_socket(request):
        return "socket"
    return address_of(request, behind_proxy=request.app[ACCESS].behind_proxy)


@asynccontextmanager
async def recording_refusals(request: web.Request, action: str, subject: str) -> AsyncIterator[None]:
    """Record the refusal of an act by the block, with what the caller said, as far as it can be read."""
    try:
        yield
    except (Refused, web.HTTPException) as refusal:
        if by := _known(request):
            said = await _said(request)
            act = Act(action, subject, by.name, by.proof, peer(request), said.get("reason"), said.get("digest"))
            await request.app[CONTROL].refused(act, str(refusal))
        raise


def _known(request: web.Request) -> Principal | None:
    """Return who asked, whatever its roles; None without a proof."""
    try:
        return caller(request)
    except Refused:
        return None


async def _said(request: web.Request) -> dict[str, str]:
    """Return the fields of the body that may be recorded; none of a body that cannot be read."""
    try:
        async with asyncio.timeout(_SAID_WITHIN):
            body = json.loads(await request.read())
    except (TimeoutError, ValueError, RecursionError, OSError, web.HTTPException, web.RequestPayloadError):
        return {}
    known = body if isinstance(body, dict) else {}
    return {name: known[name] for name in _RECORDED if is_line(name, known.get(name))}
