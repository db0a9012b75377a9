"""Entries of the audit as the API, the log and the command line show them."""

from reconciler.core.record.audit import AuditEntry
from reconciler.core.views.changes import View, time


def audit_entry(entry: AuditEntry) -> View:
    """Return one entry; `follows` are the acts of people that an apply of the daemon follows."""
    act = entry.act
    return {
        "id": entry.id,
        "at": time(entry.at),
        "action": act.action,
        "subject": act.subject,
        "by": act.by,
        "proof": act.proof,
        "peer": act.peer,
        "reason": act.reason,
        "digest": act.digest,
        "commit": act.commit,
        "options": list(act.options),
        "result": entry.result,
        "detail": entry.detail,
        "follows": [{"id": cause.id, "by": cause.by, "proof": cause.proof} for cause in entry.follows],
    }
