"""Rules of different tenants at one load balancer: none takes a request that belongs to another tenant.

A request belongs to the tenant with the narrowest granted prefix that holds it. Two rules of different tenants may
overlap only if the one with the narrower grant comes first. Within a tenant, the priority alone decides.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import TypeAlias

from desired_state.checks.incumbents import Refusal, Standing, routing_of
from desired_state.checks.routes import overlaps
from desired_state.checks.survey import Candidate
from desired_state.instance import Key
from desired_state.kinds.service.traffic import Routing
from desired_state.located import quote
from desired_state.tenants.grants import granted_route, is_narrower
from desired_state.tenants.tenant import Tenant, Tenants

_Path: TypeAlias = tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule with its tenant, and the paths that it had before. `manifest` is None while that is broken."""

    key: Key
    tenant: Tenant
    routing: Routing
    held: frozenset[str]
    place: str
    manifest: Candidate | None = None

    def grant(self, path: str) -> str:
        """Return the narrowest prefix by which the tenant may serve the path."""
        return granted_route(path, self.key, self.tenant) or "/"


def trespasses(here: Sequence[Candidate], tenants: Tenants, standing: Standing) -> Iterator[Refusal]:
    """Find the rules that take requests of another tenant: one refusal for each."""
    refused = set()
    for group in _rules(here, tenants, standing).values():
        for one, other in combinations(group, 2):
            if one.tenant.name == other.tenant.name:
                continue
            for mine, theirs in product(enumerate(one.routing.paths), enumerate(other.routing.paths)):
                for refusal in _judge(one, mine, other, theirs) if overlaps(mine[1], theirs[1]) else ():
                    if refusal.mark not in refused:
                        refused.add(refusal.mark)
                        yield refusal


def _rules(here: Sequence[Candidate], tenants: Tenants, standing: Standing) -> dict[str, list[_Rule]]:
    rules: dict[str, list[_Rule]] = defaultdict(list)
    for one in here:
        tenant, routing = tenants.of(one.document.path), routing_of(one.spec)
        if isinstance(tenant, Tenant) and routing is not None:
            kept = standing.kept_rule(one)
            held = frozenset(kept.paths) if kept else frozenset[str]()
            rules[one.key.environment].append(_Rule(one.key, tenant, routing, held, one.place, one))
    present = {one.key for one in here}
    for key, known in standing.known.items():
        tenant, routing = tenants.of(known.path), routing_of(known.spec)
        if key not in present and isinstance(tenant, Tenant) and routing is not None:
            place = f"{known.path}:{known.line}"
            rules[key.environment].append(_Rule(key, tenant, routing, frozenset(routing.paths), place))
    return rules


def _judge(one: _Rule, mine: _Path, other: _Rule, theirs: _Path) -> Iterator[Refusal]:
    """Refuse the rule that takes requests of the other: the new one, else the one with the wider grant, else both."""
    granted, others = one.grant(mine[1]), other.grant(theirs[1])
    narrow, wide = is_narrower(granted, others), is_narrower(others, granted)
    first = one.routing.priority < other.routing.priority
    if (narrow and first) or (wide and not first):
        return
    has, had = mine[1] in one.held, theirs[1] in other.held
    if not has if has != had else not narrow:
        yield from _refuse(one, mine, other, theirs)
    if not had if has != had else not wide:
        yield from _refuse(other, theirs, one, mine)


def _refuse(one: _Rule, mine: _Path, other: _Rule, theirs: _Path) -> Iterator[Refusal]:
    if one.manifest is not None:
        message = f"{quote(mine[1])} (priority {one.routing.priority}) would share requests with {quote(theirs[1])}"
        message = f"{message} (priority {other.routing.priority}) of {other.key} of the tenant {other.tenant.name}"
        narrower = is_narrower(one.grant(mine[1]), other.grant(theirs[1]))
        remedy = f"take a priority below {other.routing.priority}" if narrower else "take another path"
        place = ("routing", "paths", mine[0])
        yield Refusal(one.manifest, one.manifest.problem(place, f"{message} at {other.place}: {remedy}"))
