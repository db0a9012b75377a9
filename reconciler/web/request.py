"""The parts that routes share: the control behind the application, the instance in a path, the body of a request."""

import asyncio
import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from desired_state.instance import Key
from reconciler.core.ports.control import ActionRefused, Control
from reconciler.core.record.model import Record
from reconciler.core.views import api
from reconciler.core.visible import is_plain
from reconciler.web.auth import require_reading, tenant_of
from reconciler.web.errors import REDACT, Refused

Metrics = Callable[[], tuple[bytes, str]]

PAGE_LIMIT = 200

CONTROL: web.AppKey[Control] = web.AppKey("control", Control)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics")
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
    """Return the record of the key in the path, for a caller who may read it. Raises: Refused (401, 403, 404)."""
    record = request.app[CONTROL].record(key_of(request))
    require_reading(request, key_of(request), tenant_of(record))
    if record is None:
        raise unknown(key_of(request))
    return record


def unknown(key: Key) -> Refused:
    """Return the error for an instance that does not exist."""
    return Refused(404, "unknown_instance", f"no instance {str(key)!r}")


def refused(refusal: ActionRefused) -> Refused:
    """Return the answer to an action that the engine refused."""
    current: dict[str, Any] = {} if refusal.current is None else {"current": refusal.current}
    return Refused(_STATUS.get(refusal.code, 409), refusal.code, str(refusal), **current)


def now() -> datetime:
    """Return the time that ages are measured against."""
    return datetime.now(UTC)


_BODY_SECONDS = 10.0
_STATUS = {"not_recorded": 503, "own_change": 403, "reason_missing": 400}
_REASONS = frozenset({"reason", "override_window", "from_empty"})
_NONE = "not beginning with a space, every one of them visible, none that turns the direction of the text"


async def body_of(request: web.Request, fields: Collection[str]) -> dict[str, str]:
    """Return the fields of a request's body, each a line of text; other fields are refused. Raises: Refused."""
    if not request.can_read_body:
        return {}
    if request.content_type != "application/json":
        raise Refused(415, "json_expected", "send the body as application/json")
    if (request.charset or "utf-8").lower().replace("-", "") != "utf8":
        raise Refused(415, "json_expected", "send the body as application/json in UTF-8")
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            body: Any = json.loads((await request.read()).decode())
    except TimeoutError:
        raise Refused(408, "body_too_slow", f"the body did not arrive within {_BODY_SECONDS:.0f} s") from None
    except (ValueError, RecursionError):
        raise Refused(400, "invalid_json", "the body is not JSON in UTF-8, or is nested too deep") from None
    except (web.RequestPayloadError, ConnectionError):
        raise Refused(400, "invalid_body", "the body is not as its headers say") from None
    if not isinstance(body, dict) or set(body) - set(fields):
        raise Refused(400, "invalid_body", f"the body is an object with {', '.join(sorted(fields))}, and nothing else")
    for name, value in body.items():
        if not is_line(name, value):
            raise Refused(400, "invalid_body", f"{name} must be a line of 1 to {longest(name)} characters, {_NONE}")
    return body


def is_line(name: str, value: object) -> bool:
    """Return whether a value may stand in the field of that name."""
    return isinstance(value, str) and len(value) <= longest(name) and is_plain(value)


def longest(name: str) -> int:
    """Return how many characters the field of that name may have."""
    return 2000 if name == "command" else 200 if name in _REASONS else 100


def limit_of(request: web.Request) -> int:
    """Return how many items a page is to have. Raises: Refused (400)."""
    text = request.query.get("limit", "20")
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= PAGE_LIMIT:
        raise Refused(400, "invalid_query", f"limit must be a number from 1 to {PAGE_LIMIT}")
    return int(text)
