"""Checks between the manifests of a commit.

Every check reads all candidates, so that all problems show at once, and a finding makes only the instances concerned
invalid. Where two compete, both are invalid: newcomers that compete with an incumbent were refused before.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import combinations
from typing import Literal, TypeAlias, TypeVar

from desired_state.graph import cycles
from desired_state.instance import Key
from desired_state.located import Problem, quote
from desired_state.platform import PlatformSpec
from desired_state.routes import covers
from desired_state.service import Routing, ServiceSpec
from desired_state.suggestion import suggest
from desired_state.survey import Candidate

Tier: TypeAlias = Literal["develop", "test", "qa", "prod"]
G = TypeVar("G")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class EnvironmentFacts:
    """The part of an environment's configuration that limits its manifests."""

    tier: Tier


@dataclass(frozen=True, slots=True)
class ManifestFinding:
    """A problem and the instance that it makes invalid."""

    key: Key
    problem: Problem


def check_names(candidates: Sequence[Candidate]) -> Iterator[ManifestFinding]:
    """Find names that two manifests of an environment share, of whatever kind."""
    for key, rivals in _groups(candidates, lambda one: one.key).items():
        for one, others in _each_with_others(rivals):
            yield ManifestFinding(key, one.problem_at_name(f"{key} is declared twice: also at {_places(others)}"))


def check_platforms(candidates: Sequence[Candidate]) -> Iterator[ManifestFinding]:
    """Find environments with more than one Platform."""
    platforms = [one for one in candidates if isinstance(one.spec, PlatformSpec)]
    for environment, rivals in _groups(platforms, lambda one: one.key.environment).items():
        for one, others in _each_with_others(rivals):
            if different := [other for other in others if other.key != one.key]:
                message = f"{environment} has two Platforms: the other one is at {_places(different)}"
                yield ManifestFinding(one.key, one.problem_at_name(message))


def check_dependencies(candidates: Sequence[Candidate], excused: Callable[[str], bool]) -> Iterator[ManifestFinding]:
    """Find dependencies that do not exist in the environment. `excused` names may be in a broken file."""
    present = {one.key for one in candidates}
    names = {one.key.name for one in candidates}
    for one in candidates:
        for index, name in enumerate(dependencies(one)):
            if Key(one.key.environment, name) in present or excused(name):
                continue
            here = {key.name for key in present if key.environment == one.key.environment and key != one.key}
            reason = f"is not deployed to {one.key.environment}" if name in names else suggest(name, here)
            colon = " " if name in names else " does not exist: "
            yield ManifestFinding(
                one.key, one.problem(("dependsOn", index), f"the dependency {quote(name)}{colon}{reason}")
            )


def check_cycles(candidates: Sequence[Candidate]) -> Iterator[ManifestFinding]:
    """Find dependency cycles, one for every instance on a cycle."""
    by_key = {one.key: one for one in candidates}
    graph = {key: {Key(key.environment, name) for name in dependencies(one)} for key, one in by_key.items()}
    for path in cycles(graph):
        one = by_key[path[0]]
        index = dependencies(one).index(path[1].name)
        names = " → ".join(key.name for key in path)
        message = f"dependency cycle in {one.key.environment}: {names}"
        yield ManifestFinding(one.key, one.problem(("dependsOn", index), message))


def check_routes(candidates: Sequence[Candidate]) -> Iterator[ManifestFinding]:
    """Find public services that share a priority, or a path that another service's pattern covers completely.

    All public services of an environment are rules of one listener."""
    public = [(one, one.spec.routing) for one in candidates if isinstance(one.spec, ServiceSpec) and one.spec.routing]
    for group in _groups(public, lambda pair: pair[0].key.environment).values():
        for (one, mine), (other, theirs) in combinations(group, 2):
            if one.key == other.key:  # declared twice: `check_names` reports it
                continue
            if mine.priority == theirs.priority:
                yield _same_priority(one, other, mine.priority)
                yield _same_priority(other, one, mine.priority)
            elif mine.priority < theirs.priority:
                yield from _shadowed(one, mine, other, theirs)
            else:
                yield from _shadowed(other, theirs, one, mine)


def check_sidecars(candidates: Sequence[Candidate]) -> Iterator[ManifestFinding]:
    """Find sidecars with the name of the service's own container, which is that of the service in AWS."""
    for one in candidates:
        for index, sidecar in enumerate(one.spec.sidecars if isinstance(one.spec, ServiceSpec) else ()):
            if sidecar.name == (one.former or one.key.name):
                message = f"{quote(sidecar.name)} is the name of the service's own container: choose another"
                yield ManifestFinding(one.key, one.problem(("sidecars", index, "name"), message))


def check_networks(candidates: Sequence[Candidate], facts: Mapping[str, EnvironmentFacts]) -> Iterator[ManifestFinding]:
    """Find address ranges of tier `prod` and of another tier that overlap: a wrong route could connect the two."""
    networks = [(one, IPv4Network(one.spec.network.cidr)) for one in candidates if isinstance(one.spec, PlatformSpec)]
    known = [
        (one, network, facts[one.key.environment].tier) for one, network in networks if one.key.environment in facts
    ]
    for (one, mine, tier), (other, theirs, another) in combinations(known, 2):
        if (tier == "prod") != (another == "prod") and mine.overlaps(theirs):
            yield _same_addresses(one, mine, other, theirs)
            yield _same_addresses(other, theirs, one, mine)


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
        if isinstance(one.spec, ServiceSpec) and one.spec.scaling.min < 2:
            message = f"scaling.min is {one.spec.scaling.min}, but {environment} (tier prod) needs at least 2"
            yield ManifestFinding(one.key, one.problem(("scaling", "min"), message))


def dependencies(candidate: Candidate) -> tuple[str, ...]:
    """Return the names in `dependsOn`; a Platform has none."""
    return () if isinstance(candidate.spec, PlatformSpec) else candidate.spec.depends_on


def _same_addresses(one: Candidate, mine: IPv4Network, other: Candidate, theirs: IPv4Network) -> ManifestFinding:
    message = f"{mine} overlaps {theirs} of {other.key} at {other.place}: tier prod needs a range of its own"
    return ManifestFinding(one.key, one.problem(("network", "cidr"), message))


def _same_priority(one: Candidate, other: Candidate, priority: int) -> ManifestFinding:
    message = f"priority {priority} is already used by {other.key} at {other.place}: choose another"
    return ManifestFinding(one.key, one.problem(("routing", "priority"), message))


def _shadowed(first: Candidate, wide: Routing, second: Candidate, narrow: Routing) -> Iterator[ManifestFinding]:
    for index, path in enumerate(narrow.paths):
        covering = next((number for number, pattern in enumerate(wide.paths) if covers(pattern, path)), None)
        if covering is None:
            continue
        pattern = f"{quote(wide.paths[covering])} (priority {wide.priority})"
        message = f"no request reaches {quote(path)}: {pattern} of {first.key} at {first.place} matches them all first"
        yield ManifestFinding(second.key, second.problem(("routing", "paths", index), message))
        message = f"{pattern} matches all requests to {quote(path)} of {second.key} at {second.place} first"
        yield ManifestFinding(first.key, first.problem(("routing", "paths", covering), message))


def _groups(items: Iterable[G], key: Callable[[G], K]) -> dict[K, list[G]]:
    groups: dict[K, list[G]] = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups


def _each_with_others(rivals: list[Candidate]) -> Iterator[tuple[Candidate, list[Candidate]]]:
    for index, one in enumerate(rivals):
        if others := rivals[:index] + rivals[index + 1 :]:
            yield one, others


def _places(candidates: Iterable[Candidate]) -> str:
    return ", ".join(candidate.place for candidate in candidates)
