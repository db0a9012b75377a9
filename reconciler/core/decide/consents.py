"""The consents of people that an apply rests on, and what the apply came to, for the audit."""

from collections.abc import Iterable

from reconciler.core.record.audit import APPLY, Act, AuditEntry, Cause, Result
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Intent
from reconciler.core.vocabulary import ConditionType

_UNPROVEN = "unknown"


def causes(record: Record, intent: Intent, entries: Iterable[AuditEntry]) -> tuple[Cause, ...]:
    """Return the acts that this apply follows: approvals of its plan, an override, a permission, a confirmed prune.

    `entries` are those of the instance, the newest first. A consent that has no entry there was given to an earlier
    version: it is a cause without an id. Empty for an apply that follows from Git alone.
    """
    names = _names(record, intent)
    found: dict[str, list[Cause]] = {consent: [] for consent in names}
    open_for = set(names)
    for entry in entries:
        if (entry.act.action, entry.result) == (APPLY, "applied"):
            break
        if entry.result != "accepted":
            continue
        if entry.act.action == "reject":
            open_for.discard("approve")
        for consent in _given(entry.act, intent) & open_for:
            found[consent].append(Cause(entry.id, entry.act.by, entry.act.proof))
    every = (cause for consent in names for cause in found[consent] or [Cause("", names[consent], _UNPROVEN)])
    return tuple(dict.fromkeys(every))


def outcome(record: Record | None) -> tuple[Result, str]:
    """Return what an apply came to, from the record afterwards; None: the instance was destroyed."""
    if record is None:
        return "applied", "destroyed"
    ready = record.condition(ConditionType.READY)
    words = (f"{ready.reason.value} {ready.message}" if ready else "").split()
    return ("applied" if record.applied_digest is not None else "failed"), " ".join(words)


def _names(record: Record, intent: Intent) -> dict[str, str]:
    """Return each consent that the record has for this apply, with the name that it was given by."""
    state, approval, override = record.state, record.approval, record.window_override
    approved = approval is not None and approval.plan_digest == intent.plan_digest
    given = {
        "approve": approval.by if approval and approved else None,
        "override_window": override.by if override else None,
        "from_empty": state.from_empty.by if state and state.from_empty else None,
        "prune": _UNPROVEN if intent.destroys and record.prune_confirmed else None,
    }
    return {consent: name for consent, name in given.items() if name is not None}


def _given(act: Act, intent: Intent) -> frozenset[str]:
    """Return the consents that an act gives to this apply."""
    if act.action in {"approve", "adopt"} and act.digest == intent.plan_digest:
        return frozenset({"approve"})
    if act.action == "reconcile":
        return frozenset(act.options)
    return frozenset({"prune"} if act.action == "prune" else ())
