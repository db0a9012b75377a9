"""Rules of the load balancer in the fold: which one AWS may have, and whether it is the wanted one."""

import dataclasses
from datetime import datetime

from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.record.model import Condition, Record
from reconciler.core.record.routes import Routes, Rule
from reconciler.core.vocabulary import ConditionType, Health, Reason

_CALM = frozenset({Reason.IN_SYNC, Reason.APPLIED})


def wanted_rule(record: Record) -> Rule | None:
    """Return the rule that the manifest asks for; None without one, or when the manifest is gone."""
    spec = record.instance.spec
    if record.removed or not isinstance(spec, ServiceSpec) or spec.routing is None:
        return None
    return Rule(spec.routing.priority, spec.routing.paths)


def routes_of(record: Record) -> Routes:
    """Return the rules of an instance. A record of an earlier version has only the variables of its last apply."""
    if record.routes is not None:
        return record.routes
    routing = record.base.variables.get("routing") if record.base else None
    if not routing:
        return Routes()
    rule = Rule(routing["priority"], tuple(routing["paths"]))
    return Routes((rule,), rule, serves=True)


def choose_rule(record: Record, rule: Rule | None, why: str | None) -> Record:
    """Return the record of an instance whose next apply makes this rule."""
    routes = dataclasses.replace(routes_of(record), chosen=rule, why=why)
    return record if routes == Routes() else record.replace(routes=routes)


def rule_applies(record: Record) -> Record:
    """Return the record of an instance whose apply begins: AWS may have the chosen rule from now on."""
    routes = record.routes
    if routes is None or routes.chosen is None or routes.chosen in routes.possible:
        return record
    return record.replace(routes=dataclasses.replace(routes, possible=(*routes.possible, routes.chosen)))


def rule_applied(record: Record) -> Record:
    """Return the record of an instance that has the chosen rule, and no other."""
    routes = record.routes
    if routes is None:
        return record
    possible = () if routes.chosen is None else (routes.chosen,)
    return record.replace(
        routes=dataclasses.replace(routes, possible=possible, serves=routes.serves and bool(possible))
    )


def update_routes(before: Record, after: Record, now: datetime) -> Record:
    """Return the record with what an event means for its rule: it serves, or it is still on the way to the wanted one.

    The headline says so, unless there is something worse to report.
    """
    routes = after.routes
    if routes is None:
        return after
    if not routes.serves and routes.possible and after.health == Health.HEALTHY:
        after = after.replace(routes=dataclasses.replace(routes, serves=True))
    headline = after.condition(ConditionType.READY)
    if routes.why is None or headline is None or headline.reason not in _CALM:
        return after
    old = before.condition(ConditionType.READY)
    since = old.since if old and (old.status, old.reason) == (False, Reason.PROGRESSING) else now
    headline = Condition(ConditionType.READY, False, Reason.PROGRESSING, routes.why, since)
    return after.replace(conditions={**after.conditions, ConditionType.READY: headline})
