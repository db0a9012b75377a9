"""The gate at the start of a pass. A reason to wait is a value with a message for operators, never an error."""

from collections.abc import Mapping
from dataclasses import dataclass

from desired_state.instance import Key
from reconciler.core.decide.renames import is_moving
from reconciler.core.decide.routes import taken_over
from reconciler.core.environment import Environment
from reconciler.core.record.model import Record
from reconciler.core.vocabulary import Reason

STATEFUL_KINDS = frozenset({"Platform", "Module"})
# A dependency that waits for an operator or cannot go on does not hold up instances that already run on it.
_WAITS_FOR_SOMEBODY = frozenset(
    {
        Reason.AWAITING_APPROVAL,
        Reason.REJECTED,
        Reason.DRIFT_FIGHT,
        Reason.NEVER_SETTLES,
        Reason.POLICY_DENIED,
        Reason.TENANT_DENIED,
        Reason.ADOPTION_REFUSED,
        Reason.OBSERVED,
        Reason.OUTSIDE_WINDOW,
        Reason.FROZEN,
        Reason.SUSPENDED,
        Reason.PLAN_FAILED,
        Reason.INIT_FAILED,
        Reason.STATE_LOST,
        Reason.RETRIES_EXHAUSTED,
        Reason.ROLLED_BACK,
    }
)


@dataclass(frozen=True, slots=True)
class Proceed:
    """The pass may go on."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The pass ends here, for a reason."""

    reason: Reason
    message: str


Gate = Proceed | Hold


def gate(record: Record, records: Mapping[Key, Record], environment: Environment) -> Gate:
    """Decide whether a pass may go on to read AWS. `records` holds every record by key."""
    if record.suspended or environment.floor.suspends(record.instance.policy):
        return Hold(Reason.SUSPENDED, "suspended; `reconciler resume` lifts it")
    if record.removed and is_moving(record):
        return Proceed()  # the move is finished or undone first, and the gate asked again
    if record.removed:
        return _prune_gate(record, records, environment)
    for key in sorted(record.instance.depends_on):
        if problem := _dependency_problem(record, records.get(key)):
            return Hold(Reason.DEPENDENCY_NOT_READY, f"{key} {problem}")
    return Proceed()


def _dependency_problem(record: Record, dependency: Record | None) -> str | None:
    if dependency is None:
        return "does not exist yet"
    if dependency.removed:
        return "is being removed"
    if dependency.applied_at is None:
        return "was never applied"
    if dependency.intent:
        return "is being applied"
    held = dependency.promoted is not None and dependency.promoted.held is not None
    behind = not held and dependency.applied_source != dependency.instance.source_digest
    if behind and dependency.accepted_commit == record.accepted_commit and dependency.reason not in _WAITS_FOR_SOMEBODY:
        return "changed in the same commit and goes first"
    return None


def _prune_gate(record: Record, records: Mapping[Key, Record], environment: Environment) -> Gate:
    dependants = sorted(str(other.key) for other in records.values() if record.key in other.instance.depends_on)
    if dependants:
        named = ", ".join(dependants)
        return Hold(
            Reason.DEPENDENCY_NOT_READY, f"{named} still depend on it: remove these first, or restore its manifest"
        )
    confirm = f"`reconciler prune --confirm {record.key}` removes it"
    if not environment.floor.prune:
        return Hold(Reason.PRUNE_GUARD, f"nothing in {environment.name} is pruned (`floor.prune` in the configuration)")
    if record.prune_confirmed:
        return Proceed()
    former = records.get(Key(record.key.environment, record.move.source)) if record.move else None
    if former and former.removed is None:
        why = (
            f"its former name is declared again: {former.key} waits for the state that is here. Declare this name"
            f" again, or {confirm}"
        )
        return Hold(Reason.PRUNE_CONFIRMATION_NEEDED, why)
    if record.prune_guard:
        return Hold(Reason.PRUNE_GUARD, f"{record.prune_guard}; {confirm}")
    if not record.instance.policy.prune:
        return Hold(Reason.PRUNE_GUARD, f"its manifest is gone but said `prune: false`; {confirm}")
    if record.instance.kind in STATEFUL_KINDS:
        return Hold(
            Reason.PRUNE_CONFIRMATION_NEEDED,
            f"a {record.instance.kind} is removed only after a confirmation; {confirm}",
        )
    if waits := taken_over(record, records):
        return Hold(Reason.DEPENDENCY_NOT_READY, f"{waits}; {confirm} without waiting")
    return Proceed()


def prune_guard(removed: int, total: int, *, limit_percent: int) -> str | None:
    """Return why an operator must confirm this many removals of one environment in one commit; None below the limit.

    One removal per commit is always allowed.
    """
    allowed = max(1, total * limit_percent // 100)
    if removed <= allowed:
        return None
    return f"{removed} of {total} instances were removed in one commit, more than {limit_percent} %"
