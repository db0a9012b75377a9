"""Plans that save a policy in which AWS shows a deleted principal.

An apply would give its rights to whatever has its name now, or AWS refuses it when nothing has. A person decides.
"""

from reconciler.core.plan.model import Change, Plan
from reconciler.core.plan.outside import principals
from reconciler.core.wording import first_few

_NAMED = 3


def approval_reason(plan: Plan) -> str | None:
    """Return why a plan that names a deleted principal by its ARN again needs an approval; None when none does."""
    found = {change.address: _gone(change) for change in plan.changes if _gone(change)}
    said = [f"the policy of {address} {principals.hint(ids)}" for address, ids in sorted(found.items())]
    return first_few(said, _NAMED, separator="; ") if said else None


def refusal(plan: Plan) -> str | None:
    """Return why a plan is refused that would send the id of a deleted principal; None when none would."""
    dead = {change.address: _gone(change) & principals.deleted(change.after) for change in plan.changes}
    said = [f"{address} would be saved with {', '.join(sorted(ids))}" for address, ids in sorted(dead.items()) if ids]
    if not said:
        return None
    return f"{first_few(said, _NAMED, separator='; ')}: the id of a deleted principal; write its ARN, or remove it"


def _gone(change: Change) -> frozenset[str]:
    """Return the deleted principals that AWS shows in a resource that the plan would save again."""
    return frozenset() if change.actions == ("delete",) else principals.deleted(change.before)
