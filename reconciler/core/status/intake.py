"""Manifests in the fold: one that was accepted, and one that was rejected while the last good one stays effective.

Approvals of what they ask for are here too. A rejection is a fact of its own beside what passes find: a stall of
another kind may cover its condition for a while, and neither its end nor an apply ends the rejection. Only a manifest
that is accepted does.
"""

from datetime import datetime

from reconciler.core.record.consent import Authorship, Consent
from reconciler.core.record.model import Record, RejectedManifest
from reconciler.core.status import promotion, rollout
from reconciler.core.status.conditions import with_condition, without_conditions
from reconciler.core.status.events import Accepted, Approved, Removed
from reconciler.core.vocabulary import ConditionType, Reason

_REJECTED = {Reason.INVALID_MANIFEST}


def accept(record: Record, event: Accepted, now: datetime) -> Record:
    """Return the record after a valid manifest was read."""
    changed = record.instance.source_digest != event.instance.source_digest or record.removed is not None
    accepted = record.replace(
        authors=_authors(record, event.authors) if changed else record.authors,
        instance=event.instance,
        accepted_commit=event.commit,
        tenant=event.tenant or record.tenant,
        removed=None,
        prune_guard=None,
        prune_confirmed=False,
        renamed_to=None,
        rejected=None,
        conditions=without_conditions(record, ConditionType.STALLED, only=_REJECTED),
    )
    return rollout.not_ready_before(accepted, now) if promotion.changes_service(record, event.instance) else accepted


def remove(record: Record, event: Removed, now: datetime) -> Record:
    """Return the record after its manifest is gone; one that was gone already keeps why."""
    if record.removed:
        return record
    return record.replace(
        removed=now,
        prune_guard=event.guard,
        prune_confirmed=False,
        renamed_to=event.renamed_to,
        authors=_authors(record, event.authors),
    )


def _authors(record: Record, more: tuple[Authorship, ...] | None) -> tuple[Authorship, ...] | None:
    """Return the commits of a change, with those before it that were not applied: one plan has all of them."""
    pending = record.removed is not None or not promotion.is_built_from_git(record)
    before = (record.authors or ()) if pending else ()
    return tuple(dict.fromkeys((*before, *(more or ())))) or None


def reject(record: Record, message: str, now: datetime) -> Record:
    """Return the record after a manifest was rejected."""
    return record.replace(rejected=RejectedManifest(message, record.rejected.since if record.rejected else now))


def approve(record: Record, event: Approved) -> Record:
    """Return the record after a person approved a plan: one of several people, if others approved the same plan."""
    approval = event.approval
    consent = event.consent or Consent(approval.by, approval.at)
    people = consent.after(record.approved_by(approval.plan_digest))
    return record.replace(approval=approval, consents=people, rejection=None)


def keep_rejection(record: Record, now: datetime) -> Record:
    """Return the record with the condition of its rejected manifest, unless it is stalled by something else."""
    stalled = record.condition(ConditionType.STALLED)
    if record.rejected is None or (stalled and stalled.reason not in _REJECTED):
        return record
    return with_condition(record, now, ConditionType.STALLED, True, Reason.INVALID_MANIFEST, record.rejected.message)
