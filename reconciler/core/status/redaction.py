"""Redaction of events: whatever enters a record passes through here.

Plans are redacted as they are read. Messages of Terraform, AWS, operators and our own defects are redacted here, in one
place for all of them.
"""

from dataclasses import replace

from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import (
    Applied,
    Approved,
    Attributed,
    Event,
    Failed,
    FoundInSync,
    Invalid,
    PassHeld,
    ReconcileRequested,
    Rejected,
    RolloutObserved,
    RunObserved,
    StateMissed,
    Waiting,
)

_PASSED_ON = "platform"  # services get it as their input, so it has to stay what it is


def redacted(event: Event, redactor: Redactor) -> Event:
    """Return the event as a record may store it."""
    match event:
        case PassHeld() | Waiting() | Failed() | Invalid() | StateMissed():
            return replace(event, message=redactor.text(event.message))
        case Attributed(who):
            return Attributed(redactor.text(who))
        case RolloutObserved(live):
            return replace(event, live=replace(live, message=redactor.text(live.message)))
        case RunObserved(run) if run:
            return RunObserved(replace(run, message=redactor.text(run.message)))
        case Approved(approval, consent):
            names = tuple(map(redactor.text, consent.identities)) if consent else ()
            person = consent and replace(consent, by=redactor.text(consent.by), identities=names)
            return Approved(replace(approval, by=redactor.text(approval.by)), person)
        case Rejected(rejection):
            return Rejected(replace(rejection, by=redactor.text(rejection.by)))
        case ReconcileRequested(override) if override:
            by, reason = redactor.text(override.by), redactor.text(override.reason)
            return replace(event, override=replace(override, by=by, reason=reason))
        case ReconcileRequested(_, permission) if permission:
            by, reason = redactor.text(permission.by), redactor.text(permission.reason)
            return replace(event, from_empty=replace(permission, by=by, reason=reason))
        case FoundInSync() | Applied():
            kept = {name: value for name, value in event.outputs.items() if name == _PASSED_ON}
            return replace(event, outputs=redactor.value(event.outputs) | kept)
        case _:
            return event
