"""Changes as the API, the reports and the command line show them: plans, drift, resources, failed checks; and times."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.core.plan.summary import FailedCheck, PlanSummary, ResourceSummary, counts
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import is_marked
from reconciler.core.status.drift import repair_count
from reconciler.core.status.remedies import remedies
from reconciler.core.vocabulary import Reason

View = dict[str, Any]

_CHANGES = {"create": "added", "delete": "deleted"}
_FOUND_BY = {Reason.UNMANAGED_ADDITION: "reported by Terraform as changed outside: no plan would remove it"}


def plan(summary: PlanSummary | None) -> View | None:
    """Return the last plan, redacted: counts, changes and drift as attribute differences, failed checks, warnings."""
    if summary is None:
        return None
    return {
        "digest": summary.digest,
        "at": time(summary.at),
        "applied_at": time(summary.applied_at),
        "counts": counts(item.actions for item in summary.changes),
        "changes": [resource(item) for item in summary.changes],
        "drift": [resource(item) for item in summary.drift],
        "checks": checks(summary.checks),
        "warnings": list(summary.warnings),
    }


def checks(failed: Iterable[FailedCheck]) -> list[View]:
    """Return the checks of a plan that failed."""
    return [{"address": one.address, "status": one.status, "messages": list(one.messages)} for one in failed]


def resource(summary: ResourceSummary) -> View:
    """Return one resource of a plan or of drift."""
    return {
        "address": summary.address,
        "actions": list(summary.actions),
        "notes": list(summary.notes),
        "attributes": {
            path: {"old": old, "new": new, "redacted": is_marked(old) or is_marked(new)}
            for path, (old, new) in sorted(summary.attributes.items())
        },
    }


def drift(record: Record, now: datetime) -> View | None:
    """Return what changed outside Git: old values were applied, new ones were found. None without drift."""
    found = record.drift
    if found is None:
        return None
    return {
        "reason": found.reason.value,
        "response": found.response,
        "since": time(found.since),
        "age_seconds": age(found.since, now),
        "confirmed_at": time(found.confirmed),
        "found_by": _FOUND_BY.get(found.reason, "a plan at the applied state, which would remove it"),
        "who": found.who,
        "repairs": repair_count(record, found.resources, now),
        "resources": [
            {"change": _CHANGES.get(item.actions[0], "changed")} | resource(item) for item in found.resources
        ],
        "remedies": list(remedies(found)),
    }


def time(moment: datetime | None) -> str | None:
    """Return a time as every answer has it."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def age(since: datetime, now: datetime) -> int:
    """Return how long ago that was, in whole seconds; 0 for a time to come."""
    return max(0, seconds(now - since))


def seconds(span: timedelta) -> int:
    """Return a span in whole seconds."""
    return int(span.total_seconds())
