"""The intent that is recorded before an apply and read by recovery after a crash."""

import uuid

from reconciler.core.plan.model import Plan
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Intent
from reconciler.core.status.recovery import creates
from reconciler.engine.world import World


def intent(plan: Plan, record: Record, world: World, *, destroys: bool = False) -> Intent:
    """Return the intent to apply this plan now."""
    return Intent(
        pass_id=uuid.uuid4().hex,
        desired_digest=record.desired_digest or "",
        plan_digest=plan.digest,
        destroys=destroys,
        at=world.now(),
        holder=world.locks.me,
        creates=creates(plan),
    )
