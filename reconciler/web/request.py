"""What every route needs: the control behind the application, and the instance that a path names."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from desired_state.instance import Key
from reconciler.core.ports.control import Control
from reconciler.core.record.model import Record
from reconciler.web.errors import REDACT, Refused

Metrics = Callable[[], tuple[bytes, str]]

CONTROL: web.AppKey[Control] = web.AppKey("control", Control)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics")
TOKEN: web.AppKey[str | None] = web.AppKey("token")
VERSION: web.AppKey[str] = web.AppKey("version", str)


def key_of(request: web.Request) -> Key:
    """The key in the path."""
    return Key(request.match_info["environment"], request.match_info["name"])


def answer(request: web.Request, told: Mapping[str, Any]) -> web.Response:
    """The answer with what is known, redacted once more: a manifest's own words are in it, such as its labels."""
    return web.json_response(request.app[REDACT](told))


def record_of(request: web.Request) -> Record:
    """The record of the key in the path. Raises: Refused (404)."""
    record = request.app[CONTROL].record(key_of(request))
    if record is None:
        raise unknown(key_of(request))
    return record


def unknown(key: Key) -> Refused:
    """The answer when there is no such instance."""
    return Refused(404, "unknown_instance", f"no instance {str(key)!r}")


def now() -> datetime:
    """The time that ages are told against."""
    return datetime.now(UTC)
