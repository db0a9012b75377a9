"""The parts that routes share: the control behind the application, the instance in a path, the body of a request."""

import asyncio
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from desired_state.instance import Key
from reconciler.core.ports.control import Control
from reconciler.core.record.model import Record
from reconciler.core.views import api
from reconciler.web.errors import REDACT, Refused

Metrics = Callable[[], tuple[bytes, str]]

CONTROL: web.AppKey[Control] = web.AppKey("control", Control)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics")
TOKEN: web.AppKey[str | None] = web.AppKey("token")
VERSION: web.AppKey[str] = web.AppKey("version", str)


def key_of(request: web.Request) -> Key:
    """Return the key in the path."""
    return Key(request.match_info["environment"], request.match_info["name"])


def answer(request: web.Request, told: Mapping[str, Any]) -> web.Response:
    """Answer with a document, redacted once more: it contains words of the manifest, such as labels."""
    return web.json_response(request.app[REDACT](told))


def answer_detail(request: web.Request, record: Record) -> web.Response:
    """Answer with everything about one instance."""
    control = request.app[CONTROL]
    floor = control.floor(record.key.environment)
    return answer(request, api.detail(record, now(), control.freezes(), floor))


def record_of(request: web.Request) -> Record:
    """Return the record of the key in the path. Raises: Refused (404)."""
    record = request.app[CONTROL].record(key_of(request))
    if record is None:
        raise unknown(key_of(request))
    return record


def unknown(key: Key) -> Refused:
    """Return the error for an instance that does not exist."""
    return Refused(404, "unknown_instance", f"no instance {str(key)!r}")


def now() -> datetime:
    """Return the time that ages are measured against."""
    return datetime.now(UTC)


_BODY_SECONDS = 10.0
_PLAIN = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,100}")


async def body_of(request: web.Request, fields: Collection[str]) -> dict[str, str]:
    """Return the fields of a request's body, each a line of text; other fields are refused. Raises: Refused."""
    if not request.can_read_body:
        return {}
    if request.content_type != "application/json":
        raise Refused(415, "json_expected", "send the body as application/json")
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            body: Any = await request.json()
    except TimeoutError:
        raise Refused(408, "body_too_slow", f"the body did not arrive within {_BODY_SECONDS:.0f} s") from None
    except ValueError:
        raise Refused(400, "invalid_json", "the body is not JSON") from None
    if not isinstance(body, dict) or set(body) - set(fields):
        raise Refused(400, "invalid_body", f"the body is an object with {', '.join(sorted(fields))}, and nothing else")
    for name, value in body.items():
        if not isinstance(value, str) or not _PLAIN.fullmatch(value):
            raise Refused(400, "invalid_body", f"{name} must be a line of 1 to 100 characters")
    return body
