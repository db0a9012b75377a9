"""Rules of different tenants at one load balancer: none takes a request that belongs to another tenant.

A request belongs to the tenant with the narrowest grant that holds it; the grant of a host is narrower than that of a
path at any host. Two rules of different tenants may overlap only if the one with the narrower grant comes first. Within
a tenant, the priority alone decides.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from desired_state.checks.incumbents import Refusal, Standing, rules_of
from desired_state.checks.requests import may_share
from desired_state.checks.routes import overlaps
from desired_state.checks.survey import Candidate
from desired_state.instance import Key
from desired_state.kinds.service.rules import Conditions
from desired_state.located import Location, quote
from desired_state.tenants.grants import RouteGrant, granted_route
from desired_state.tenants.tenant import Tenant, Tenants


@dataclass(frozen=True, slots=True)
class _Path:
    """A path of a rule at one of its hosts, with its place among the paths. A rule without hosts has the host ""."""

    index: int
    text: str
    host: str

    @property
    def shown(self) -> str:
        """Return the path as messages name it."""
        return quote(f"{self.host}{self.text}")

    def overlaps(self, other: "_Path") -> bool:
        """Return whether one request may be at both."""
        hosts = not self.host or not other.host or overlaps(self.host, other.host)
        return hosts and overlaps(self.text, other.text)


@dataclass(frozen=True, slots=True)
class _Rule:
    """A rule with its tenant, and the paths that it had before. `manifest` is None while that is broken."""

    key: Key
    tenant: Tenant
    rule: Conditions
    held: frozenset[str]
    place: str
    within: Location = ()
    manifest: Candidate | None = None

    @property
    def paths(self) -> Iterator[_Path]:
        """Yield its paths at each of its hosts."""
        for index, path in enumerate(self.rule.paths):
            yield from (_Path(index, path, host) for host in self.rule.hosts or ("",))

    def grant(self, path: _Path) -> RouteGrant:
        """Return the narrowest grant by which the tenant may serve the path."""
        return granted_route(path.text, path.host, self.key, self.tenant) or RouteGrant("", "/")


def trespasses(here: Sequence[Candidate], tenants: Tenants, standing: Standing) -> Iterator[Refusal]:
    """Find the rules that take requests of another tenant: one refusal for each."""
    refused = set()
    for group in _rules(here, tenants, standing).values():
        for one, other in combinations(group, 2):
            if one.tenant.name == other.tenant.name or not may_share(one.rule, other.rule):
                continue
            for mine, theirs in product(one.paths, other.paths):
                for refusal in _judge(one, mine, other, theirs) if mine.overlaps(theirs) else ():
                    if refusal.mark not in refused:
                        refused.add(refusal.mark)
                        yield refusal


def _rules(here: Sequence[Candidate], tenants: Tenants, standing: Standing) -> dict[str, list[_Rule]]:
    rules: dict[str, list[_Rule]] = defaultdict(list)
    for one in here:
        tenant, kept = tenants.of(one.document.path), standing.kept_rules(one)
        if not isinstance(tenant, Tenant):
            continue
        for place, rule in rules_of(one.spec):
            held = frozenset(kept[rule.rank].paths) if rule.rank in kept else frozenset[str]()
            rules[one.key.environment].append(_Rule(one.key, tenant, rule, held, one.place, place, one))
    present = {one.key for one in here}
    for key, known in standing.known.items():
        tenant = tenants.of(known.path)
        if key in present or not isinstance(tenant, Tenant):
            continue
        for _, rule in rules_of(known.spec):
            place = f"{known.path}:{known.line}"
            rules[key.environment].append(_Rule(key, tenant, rule, frozenset(rule.paths), place))
    return rules


def _judge(one: _Rule, mine: _Path, other: _Rule, theirs: _Path) -> Iterator[Refusal]:
    """Refuse the rule that takes requests of the other: the new one, else the one with the wider grant, else both."""
    granted, others = one.grant(mine), other.grant(theirs)
    narrow, wide = granted.is_narrower(others), others.is_narrower(granted)
    first = one.rule.rank < other.rule.rank
    if (narrow and first) or (wide and not first):
        return
    has, had = mine.text in one.held, theirs.text in other.held
    if not has if has != had else not narrow:
        yield from _refuse(one, mine, other, theirs)
    if not had if has != had else not wide:
        yield from _refuse(other, theirs, one, mine)


def _refuse(one: _Rule, mine: _Path, other: _Rule, theirs: _Path) -> Iterator[Refusal]:
    if one.manifest is not None:
        message = f"{mine.shown} (priority {one.rule.rank}) would share requests with {theirs.shown}"
        message = f"{message} (priority {other.rule.rank}) of {other.key} of the tenant {other.tenant.name}"
        narrower = one.grant(mine).is_narrower(other.grant(theirs))
        remedy = f"take a priority below {other.rule.rank}" if narrower else "take another path"
        place = (*one.within, "paths", mine.index)
        yield Refusal(one.manifest, one.manifest.problem(place, f"{message} at {other.place}: {remedy}"))
