"""Actions: who may ask, what a request must say, and what is passed on.

Over TCP the bearer token is needed; over the unix socket the file's mode 0600 is the proof. An approval names the
digest of the plan that was looked at, so that nobody approves what they have not seen.
"""

import hmac
import re
import socket
from collections.abc import Collection
from typing import Any

from aiohttp import web

from reconciler.core.ports.control import Action, ActionRefused
from reconciler.core.record.model import Record
from reconciler.core.views import api
from reconciler.web.errors import Refused
from reconciler.web.request import CONTROL, TOKEN, answer, now, record_of, unknown

_FIELDS = frozenset({"by", "digest", "lock_id", "override_window"})
_PLAIN = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,100}")


async def act(request: web.Request) -> web.Response:
    """Pass on what a person asks of one instance."""
    authorise(request)
    action = _action(request.match_info["action"])
    body = await body_of(request, _FIELDS)
    record = record_of(request)
    digest = body.get("digest")
    if action in {Action.APPROVE, Action.ADOPT} or (action is Action.REJECT and digest is not None):
        _check_digest(record, digest)
    override = body.get("override_window")
    if override is not None and action is not Action.RECONCILE:
        raise Refused(400, "invalid_body", "override_window goes with reconcile only")
    control = request.app[CONTROL]
    try:
        after = await control.act(
            record.key,
            action,
            by=body.get("by") or "api",
            digest=digest,
            lock_id=body.get("lock_id"),
            override_window=override,
        )
    except ActionRefused as refusal:
        raise Refused(409, "refused", str(refusal)) from None
    except KeyError:
        raise unknown(record.key) from None
    return answer(request, api.detail(after, now(), control.freezes()))


def authorise(request: web.Request) -> None:
    """Only for those who may act. Raises: Refused."""
    connection = request.transport and request.transport.get_extra_info("socket")
    if connection and connection.family == getattr(socket, "AF_UNIX", None):
        return
    token = request.app[TOKEN]
    if token is None:
        raise Refused(403, "actions_off", "actions over TCP are off: set auth.token, or use the unix socket")
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given:
        raise Refused(401, "token_missing", "an Authorization header with the bearer token is needed")
    if not hmac.compare_digest(given.strip().encode("utf-8", "surrogatepass"), token.encode()):
        raise Refused(403, "token_wrong", "the bearer token is not the one in auth.token")


def _action(name: str) -> Action:
    try:
        return Action(name)
    except ValueError:
        raise Refused(404, "unknown_action", f"{name!r} is not one of {', '.join(sorted(Action))}") from None


async def body_of(request: web.Request, fields: Collection[str]) -> dict[str, str]:
    """What a request says: these fields and no others, each a line of text. Raises: Refused."""
    if not request.can_read_body:
        return {}
    if request.content_type != "application/json":
        raise Refused(415, "json_expected", "send the body as application/json")
    try:
        body: Any = await request.json()
    except ValueError:
        raise Refused(400, "invalid_json", "the body is not JSON") from None
    if not isinstance(body, dict) or set(body) - set(fields):
        raise Refused(400, "invalid_body", f"the body is an object with {', '.join(sorted(fields))}, and nothing else")
    for name, value in body.items():
        if not isinstance(value, str) or not _PLAIN.fullmatch(value):
            raise Refused(400, "invalid_body", f"{name} must be a line of 1 to 100 characters")
    return body


def _check_digest(record: Record, digest: str | None) -> None:
    current = record.plan.digest if record.plan else None
    if digest is None:
        raise Refused(
            400, "digest_missing", "approve and adopt need the digest of the plan that was looked at", current=current
        )
    if current is None:
        raise Refused(409, "no_plan", f"{record.key} has no plan")
    if not hmac.compare_digest(digest.encode(), current.encode()):
        message = f"the plan of {record.key} is not the one you looked at any more: look again, then decide"
        raise Refused(409, "plan_moved", message, current=current)
