"""Drift reports: one document per drift, as JSON for programs and as Markdown for readers.

A report is written when drift is confirmed, again whenever its facts change, and a last time when it ends. It is made
of the record, which is redacted, so a report carries no secret.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from reconciler.core.record.model import Record
from reconciler.core.status.events import Applied, Event
from reconciler.core.views import changes
from reconciler.core.vocabulary import Reason, Sync

SCHEMA = 1
_DONE = {
    "heal": "it is repaired: the plan that removes it is applied",
    "wait": "it waits for an approval, or for its change window",
    "report": "it is only reported: nothing is applied",
}


def due(old: Record | None, new: Record, event: Event, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield the documents to write after an event turned `old` into `new`, as names and texts."""
    before, after = old.drift if old else None, new.drift
    ended = before is not None and (after is None or after.since != before.since)
    if old and before and ended and (before.confirmed or isinstance(event, Applied)):
        yield from _written(document(old, now) | {"state": "resolved", "resolved": _outcome(old, event, now)})
    if after and after.confirmed and after != before:
        yield from _written(document(new, now))


def document(record: Record, now: datetime) -> dict[str, Any]:
    """Return everything that is known of a record's drift. Raises: ValueError when it has none."""
    if record.drift is None:
        raise ValueError(f"{record.key} has not drifted")
    return {
        "schema": SCHEMA,
        "instance": str(record.key),
        "kind": record.instance.kind,
        "labels": dict(sorted(record.instance.labels.items())),
        "commit": record.applied_commit or record.desired_commit,
        "plan_digest": record.plan.digest if record.plan else None,
        "state": "open",
        "done": _DONE[record.drift.response],
        "resolved": None,
        "drift": changes.drift(record, now),
        "checks": changes.checks(record.plan.checks) if record.plan else [],
        "warnings": list(record.plan.warnings) if record.plan else [],
    }


def markdown(report: Mapping[str, Any]) -> str:
    """Return a report as a Markdown page."""
    drift, ended = report["drift"], report["resolved"]
    facts = {
        "State": report["state"],
        "Reason": drift["reason"],
        "Since": drift["since"],
        "Confirmed": drift["confirmed_at"] or "never: it ended before a second check",
        "Found by": drift["found_by"],
        "Who": drift["who"],
        "Done": f"{ended['how']} at {ended['at']}" if ended else report["done"],
        "Approved by": ended and ended["approved_by"],
        "Repairs before": drift["repairs"] or None,
        "Applied commit": report["commit"],
        "Failed checks": _checks(report["checks"]) or None,
        "Warnings": "; ".join(report["warnings"]) or None,
    }
    lines = [f"# Drift of {report['instance']}", ""]
    lines += [f"- {name}: {_plain(value)}" for name, value in facts.items() if value is not None]
    for resource in drift["resources"]:
        lines += ["", f"## {_plain(resource['address'])}: {resource['change']}", ""]
        if resource["attributes"]:
            lines += ["| attribute | applied | found |", "|---|---|---|"]
        lines += [
            f"| {_cell(path)} | {_cell(value['old'])} | {_cell(value['new'])} |"
            for path, value in resource["attributes"].items()
        ]
    if drift["remedies"]:
        lines += ["", "## What to do", "", *(f"- {_plain(remedy)}" for remedy in drift["remedies"])]
    return "\n".join(lines) + "\n"


def _written(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    name = f"{report['instance']}/{report['drift']['since'].replace(':', '-')}"
    yield f"{name}.json", json.dumps(report, indent=2, ensure_ascii=False, default=str) + "\n"
    yield f"{name}.md", markdown(report)


def _outcome(old: Record, event: Event, now: datetime) -> dict[str, Any]:
    """Return how drift ended. `old` is the record that still had it."""
    approved = old.approval.by if old.approval and isinstance(event, Applied) else None
    if not isinstance(event, Applied):
        how = "it disappeared without an apply: the change was reverted, or it became other drift"
    elif old.drift and old.drift.reason == Reason.UNMANAGED_ADDITION:
        how = "another change was applied, and the addition is in the state now: it exists and is no longer reported"
    elif old.sync == Sync.PENDING_AND_DRIFTED:
        how = "a change from Git was applied over it"
    else:
        how = "repaired by an apply"
    return {"how": how, "at": changes.time(now), "approved_by": approved}


def _checks(failed: Iterable[Mapping[str, Any]]) -> str:
    return "; ".join(f"{check['address']}: {', '.join(check['messages']) or check['status']}" for check in failed)


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return _plain(text).replace("|", "\\|")


def _plain(value: Any) -> str:
    """Return text on one line and without markup: it may come from an untrusted source."""
    return "".join(letter if letter.isprintable() else " " for letter in str(value)).replace("<", "&lt;")
