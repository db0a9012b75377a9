"""Conflicts with known instances: the incumbent keeps its claim, and only the newcomer is refused.

The known instances are those that were accepted from an earlier commit. An incumbent is a manifest that is still where
its instance was read from; its claims are its name, its environment's Platform and addresses, its former name, its
dependencies, and its rule at the load balancer. A manifest that is broken now keeps its claims. Between newcomers
`checks` and `renames` decide.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Network
from itertools import pairwise, product
from typing import TypeAlias

from desired_state.checks.conflicts import EnvironmentFacts, dependencies
from desired_state.checks.graph import cycles
from desired_state.checks.requests import admits, shown
from desired_state.checks.routes import covers
from desired_state.checks.survey import Candidate, Claim, Survey
from desired_state.instance import Instance, Key
from desired_state.kinds.manifest import Spec
from desired_state.kinds.platform import PlatformSpec
from desired_state.kinds.service.rules import Conditions
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.located import Location, Problem, quote

Mark: TypeAlias = tuple[Key, str, int]


@dataclass(frozen=True, slots=True)
class Incumbent:
    """A known instance, and the tenant that its record keeps. A removed one has no claims, but it has an owner."""

    instance: Instance
    tenant: str | None = None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A manifest that is refused in one environment, with the problem. Others of the same key are not concerned."""

    candidate: Candidate
    problem: Problem

    @property
    def mark(self) -> Mark:
        """Return the identity of the refused manifest in its environment."""
        return mark(self.candidate)


def mark(one: Candidate) -> Mark:
    """Return the identity of a manifest in one environment: key, file and line."""
    return one.key, one.document.path, one.document.root.line


@dataclass(frozen=True, slots=True)
class Standing:
    """The claims that stand in a commit: known instances whose manifests are still there, valid or broken."""

    known: Mapping[Key, Instance]

    @classmethod
    def of(cls, known: Mapping[Key, Incumbent], found: Survey) -> "Standing":
        """Keep the known instances that are still declared where they were."""
        declared = {(one.key, one.document.path) for one in found.candidates}
        broken: dict[tuple[str, str], list[Claim]] = defaultdict(list)
        for claim in found.claims:
            broken[claim.name, claim.path].append(claim)
        unreadable = frozenset(found.unreadable)

        def stands(key: Key, path: str) -> bool:
            claims = broken.get((key.name, path), ())
            is_broken = any(one.environments is None or key.environment in one.environments for one in claims)
            return (key, path) in declared or is_broken or path in unreadable

        return cls(
            {key: one.instance for key, one in known.items() if not one.removed and stands(key, one.instance.path)}
        )

    def is_incumbent(self, one: Candidate) -> bool:
        """Return whether the manifest is the one that a known instance was read from."""
        known = self.known.get(one.key)
        return known is not None and known.path == one.document.path

    def newcomers(self, here: Sequence[Candidate], facts: Mapping[str, EnvironmentFacts]) -> Iterator[Refusal]:
        """Find the manifests that claim what an incumbent has: one refusal for each."""
        refused: set[Mark] = set()
        networks = partial(self._networks, facts)
        for check in (
            self._names,
            self._platforms,
            self._former_names,
            networks,
            self._cycles,
            self._rules,
            self._aliases,
        ):
            for refusal in check([one for one in here if mark(one) not in refused]):
                if refusal.mark not in refused:
                    refused.add(refusal.mark)
                    yield refusal

    def _names(self, here: Sequence[Candidate]) -> Iterator[Refusal]:
        for one in here:
            known = self.known.get(one.key)
            if known is not None and known.path != one.document.path:
                message = f"{one.key} is already declared at {_place(known)}: take another name"
                yield Refusal(one, one.problem_at_name(message))

    def _platforms(self, here: Sequence[Candidate]) -> Iterator[Refusal]:
        present = {key.environment: one for key, one in self.known.items() if one.kind == "Platform"}
        for one in here:
            known = present.get(one.key.environment)
            if isinstance(one.spec, PlatformSpec) and known is not None and not self._is_platform(one):
                message = f"{one.key.environment} has a Platform already: {known.key} at {_place(known)}"
                yield Refusal(one, one.problem_at_name(message))

    def _is_platform(self, one: Candidate) -> bool:
        return self.is_incumbent(one) and self.known[one.key].kind == "Platform"

    def _former_names(self, here: Sequence[Candidate]) -> Iterator[Refusal]:
        heirs = {Key(key.environment, one.former): one for key, one in self.known.items() if one.former}
        for one in here:
            if one.former is not None:
                former = Key(one.key.environment, one.former)
                if (heir := heirs.get(former)) is not None and heir.key != one.key:
                    message = f"formerName {quote(one.former)} is already claimed by {heir.key} at {_place(heir)}"
                    yield Refusal(one, one.problem_at_former_name(message))
                elif (known := self.known.get(former)) is not None and heir is None:
                    message = f"formerName {quote(one.former)} is still the name of {former} at {_place(known)}"
                    yield Refusal(one, one.problem_at_former_name(message))
            if (heir := heirs.get(one.key)) is not None and one.key not in self.known:
                message = f"{one.key} is the former name of {heir.key} at {_place(heir)}, which has its state"
                message = f"{message}: remove formerName there"
                yield Refusal(one, one.problem_at_name(message))

    def _networks(self, facts: Mapping[str, EnvironmentFacts], here: Sequence[Candidate]) -> Iterator[Refusal]:
        for one in here:
            mine, own = _network(one.spec), self.known.get(one.key)
            if mine is None or one.key.environment not in facts or (own and _network(own.spec) == mine):
                continue
            is_prod = facts[one.key.environment].tier == "prod"
            for key, known in self.known.items():
                theirs = _network(known.spec)
                tier = facts[key.environment].tier if key.environment in facts else None
                if theirs and tier and (tier == "prod") != is_prod and mine.overlaps(theirs):
                    message = (
                        f"{mine} overlaps {theirs} of {key} at {_place(known)}: tier prod needs a range of its own"
                    )
                    yield Refusal(one, one.problem(("network", "cidr"), message))

    def _cycles(self, here: Sequence[Candidate]) -> Iterator[Refusal]:
        """Find manifests that close a circle with a new dependency, where another one of the circle is known."""
        by_key = {one.key: one for one in here}
        graph = {key: {Key(key.environment, name) for name in dependencies(one)} for key, one in by_key.items()}
        for path in cycles(graph):
            fresh = [not self._depended(one, other) for one, other in pairwise(path)]
            if fresh[0] and not all(fresh):
                one, names = by_key[path[0]], " → ".join(key.name for key in path)
                index = dependencies(one).index(path[1].name)
                message = f"dependency cycle in {one.key.environment}: {names}"
                yield Refusal(one, one.problem(("dependsOn", index), message))

    def _depended(self, one: Key, other: Key) -> bool:
        return one in self.known and other in self.known[one].depends_on

    def _rules(self, here: Sequence[Candidate]) -> Iterator[Refusal]:
        standing = self._standing_rules(here)
        for one in here:
            kept = self.kept_rules(one)
            rivals = [each for each in standing.get(one.key.environment, ()) if each[0] != one.key]
            for place, mine in rules_of(one.spec):
                had = kept.get(mine.rank)
                if had is not None and {*mine.paths} <= {*had.paths}:
                    continue
                found = (_competition(one, (place, mine), had, theirs, self._shown(key)) for key, theirs in rivals)
                if refusal := next(filter(None, found), None):
                    yield refusal
                    break

    def _aliases(self, here: Sequence[Candidate]) -> Iterator[Refusal]:
        now = {one.key: alias_of(one.spec) for one in here if self.is_incumbent(one)}
        had = {key: alias_of(known.spec) for key, known in self.known.items()}
        kept = {key: alias for key, alias in had.items() if alias and now.get(key, alias) == alias}
        owners = {(key.environment, alias): key for key, alias in kept.items()}
        for one in here:
            owner = owners.get((one.key.environment, alias_of(one.spec) or ""))
            if owner is not None and owner != one.key:
                message = f"alias {quote(alias_of(one.spec) or '')} is already used by {self._shown(owner)}"
                yield Refusal(one, one.problem(("connect", "alias"), f"{message}: choose another"))

    def _shown(self, key: Key) -> str:
        return f"{key} at {_place(self.known[key])}"

    def kept_rules(self, one: Candidate) -> Mapping[int, Conditions]:
        """Return the parts of an incumbent's rules that its manifest still asks for, by priority.

        A rule with other conditions keeps its priority, and no path."""
        if not self.is_incumbent(one):
            return {}
        now = {rule.rank: rule for _, rule in rules_of(one.spec)}
        kept = {}
        for _, had in rules_of(self.known[one.key].spec):
            if (rule := now.get(had.rank)) is not None:
                same = had.unlike_paths == rule.unlike_paths
                paths = tuple(path for path in had.paths if same and path in rule.paths)
                kept[had.rank] = had.model_copy(update={"paths": paths})
        return kept

    def _standing_rules(self, here: Sequence[Candidate]) -> Mapping[str, list[tuple[Key, Conditions]]]:
        """Return the rules of incumbents by environment, without what their manifests give up in this commit."""
        kept = {one.key: self.kept_rules(one).values() for one in here if self.is_incumbent(one)}
        rules: dict[str, list[tuple[Key, Conditions]]] = defaultdict(list)
        for key, known in self.known.items():
            standing = kept[key] if key in kept else [rule for _, rule in rules_of(known.spec)]
            rules[key.environment] += [(key, rule) for rule in standing]
        return rules


def _network(spec: Spec) -> IPv4Network | None:
    return IPv4Network(spec.network.cidr) if isinstance(spec, PlatformSpec) else None


def rules_of(spec: Spec) -> Iterator[tuple[Location, Conditions]]:
    """Yield the rules that a manifest asks for, with their places in the spec."""
    if isinstance(spec, ServiceSpec) and spec.routing is not None:
        yield from ((("routing", *place), rule) for place, rule in spec.routing.parts())


def alias_of(spec: Spec) -> str | None:
    """Return the alias of Service Connect that a manifest asks for."""
    return spec.connect.alias if isinstance(spec, ServiceSpec) and spec.connect else None


def _competition(
    one: Candidate, part: tuple[Location, Conditions], had: Conditions | None, theirs: Conditions, where: str
) -> Refusal | None:
    """Return the refusal of a rule that has the priority of a standing one, or makes a path of either unreachable.

    `had` is the part of the rule that stands itself."""
    place, mine = part
    if had is None and theirs.rank == mine.rank:
        message = f"priority {mine.rank} is already used by {where}: choose another"
        return Refusal(one, one.problem((*place, "priority"), message))
    first = mine.rank < theirs.rank
    if not (admits(mine, theirs) if first else admits(theirs, mine)):
        return None
    for (index, path), other in product(enumerate(mine.paths), theirs.paths):
        wide, narrow = (path, other) if first else (other, path)
        if (had is None or path not in had.paths) and covers(wide, narrow):
            own, rival = shown(mine, path), shown(theirs, other)
            message = f"{quote(own)} (priority {mine.rank}) competes with {quote(rival)}"
            lost = rival if first else own
            message = f"{message} (priority {theirs.rank}) of {where}: no request would reach {quote(lost)}"
            return Refusal(one, one.problem((*place, "paths", index), message))
    return None


def _place(known: Instance) -> str:
    return f"{known.path}:{known.line}"
