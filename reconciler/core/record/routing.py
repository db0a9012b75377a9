"""Rules of the load balancer in the fold: which ones AWS may have, and whether they are the wanted ones.

A service has a rule of its own, of the slot "", and further ones, each of a slot named after its place in the manifest.
"""

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime

from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.record.model import Condition, Record
from reconciler.core.record.routes import Routes, Rule, at_hosts
from reconciler.core.vocabulary import ConditionType, Health, Reason

OWN_RULE = ""
_CALM = frozenset({Reason.IN_SYNC, Reason.APPLIED})


def wanted_rules(record: Record) -> Mapping[str, Rule]:
    """Return the rules that the manifest asks for by slot; none without routing, or when the manifest is gone."""
    spec = record.instance.spec
    if record.removed or not isinstance(spec, ServiceSpec) or spec.routing is None:
        return {}
    return {
        ".".join(map(str, place)): Rule(rule.rank, at_hosts(rule.hosts, rule.paths))
        for place, rule in spec.routing.parts()
    }


def routes_of(record: Record) -> Routes:
    """Return the own rule of an instance. A record of an earlier version has only the variables of its last apply."""
    if record.routes is not None:
        return record.routes
    routing = record.base.variables.get("routing") if record.base else None
    if not routing:
        return Routes()
    rule = Rule(routing["priority"], at_hosts(routing.get("hosts", ()), routing["paths"]))
    return Routes((rule,), rule, serves=True)


def all_routes(record: Record) -> Mapping[str, Routes]:
    """Return the rules of an instance over time, by slot; the own one comes first."""
    return {OWN_RULE: routes_of(record), **(record.further_routes or {})}


def choose_rule(record: Record, rule: Rule | None, why: str | None, slot: str = OWN_RULE) -> Record:
    """Return the record of an instance whose next apply makes this rule."""
    routes = dataclasses.replace(all_routes(record).get(slot, Routes()), chosen=rule, why=why)
    if slot == OWN_RULE:
        return record if routes == Routes() else record.replace(routes=routes)
    return _with_further(record, {**(record.further_routes or {}), slot: routes})


def _with_further(record: Record, further: Mapping[str, Routes]) -> Record:
    kept = {slot: routes for slot, routes in sorted(further.items()) if routes != Routes()}
    return record.replace(further_routes=kept or None)


def rule_applies(record: Record) -> Record:
    """Return the record of an instance whose apply begins: AWS may have the chosen rules from now on."""

    def applies(routes: Routes) -> Routes:
        if routes.chosen is None or routes.chosen in routes.possible:
            return routes
        return dataclasses.replace(routes, possible=(*routes.possible, routes.chosen))

    return _each(record, applies)


def rule_applied(record: Record) -> Record:
    """Return the record of an instance that has the chosen rules, and no others."""

    def applied(routes: Routes) -> Routes:
        possible = () if routes.chosen is None else (routes.chosen,)
        return dataclasses.replace(routes, possible=possible, serves=routes.serves and bool(possible))

    return _each(record, applied)


def _each(record: Record, changed: Callable[[Routes], Routes]) -> Record:
    if record.routes is not None and (routes := changed(record.routes)) != record.routes:
        record = record.replace(routes=routes)
    if record.further_routes:
        record = _with_further(record, {slot: changed(routes) for slot, routes in record.further_routes.items()})
    return record


def update_routes(before: Record, after: Record, now: datetime) -> Record:
    """Return the record with what an event means for its rules: they serve, or are still on the way to the wanted ones.

    The headline says so, unless there is something worse to report.
    """
    if after.routes is None:
        return after

    def serves(routes: Routes) -> Routes:
        return dataclasses.replace(routes, serves=True) if routes.possible else routes

    if after.health == Health.HEALTHY:
        after = _each(after, serves)
    headline, why = after.condition(ConditionType.READY), waiting(after)
    if why is None or headline is None or headline.reason not in _CALM:
        return after
    old = before.condition(ConditionType.READY)
    since = old.since if old and (old.status, old.reason) == (False, Reason.PROGRESSING) else now
    headline = Condition(ConditionType.READY, False, Reason.PROGRESSING, why, since)
    return after.replace(conditions={**after.conditions, ConditionType.READY: headline})


def waiting(record: Record) -> str | None:
    """Return why its rules are not yet those of the manifest; None when they are."""
    if record.routes is None:
        return None
    return "; ".join(filter(None, (routes.why for routes in all_routes(record).values()))) or None
