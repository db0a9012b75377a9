"""The load balancer's rule of a pass: the one that Git asks for, or a step on the way there."""

import dataclasses

from desired_state.instance import Instance, Key
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.decide.routes import next_rule
from reconciler.core.record.model import Record
from reconciler.core.record.routes import Rule, at_hosts, split_hosts
from reconciler.core.record.routing import all_routes, waiting, wanted_rules
from reconciler.core.status.events import RuleChosen
from reconciler.core.vocabulary import Reason
from reconciler.engine.world import World


async def route(instance: Instance, world: World) -> Instance:
    """Return the instance with the rules that its next apply makes.

    Decisions are made one at a time, each after the write of the one before: otherwise two passes could take one
    priority.
    """
    key = instance.key
    async with world.routing:
        record = world.records[key]
        for slot in dict.fromkeys([*all_routes(record), *wanted_rules(record)]):
            step = next_rule(world.records[key], world.records, slot)
            rule, why = (step.rule, step.why) if step else (None, None)
            await world.records.advance(key, RuleChosen(rule, why, slot))
            instance = _with_rule(instance, slot, rule)
    return instance


def waiting_for_rule(before: Record, after: Record | None, world: World) -> list[Key]:
    """Return the instances whose next step may be another one, once the rules of this instance changed.

    The instance itself is one of them when it has several rules: one may wait for another one."""
    if after is not None and (after.routes, after.further_routes) == (before.routes, before.further_routes):
        return []
    return [
        key
        for key, other in world.records.items()
        if key.environment == before.key.environment and (key != before.key or other.further_routes)
        if waiting(other) or (other.removed and other.reason == Reason.DEPENDENCY_NOT_READY)
    ]


def _with_rule(instance: Instance, slot: str, rule: Rule | None) -> Instance:
    spec = instance.spec
    if rule is None or not isinstance(spec, ServiceSpec) or spec.routing is None:
        return instance
    place, wanted = next(part for part in spec.routing.parts() if ".".join(map(str, part[0])) == slot)
    hosts, paths = wanted.hosts, wanted.paths
    if {*at_hosts(hosts, paths)} != {*rule.paths}:
        hosts, paths = split_hosts(rule.paths)
    part = wanted.model_copy(update={"priority": rule.priority, "paths": paths, "hosts": hosts})
    routing = spec.routing.with_part(place, part)
    return dataclasses.replace(instance, spec=spec.model_copy(update={"routing": routing}))
