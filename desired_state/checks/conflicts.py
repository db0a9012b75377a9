"""Checks between the manifests of a commit.

Every check reads all candidates, so that all problems show at once, and a finding makes only the instances concerned
invalid. Where two compete, both are invalid: newcomers that compete with an incumbent were refused before.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import chain
from typing import Literal, TypeAlias, TypeVar

from desired_state.checks.graph import cycles
from desired_state.checks.survey import Candidate
from desired_state.instance import Key
from desired_state.kinds.platform import PlatformSpec
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.located import MOST_LISTED, Problem, listed, quote
from desired_state.reading.suggestion import Spelling

Tier: TypeAlias = Literal["develop", "test", "qa", "prod"]
G = TypeVar("G")
K = TypeVar("K", bound=Hashable)
_Range: TypeAlias = tuple[int, int]  # the length of a prefix of an address, and its bits


@dataclass(frozen=True, slots=True)
class EnvironmentFacts:
    """The part of an environment's configuration that limits its manifests.

    `allow`: the loosened defaults that its services may use; None is the default of the tier. `policies`: the names of
    the managed policies that they may have."""

    tier: Tier
    allow: frozenset[str] | None = None
    policies: frozenset[str] = frozenset()

    def allows(self, name: str) -> bool:
        """Return whether a service may loosen this default: in develop and test, where nobody depends on it, it may."""
        return self.tier in ("develop", "test") if self.allow is None else name in self.allow


@dataclass(frozen=True, slots=True)
class ManifestFinding:
    """A problem and the instance that it makes invalid."""

    key: Key
    problem: Problem


def check_names(candidates: Sequence[Candidate]) -> Iterator[ManifestFinding]:
    """Find names that two manifests of an environment share, of whatever kind."""
    for key, rivals in groups(candidates, lambda one: one.key).items():
        for one, others in each_with_others(rivals, lambda other: other.place):
            yield ManifestFinding(key, one.problem_at_name(f"{key} is declared twice: also at {others}"))


def check_platforms(candidates: Sequence[Candidate]) -> Iterator[ManifestFinding]:
    """Find environments with more than one Platform."""
    platforms = [one for one in candidates if isinstance(one.spec, PlatformSpec)]
    for environment, rivals in groups(platforms, lambda one: one.key.environment).items():
        different = list({one.key: one for one in rivals}.values())  # declared twice: `check_names` reports it
        for one, others in each_with_others(different, lambda other: other.place):
            which = "two Platforms: the other one is" if len(different) == 2 else "several Platforms: the others are"
            message = f"{environment} has {which} at {others}"
            yield ManifestFinding(one.key, one.problem_at_name(message))


def check_dependencies(
    candidates: Sequence[Candidate], excused: Callable[[str], bool], spelling: Spelling
) -> Iterator[ManifestFinding]:
    """Find dependencies that do not exist in the environment. `excused` names may be in a broken file."""
    names = {one.key.name for one in candidates}
    present = {
        environment: frozenset(one.key.name for one in group)
        for environment, group in groups(candidates, lambda one: one.key.environment).items()
    }
    for one in candidates:
        here = present[one.key.environment]
        for index, name in enumerate(dependencies(one)):
            if name in here or excused(name):
                continue
            others = (other for other in here if other != one.key.name)
            known = name in names
            reason = f"is not deployed to {one.key.environment}" if known else spelling.suggest(name, others)
            colon = " " if known else " does not exist: "
            yield ManifestFinding(
                one.key, one.problem(("dependsOn", index), f"the dependency {quote(name)}{colon}{reason}")
            )


def check_cycles(candidates: Sequence[Candidate]) -> Iterator[ManifestFinding]:
    """Find dependency cycles, one for every instance on a cycle."""
    by_key = {one.key: one for one in candidates}
    graph = {key: {Key(key.environment, name) for name in dependencies(one)} for key, one in by_key.items()}
    for cycle in cycles(graph):
        one = by_key[cycle[0]]
        index = dependencies(one).index(cycle[1].name)
        message = f"dependency cycle in {one.key.environment}: {_arrows([key.name for key in cycle])}"
        yield ManifestFinding(one.key, one.problem(("dependsOn", index), message))


def _arrows(cycle: Sequence[str]) -> str:
    """Show a cycle; of a long one, or one of which only the first step is known, its beginning and its end."""
    if len(cycle) > MOST_LISTED + 2 or cycle[-1] != cycle[0]:
        cycle = [*cycle[:MOST_LISTED], "…", cycle[0]]
    return " → ".join(cycle)


def check_sidecars(candidates: Sequence[Candidate]) -> Iterator[ManifestFinding]:
    """Find sidecars with the name of the service's own container, which is that of the service in AWS, and those that
    wait for containers that are not there."""
    for one in candidates:
        sidecars = one.spec.sidecars if isinstance(one.spec, ServiceSpec) else ()
        names = {sidecar.name for sidecar in sidecars}
        for index, sidecar in enumerate(sidecars):
            if sidecar.name == (one.former or one.key.name):
                message = f"{quote(sidecar.name)} is the name of the service's own container: choose another"
                yield ManifestFinding(one.key, one.problem(("sidecars", index, "name"), message))
            for name in sidecar.depends_on:
                if name not in names and name != one.key.name:
                    message = f"{quote(name)} is no container of the service: name a sidecar, or {quote(one.key.name)}"
                    yield ManifestFinding(one.key, one.problem(("sidecars", index, "dependsOn", name), message))


def check_networks(candidates: Sequence[Candidate], facts: Mapping[str, EnvironmentFacts]) -> Iterator[ManifestFinding]:
    """Find address ranges of tier `prod` and of another tier that overlap: a wrong route could connect the two."""
    networks = [(one, IPv4Network(one.spec.network.cidr)) for one in candidates if isinstance(one.spec, PlatformSpec)]
    known = [
        (one, network, facts[one.key.environment].tier == "prod")
        for one, network in networks
        if one.key.environment in facts
    ]
    equal: dict[tuple[_Range, bool], list[str]] = defaultdict(list)
    inside: dict[tuple[_Range, bool], list[str]] = defaultdict(list)
    for one, network, is_prod in known:
        *wider, own = _ranges_around(network)
        shown = f"{network} of {one.key} at {one.place}"
        equal[own, is_prod].append(shown)
        for each in wider:
            inside[each, is_prod].append(shown)
    for one, network, is_prod in known:
        around = list(_ranges_around(network))
        found = [inside.get((around[-1], not is_prod), []), *(equal.get((each, not is_prod), []) for each in around)]
        if total := sum(map(len, found)):
            others = listed(chain.from_iterable(found), total)
            message = f"{network} overlaps {others}: tier prod needs a range of its own"
            yield ManifestFinding(one.key, one.problem(("network", "cidr"), message))


def check_tiers(candidates: Sequence[Candidate], facts: Mapping[str, EnvironmentFacts]) -> Iterator[ManifestFinding]:
    """Find settings that the tier `prod` does not allow: single NAT gateways, Spot, fewer than two tasks, peerings.

    Peerings are allowed with `allowProdPeering`."""
    for one in candidates:
        if one.key.environment not in facts or facts[one.key.environment].tier != "prod":
            continue
        environment = one.key.environment
        if isinstance(one.spec, PlatformSpec) and one.spec.network.nat != "one_per_az":
            message = f'nat "{one.spec.network.nat}" is not allowed in {environment} (tier prod): write one_per_az'
            yield ManifestFinding(one.key, one.problem(("network", "nat"), message))
        if isinstance(one.spec, PlatformSpec) and one.spec.cluster.spot:
            message = f"spot is not allowed in {environment} (tier prod): AWS may stop Spot tasks at any time"
            yield ManifestFinding(one.key, one.problem(("cluster", "spot"), message))
        if isinstance(one.spec, PlatformSpec) and one.spec.network.peerings and not one.spec.network.allow_prod_peering:
            message = f"peerings of {environment} (tier prod) need allowProdPeering: true beside them"
            yield ManifestFinding(one.key, one.problem(("network", "peerings"), message))
        for path, fewest in one.spec.bounds_below(2) if isinstance(one.spec, ServiceSpec) else ():
            message = f"{'.'.join(map(str, path))} is {fewest}, but {environment} (tier prod) needs at least 2"
            yield ManifestFinding(one.key, one.problem(path, message))


def dependencies(candidate: Candidate) -> tuple[str, ...]:
    """Return the names in `dependsOn`; a Platform has none."""
    return () if isinstance(candidate.spec, PlatformSpec) else candidate.spec.depends_on


def groups(items: Iterable[G], key: Callable[[G], K]) -> dict[K, list[G]]:
    """Return the items by a property of theirs."""
    found: dict[K, list[G]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return found


def each_with_others(rivals: Sequence[Candidate], shown: Callable[[Candidate], str]) -> Iterator[tuple[Candidate, str]]:
    """Yield each of several rivals with the list of the others, of which a few are named.

    So a group of any size has one finding per rival, each of a bounded length."""
    named = rivals[: MOST_LISTED + 1]
    for one in rivals if len(rivals) > 1 else ():
        yield one, listed((shown(other) for other in named if other is not one), len(rivals) - 1)


def _ranges_around(network: IPv4Network) -> Iterator[_Range]:
    """Yield the network and all that contain it: of two that overlap, one contains the other."""
    for length in range(network.prefixlen + 1):
        yield length, int(network.network_address) >> network.max_prefixlen - length
