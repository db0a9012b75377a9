"""Requests that need no plan, as events of a record, and their refusals when they do not fit it."""

from desired_state.instance import Key
from reconciler.core.floor import Floor
from reconciler.core.ports.control import ACTIONS, Action, ActionRefused, Adopt, Approve, Reconcile, Reject, Unlock
from reconciler.core.principal import Principal
from reconciler.core.record.audit import Act
from reconciler.core.record.model import Record
from reconciler.core.record.state import StateSeen
from reconciler.core.status.events import PruneConfirmed, Resumed, StateAdopted, UnlockRequested
from reconciler.core.vocabulary import Reason

_NAMES = {kind: name for name, kind in ACTIONS.items()}


def act(key: Key, action: Action, record: Record | None, *, by: Principal, reason: str | None, peer: str) -> Act:
    """Return a requested action for the audit; a rejection without a digest is about the plan that waits."""
    digest: str | None = None
    options: tuple[str, ...] = ()
    match action:
        case Reconcile(override_window, from_empty):
            reason = reason or override_window or from_empty
            given = {"override_window": override_window, "from_empty": from_empty}
            options = tuple(name for name, why in given.items() if why)
        case Approve() | Adopt():
            digest = action.digest
        case Reject(named):
            digest = named or (record.plan.digest if record and record.plan else None)
        case Unlock(lock_id) if lock_id:
            options = (f"lock_id {lock_id}",)
    commit = record.accepted_commit if record else None
    return Act(_NAMES[type(action)], str(key), by.name, by.proof, peer, reason, digest, commit, options)


def check_reason(act: Act, floor: Floor) -> None:
    """Raise ActionRefused when the floor asks for a reason and the act has none."""
    if floor.reason == "required" and not act.reason:
        raise ActionRefused(
            f"{act.action} of {act.subject} needs a reason (`environments.<name>.floor.reason`): add --reason",
            code="reason_missing",
        )


def resume(record: Record, floor: Floor) -> Resumed:
    """End a suspension. Raises: ActionRefused when the manifest suspends."""
    if not record.suspended and floor.suspends(record.instance.policy):
        raise ActionRefused(f"{record.key} is suspended by its manifest (`policy.suspend`); change it there")
    return Resumed()


def confirm_prune(record: Record) -> PruneConfirmed:
    """Confirm the prune of a removed instance. Raises: ActionRefused."""
    if record.removed is None:
        raise ActionRefused(f"{record.key} still has a manifest; remove that first")
    return PruneConfirmed()


def found_instead(record: Record) -> StateSeen:
    """Return the state that was found in place of the known one. Raises: ActionRefused."""
    if record.state is None or record.state.found is None:
        raise ActionRefused(f"no other state was found for {record.key}: there is nothing to decide")
    return record.state.found


def is_elsewhere(record: Record) -> bool:
    """Return whether the state that was found is in another place than the known one."""
    return (
        record.state is not None
        and record.state.found is not None
        and record.state.found.place != record.state.seen.place
    )


def adopt_state(record: Record) -> StateAdopted:
    """Accept the state that was found. Raises: ActionRefused for an empty one in the place of the known one."""
    if not found_instead(record).version.resources and not is_elsewhere(record):
        raise ActionRefused(
            f"the state found for {record.key} is empty, so that everything would be created again: restore its last"
            f" version in S3, or `reconciler reconcile {record.key} --from-empty --reason R`"
        )
    return StateAdopted()


def unlock(record: Record, lock_id: str | None) -> UnlockRequested | None:
    """Break a lock; None asks to check it again. Raises: ActionRefused."""
    if record.reason not in {Reason.STATE_LOCKED, Reason.LOCK_ORPHANED}:
        raise ActionRefused(f"{record.key} does not wait for a state lock")
    return UnlockRequested(lock_id) if lock_id else None
