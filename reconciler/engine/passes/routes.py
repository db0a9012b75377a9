"""The load balancer's rule of a pass: the one that Git asks for, or a step on the way there."""

import dataclasses

from desired_state.instance import Instance, Key
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.decide.routes import next_rule
from reconciler.core.record.model import Record
from reconciler.core.record.routes import Rule
from reconciler.core.status.events import RuleChosen
from reconciler.core.vocabulary import Reason
from reconciler.engine.world import World


async def route(instance: Instance, world: World) -> Instance:
    """Return the instance with the rule that its next apply makes.

    Decisions are made one at a time, each after the write of the one before: otherwise two passes could take one
    priority.
    """
    async with world.routing:
        step = next_rule(world.records[instance.key], world.records)
        rule, why = (step.rule, step.why) if step else (None, None)
        await world.records.advance(instance.key, RuleChosen(rule, why))
    return _with_rule(instance, rule)


def waiting_for_rule(before: Record, after: Record | None, world: World) -> list[Key]:
    """Return the instances whose next step may be another one, once the rules of this instance changed."""
    if after is not None and after.routes == before.routes:
        return []
    return [
        key
        for key, other in world.records.items()
        if key.environment == before.key.environment and key != before.key
        if (other.routes and other.routes.why) or (other.removed and other.reason == Reason.DEPENDENCY_NOT_READY)
    ]


def _with_rule(instance: Instance, rule: Rule | None) -> Instance:
    spec = instance.spec
    if rule is None or not isinstance(spec, ServiceSpec) or spec.routing is None:
        return instance
    routing = spec.routing.model_copy(update={"priority": rule.priority, "paths": rule.paths})
    return dataclasses.replace(instance, spec=spec.model_copy(update={"routing": routing}))
