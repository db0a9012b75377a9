"""Attribution: which names to look up in CloudTrail, and which session made a change according to its events.

Only a named session counts as an answer. Reads, and the daemon's own sessions, are left out.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.core.plan.model import UNKNOWN, Change

# How the daemon's own calls and its Terraform runs are named (`RoleSessionName`).
OUR_SESSIONS = frozenset({"ecs-gitops-reconciler", "reconciler"})
_NAMES = ("id", "name", "arn", "bucket", "role", "role_name", "repository", "family", "key_id", "resource_id")
_MOST = 5


def resource_names(changes: Iterable[Change]) -> tuple[str, ...]:
    """Return a few names, ids and ARNs of drifted resources to look up in CloudTrail, the most likely first."""
    found = [
        value
        for change in changes
        for values in (change.before or change.after,)
        for name in _NAMES
        if isinstance(value := values.get(name), str) and value and value != UNKNOWN
    ]
    return tuple(dict.fromkeys(found))[:_MOST]


def culprit(events: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the session behind the newest write among events of `LookupEvents`; None without a write."""
    writes = [event for event in events if str(event.get("ReadOnly", "")).lower() != "true"]
    for event in sorted(writes, key=lambda event: str(event.get("EventTime", "")), reverse=True):
        who = _session(event)
        if who and who.rsplit("/", 1)[-1] not in OUR_SESSIONS:
            return f"{who} ({event.get('EventName', 'unknown call')} at {event.get('EventTime')})"
    return None


def _session(event: Mapping[str, Any]) -> str | None:
    """Return `role/session`, a user's name, or `root`, from the CloudTrail record inside an event."""
    try:
        identity = json.loads(event.get("CloudTrailEvent") or "{}").get("userIdentity") or {}
    except (ValueError, AttributeError):
        identity = {}
    match identity.get("type"):
        case "AssumedRole":
            return str(identity.get("arn", "")).partition("assumed-role/")[2] or event.get("Username")
        case "Root":
            return "root"
        case _:
            return identity.get("userName") or event.get("Username")
