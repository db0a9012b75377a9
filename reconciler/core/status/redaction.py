"""Events without secrets: what enters a record, and so whatever is made of records, passes through here.

Plans are redacted as they are read. What anybody says (Terraform, AWS, a person, a defect of ours) is redacted here,
once for all places that say something.
"""

from dataclasses import replace

from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import (
    Applied,
    Asked,
    Attributed,
    Event,
    Failed,
    FoundInSync,
    Invalid,
    PassHeld,
    RolloutObserved,
    Waiting,
)

_PASSED_ON = "platform"  # services get it as their input, so it has to stay what it is


def redacted(event: Event, redactor: Redactor) -> Event:
    """The event as a record may keep it."""
    match event:
        case PassHeld() | Waiting() | Failed() | Invalid():
            return replace(event, message=redactor.text(event.message))
        case Attributed(who):
            return Attributed(redactor.text(who))
        case RolloutObserved(live):
            return replace(event, live=replace(live, message=redactor.text(live.message)))
        case Asked(approval=approval, rejection=rejection, override=override):
            return replace(
                event,
                approval=approval and replace(approval, by=redactor.text(approval.by)),
                rejection=rejection and replace(rejection, by=redactor.text(rejection.by)),
                override=override
                and replace(override, by=redactor.text(override.by), reason=redactor.text(override.reason)),
            )
        case FoundInSync() | Applied():
            kept = {name: value for name, value in event.outputs.items() if name == _PASSED_ON}
            return replace(event, outputs=redactor.value(event.outputs) | kept)
        case _:
            return event
