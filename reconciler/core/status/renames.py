"""The change of a record while its instance takes over the state of its former name."""

from reconciler.core.plan.summary import PlanSummary
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Move
from reconciler.core.record.state import KnownState, StateSeen

# Facts about the state, which stay true under the new name.
_INHERITED = (
    "attempted",
    "applied_digest",
    "applied_source",
    "applied_commit",
    "applied_at",
    "intent",
    "base",
    "outputs",
    "promoted",
    "routes",
)


def planned(record: Record, plan: PlanSummary) -> Record:
    """Note the plan of the move, so that it can be approved; an approval of another plan ends."""
    kept = record.approval if record.approval and record.approval.plan_digest == plan.digest else None
    return record.replace(plan=plan, approval=kept, requested_at=None)


def start(record: Record, source: str | None) -> Record:
    """Note that the state is on its way from the name `source`; None: it went back there."""
    return record.replace(move=Move(source) if source else None)


def finish(record: Record, source: str, old: Record | None, seen: StateSeen | None) -> Record:
    """Note that the state is here alone, as it was `seen`, and take over what the record of the former name, `old`,
    knew of it.

    A record that was applied under the new name keeps its own facts: they are newer."""
    record = record.replace(
        move=Move(source, done=True),
        state=KnownState(seen) if seen else record.state,
        plan=None,
        approval=None,
        rejection=None,
    )
    if old is None or record.attempted:
        return record
    inherited = {name: getattr(old, name) for name in _INHERITED}
    return record.replace(suspended=record.suspended or old.suspended, health=old.health, **inherited)
