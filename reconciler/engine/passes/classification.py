"""Classification of a plan; what is told as moved outside is first held against the stored state."""

from collections.abc import Sequence

from desired_state.kinds.policy import Ignore
from reconciler.core.decide.verdict import repeats_rollback
from reconciler.core.plan import read as plans
from reconciler.core.plan.drift import DriftFinding, classify, classify_destroy
from reconciler.core.plan.model import Plan
from reconciler.core.ports.terraform import Workspace
from reconciler.core.record.model import Record
from reconciler.core.record.state import StateSeen
from reconciler.core.status.drift import known_unsettled
from reconciler.core.status.refresh import may_be_outdated
from reconciler.engine.world import World


async def classified(
    plan: Plan,
    record: Record,
    workspace: Workspace,
    image: str | None,
    world: World,
    seen: StateSeen,
    *,
    destroy: bool,
) -> DriftFinding:
    """Classify the plan that was made from the state `seen`. Raises: TerraformFailed."""
    if destroy:
        return classify_destroy(plan, ignore=_ignored(record, world), now=world.now())
    found = _classified(plan, record, image, world, seen, None)
    if not found.unexplained or record.applied_digest is None:
        return found
    of_state = plans.read(await workspace.plan_of_state(), world.redactor)
    return _classified(plan, record, image, world, seen, of_state)


def _classified(
    plan: Plan, record: Record, image: str | None, world: World, seen: StateSeen, of_state: Plan | None
) -> DriftFinding:
    return classify(
        plan,
        applied_digest=record.applied_digest,
        desired_digest=record.desired_digest or "",
        ignore=_ignored(record, world),
        rolled_back=repeats_rollback(record, image),
        now=world.now(),
        unsettled=known_unsettled(record, seen),
        of_state=of_state,
        other_provider=may_be_outdated(record, plan),
    )


def _ignored(record: Record, world: World) -> Sequence[Ignore]:
    return world.floor(record.key.environment).ignored(record.instance.policy, world.now())
