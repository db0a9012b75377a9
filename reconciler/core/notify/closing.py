"""Closing words: how an incident ended."""

from reconciler.core.notify.problems import Open, Topic
from reconciler.core.notify.text import one_line
from reconciler.core.record.model import Record
from reconciler.core.vocabulary import Sync


def of_instance(known: Open, record: Record | None) -> str:
    """Return how an incident of an instance ended; `record` None: the instance is gone."""
    if record is None:
        return "the instance is gone"
    if known.topic is Topic.APPROVAL:
        return _decision(known, record)
    if known.topic is Topic.PRUNE:
        return "its manifest is back" if record.removed is None else "its removal was confirmed"
    if known.topic is Topic.LOCK:
        return "the lock is gone"
    if known.topic is Topic.DRIFT:
        return _drift_end(known, record)
    health = f", {record.health}" if known.topic is Topic.ROLLOUT else ""
    return f"recovered ({record.reason}{health})"


def _drift_end(known: Open, record: Record) -> str:
    """Return how drift ended. Git changed if this pass had another manifest than the one that was applied."""
    commit = one_line((record.desired_commit or record.accepted_commit)[:12])
    git_moved = record.desired_source != known.applied_source
    if record.applied_at != known.applied_at:
        return f"repaired: commit {commit} was applied" if git_moved else "repaired: the state in Git was applied again"
    if git_moved and record.sync == Sync.IN_SYNC:
        return f"accepted in Git (commit {commit})"
    if git_moved:
        return f"Git moved on (commit {commit}); what is left is in its plan"
    return "resolved without an apply"


def _decision(known: Open, record: Record) -> str:
    if record.approval and record.approval.plan_digest == known.said:
        return f"approved by {one_line(record.approval.by)}"
    if record.rejection and record.rejection.plan_digest == known.said:
        return f"rejected by {one_line(record.rejection.by)}"
    if record.plan and record.plan.digest != known.said:
        return "superseded by another plan"
    return f"no longer waiting ({record.reason})"


def of_source(known: Open) -> str:
    """Return how an incident of the source ended."""
    return "fetched again" if known.topic is Topic.SOURCE else "the manifests are valid"
