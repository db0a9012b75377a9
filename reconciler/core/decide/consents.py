"""The consents of people that an apply rests on, and what the apply came to, for the audit."""

from collections.abc import Collection, Iterable, Iterator

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
    given = _consents(record, intent)
    found: dict[str, list[Cause]] = {consent: [] for consent in given}
    open_for = set(given)
    for entry in entries:
        if (entry.act.action, entry.result) == (APPLY, "applied"):
            break
        if entry.result != "accepted":
            continue
        if entry.act.action == "reject":
            open_for.discard("approve")
        for consent in _given(entry.act, intent) & open_for:
            found[consent].append(Cause(entry.id, entry.act.by, entry.act.proof))
    every = (cause for consent, names in given.items() for cause in (*found[consent], *_others(names, found[consent])))
    return tuple(dict.fromkeys(every))


def outcome(record: Record | None) -> tuple[Result, str]:
    """Return what an apply came to, from the record afterwards; None: the instance was destroyed."""
    if record is None:
        return "applied", "destroyed"
    ready = record.condition(ConditionType.READY)
    words = (f"{ready.reason.value} {ready.message}" if ready else "").split()
    return ("applied" if record.applied_digest is not None else "failed"), " ".join(words)


def _others(names: Iterable[str], found: Collection[Cause]) -> Iterator[Cause]:
    """Give a cause without an id for each name that no entry has; the unknown name only where there is no entry."""
    known = {cause.by for cause in found} | ({_UNPROVEN} if found else set())
    yield from (Cause("", name, _UNPROVEN) for name in names if name not in known)


def _consents(record: Record, intent: Intent) -> dict[str, tuple[str, ...]]:
    """Return each consent that the record has for this apply, with the names of those who gave it."""
    state, override = record.state, record.window_override
    given = {
        "approve": tuple(one.by for one in record.approved_by(intent.plan_digest)),
        "override_window": (override.by,) if override else (),
        "from_empty": (state.from_empty.by,) if state and state.from_empty else (),
        "prune": (_UNPROVEN,) if intent.destroys and record.prune_confirmed else (),
    }
    return {consent: names for consent, names in given.items() if names}


def _given(act: Act, intent: Intent) -> frozenset[str]:
    """Return the consents that an act gives to this apply."""
    if act.action in {"approve", "adopt"} and act.digest == intent.plan_digest:
        return frozenset({"approve"})
    if act.action == "reconcile":
        return frozenset(act.options)
    return frozenset({"prune"} if act.action == "prune" else ())
