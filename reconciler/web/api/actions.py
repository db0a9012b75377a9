"""Actions on one instance: the request as a value, and the answers when it is refused.

An approval names the digest of the plan that the approver saw. Whether that plan still waits is checked by the engine.
"""

from collections.abc import Mapping

from aiohttp import web

from reconciler.core.ports.control import (
    ACTIONS,
    Action,
    ActionRefused,
    Adopt,
    AdoptState,
    Approve,
    ConfirmPrune,
    Reconcile,
    Reject,
    Resume,
    Suspend,
    Unlock,
)
from reconciler.core.record.model import Record
from reconciler.web.auth import authorise, principal
from reconciler.web.errors import Refused
from reconciler.web.request import CONTROL, answer_detail, body_of, record_of, unknown

_OF_RECONCILE = ("override_window", "from_empty")
_FIELDS = frozenset({"by", "digest", "lock_id", *_OF_RECONCILE})


async def act(request: web.Request) -> web.Response:
    """Carry out an action on the instance that the path names. Answers with the instance afterwards."""
    proof = authorise(request)
    name = request.match_info["action"]
    if name not in ACTIONS:
        raise Refused(404, "unknown_action", f"{name!r} is not one of {', '.join(sorted(ACTIONS))}")
    body = await body_of(request, _FIELDS)
    record, control = record_of(request), request.app[CONTROL]
    try:
        after = await control.act(record.key, _action(name, body, record), by=principal(proof, body))
    except ActionRefused as refusal:
        current = {} if refusal.current is None else {"current": refusal.current}
        status = 403 if refusal.code == "own_change" else 409
        raise Refused(status, refusal.code, str(refusal), **current) from None
    except KeyError:
        raise unknown(record.key) from None
    return answer_detail(request, after)


def _action(name: str, body: Mapping[str, str], record: Record) -> Action:
    digest = body.get("digest")
    if name != "reconcile" and (given := [field for field in _OF_RECONCILE if field in body]):
        raise Refused(400, "invalid_body", f"{given[0]} goes with reconcile only")
    match name:
        case "reconcile":
            return Reconcile(body.get("override_window"), body.get("from_empty"))
        case "adopt-state":
            return AdoptState()
        case "suspend":
            return Suspend()
        case "resume":
            return Resume()
        case "approve":
            return Approve(digest or _missing(record))
        case "adopt":
            return Adopt(digest or _missing(record))
        case "reject":
            return Reject(digest)
        case "prune":
            return ConfirmPrune()
        case _:
            return Unlock(body.get("lock_id"))


def _missing(record: Record) -> str:
    raise Refused(
        400,
        "digest_missing",
        "approve and adopt need the digest of the plan that you reviewed",
        current=record.plan.digest if record.plan else None,
    )
