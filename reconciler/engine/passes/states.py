"""The check of the state in a pass, before a plan of it counts: see `core.decide.state`.

The place is compared before Terraform runs, because a bucket or an account that does not exist would only fail. The
version is taken from the plan itself, so that nothing can change between the check and an apply of that plan.
"""

from desired_state.instance import Key
from reconciler.core.decide.state import Lost, judge, judge_place
from reconciler.core.environment import Environment
from reconciler.core.plan.model import Plan
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.terraform import Workspace
from reconciler.core.record.state import StateSeen
from reconciler.engine.world import World


class StateIsLost(Exception):
    """The known state is not there: the pass ends, and nothing is planned."""

    def __init__(self, lost: Lost) -> None:
        super().__init__(lost.message)
        self.lost = lost


def check_place(key: Key, environment: Environment, world: World) -> None:
    """Check that the state is looked for in its known place. Raises: StateIsLost."""
    if lost := judge_place(world.records[key], world.states.place(key, environment)):
        raise StateIsLost(lost)


async def check(key: Key, workspace: Workspace, environment: Environment, world: World) -> StateSeen:
    """Return the state that the workspace's plan was made from. Raises: StateIsLost, TerraformFailed."""
    seen = StateSeen(world.states.place(key, environment), await workspace.planned_state())
    if lost := judge(world.records[key], seen):
        raise StateIsLost(lost)
    return seen


async def after_apply(plan: Plan, before: StateSeen, environment: Environment, world: World) -> StateSeen:
    """Return the state that an apply of the plan left; when it cannot be read, what is certain of it."""
    try:
        return StateSeen(before.place, await world.states.version(before.place, environment))
    except LiveUnavailable as unavailable:
        world.observer.log("state_not_seen", state=str(before.place), why=str(unavailable))
    made = sum(change.actions == ("create",) for change in plan.changes)
    gone = sum(change.actions == ("delete",) for change in plan.changes)
    left = before.version.resources + made - gone
    return StateSeen(before.place, StateVersion(before.version.lineage, before.version.serial, left))
