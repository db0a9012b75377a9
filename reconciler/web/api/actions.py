"""Actions: who may ask, what a request must say, and what is passed on.

Over TCP the bearer token is needed; over the unix socket the file's mode 0600 is the proof. An approval names the
digest of the plan that was looked at, so that nobody approves what they have not seen.
"""

import hmac

from aiohttp import web

from reconciler.core.ports.control import Action, ActionRefused
from reconciler.core.record.model import Record
from reconciler.core.views import api
from reconciler.web.auth import authorise
from reconciler.web.errors import Refused
from reconciler.web.request import CONTROL, answer, body_of, now, record_of, unknown

_FIELDS = frozenset({"by", "digest", "lock_id", "override_window"})


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


def _action(name: str) -> Action:
    try:
        return Action(name)
    except ValueError:
        raise Refused(404, "unknown_action", f"{name!r} is not one of {', '.join(sorted(Action))}") from None


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
