"""The person behind an approval: refused where the floor forbids it, and recorded with what proves who it is."""

from reconciler.core.decide.consent import own_change
from reconciler.core.floor import Floor
from reconciler.core.ports.control import Action, ActionRefused, Adopt, Approve, ConfirmPrune
from reconciler.core.principal import Principal
from reconciler.core.record.consent import Consent
from reconciler.core.record.model import Record
from reconciler.core.status.events import Approved, Event


def check_approver(record: Record, action: Action, by: Principal, floor: Floor) -> None:
    """Check that the principal may agree to the record's change, if the action does so. Raises: ActionRefused."""
    if not isinstance(action, Approve | Adopt | ConfirmPrune):
        return
    if why := own_change(by, record, floor):
        raise ActionRefused(f"{record.key}: {why}", code="own_change")


def with_person(event: Event | None, by: Principal) -> Event | None:
    """Return the event; an approval with the identities of the principal."""
    if not isinstance(event, Approved):
        return event
    approval = event.approval
    return Approved(approval, Consent(approval.by, approval.at, tuple(sorted(by.identities)), by.personal))
