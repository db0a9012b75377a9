"""A refresh: the state learns what is in AWS, with a plan that changes nothing there."""

from reconciler.core.plan.model import Plan
from reconciler.core.ports.terraform import Run, Workspace
from reconciler.core.record.model import Base
from reconciler.core.record.state import StateSeen
from reconciler.core.status.events import Applying, FoundInSync
from reconciler.engine.passes import states
from reconciler.engine.passes.apply import terraform_apply
from reconciler.engine.passes.intent import intent
from reconciler.engine.world import World


async def refresh(plan: Plan, seen: StateSeen, run: Run, workspace: Workspace, world: World) -> None:
    """Apply the empty plan. Raises: ApplyFailed, or TerraformFailed when the end of the apply is unknown."""
    key, base = run.key, Base(run.root, run.tree_id, run.variables)
    async with world.apply_of(key):
        await world.records.advance(key, Applying(intent(plan, world.records[key], world), base))
        await terraform_apply(key, workspace, run.environment, world)
        left = await states.after_apply(plan, seen, run.environment, world)
        await world.records.advance(key, FoundInSync(base, plan.values, refreshed=plan.providers, state=left))
