"""The rules that the public services of an environment make at its one listener: those that compete.

The paths that one commit asks for are untrusted and may be thousands, so no two services are compared as a pair.
Priorities are grouped. A path is compared with the patterns that begin as it does, and with the first ones of those
only: a load balancer has room for a hundred rules (Elastic Load Balancing, quotas, "Rules per Application Load
Balancer").
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice, takewhile
from operator import attrgetter
from typing import Final

from desired_state.checks.conflicts import ManifestFinding, each_with_others, groups
from desired_state.checks.incumbents import alias_of
from desired_state.checks.requests import admits, shown
from desired_state.checks.routes import covers, start_of
from desired_state.checks.survey import Candidate
from desired_state.kinds.service.rules import Conditions
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.kinds.service.traffic import Routing
from desired_state.located import Location, Problem, listed, quote

MOST_COMPARED: Final = 50


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One path of a rule of a public service."""

    service: Candidate
    rule: Conditions
    place: Location
    index: int
    text: str

    @property
    def priority(self) -> int:
        """Return the priority of its rule."""
        return self.rule.rank

    @property
    def order(self) -> tuple[int, str, int]:
        """Return the order in which the listener tries the patterns."""
        return self.priority, self.service.key.name, self.index

    @property
    def shown(self) -> str:
        """Return the pattern as messages name it."""
        return f"{self.name} (priority {self.priority})"

    @property
    def name(self) -> str:
        """Return the pattern with the hosts of its rule."""
        return quote(shown(self.rule, self.text))

    @property
    def owner(self) -> str:
        """Return the service and its place."""
        return f"{self.service.key} at {self.service.place}"

    def finding(self, message: str) -> ManifestFinding:
        """Return a finding at this path."""
        return ManifestFinding(
            self.service.key, self.service.problem(("routing", *self.place, "paths", self.index), message)
        )


def check_routes(candidates: Sequence[Candidate]) -> Iterator[ManifestFinding]:
    """Find public services that share a priority, or a path that another service's pattern covers completely."""
    for services in _listeners(candidates):
        rules = [(one, place, rule) for one in services for place, rule in _routing(one).parts()]
        for priority, sharing in groups(rules, lambda each: each[2].rank).items():
            places = {one.key: place for one, place, _ in sharing}
            rivals = list({one.key: one for one, *_ in sharing}.values())  # declared twice: `check_names` reports it
            for one, others in each_with_others(rivals, lambda other: f"{other.key} at {other.place}"):
                message = f"priority {priority} is already used by {others}: choose another"
                yield ManifestFinding(one.key, one.problem(("routing", *places[one.key], "priority"), message))
        yield from _shadows(_patterns(services))


def check_aliases(candidates: Sequence[Candidate]) -> Iterator[ManifestFinding]:
    """Find services of an environment that share an alias of Service Connect, which is a name of its namespace."""
    named = [one for one in candidates if alias_of(one.spec)]
    for (_, alias), sharing in groups(named, lambda one: (one.key.environment, alias_of(one.spec))).items():
        rivals = list({one.key: one for one in sharing}.values())
        for one, others in each_with_others(rivals, lambda other: f"{other.key} at {other.place}"):
            message = f"alias {quote(alias or '')} is already used by {others}: choose another"
            yield ManifestFinding(one.key, one.problem(("connect", "alias"), message))


def uncompared(candidates: Sequence[Candidate]) -> Iterator[Problem]:
    """Find paths that are compared with a part of the other services' patterns only."""
    for services in _listeners(candidates):
        patterns = _patterns(services)
        starts = _by_start(patterns)
        for one in patterns:
            if len(list(islice(_tried_before(one, starts), MOST_COMPARED + 1))) > MOST_COMPARED:
                message = f"more than {MOST_COMPARED} patterns begin as {quote(one.text)} does: not all were compared"
                yield one.finding(message).problem


def _listeners(candidates: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    public = [one for one in candidates if isinstance(one.spec, ServiceSpec) and one.spec.routing]
    yield from groups(public, lambda one: one.key.environment).values()


def _routing(one: Candidate) -> Routing:
    if not isinstance(one.spec, ServiceSpec) or one.spec.routing is None:
        raise ValueError(f"{one.key} is not a public service")
    return one.spec.routing


def _patterns(services: Sequence[Candidate]) -> list[_Pattern]:
    return sorted(
        (
            _Pattern(one, rule, place, index, text)
            for one in services
            for place, rule in _routing(one).parts()
            for index, text in enumerate(rule.paths)
        ),
        key=attrgetter("order"),
    )


def _shadows(patterns: Sequence[_Pattern]) -> Iterator[ManifestFinding]:
    starts = _by_start(patterns)
    covered: dict[_Place, list[_Pattern]] = defaultdict(list)
    wide: dict[_Place, _Pattern] = {}
    for narrow in patterns:
        covering: dict[str, _Pattern] = {}  # the first pattern of each service
        for other in islice(_tried_before(narrow, starts), MOST_COMPARED):
            if other.service.key.name in covering or not covers(other.text, narrow.text):
                continue
            if admits(other.rule, narrow.rule):
                covering[other.service.key.name] = other
        for other in covering.values():
            wide[_place(other)] = other
            covered[_place(other)].append(narrow)
        if covering:
            first = listed((f"{other.shown} of {other.owner}" for other in covering.values()), len(covering))
            verb = "matches" if len(covering) == 1 else "match"
            yield narrow.finding(f"no request reaches {narrow.name}: {first} {verb} them all first")
    for place, narrows in covered.items():
        paths = listed((f"{narrow.name} of {narrow.owner}" for narrow in narrows), len(narrows))
        yield wide[place].finding(f"{wide[place].shown} matches all requests to {paths} first")


_Place = tuple[int, Location, int]


def _place(pattern: _Pattern) -> _Place:
    return id(pattern.service), pattern.place, pattern.index


def _by_start(patterns: Sequence[_Pattern]) -> Mapping[tuple[str, bool], list[_Pattern]]:
    """Return the patterns by the text that they begin with, and whether that is all of them, in their order."""
    starts: dict[tuple[str, bool], list[_Pattern]] = defaultdict(list)
    for one in patterns:
        start = start_of(one.text)
        starts[start, start == one.text].append(one)
    return starts


def _tried_before(narrow: _Pattern, starts: Mapping[tuple[str, bool], list[_Pattern]]) -> Iterator[_Pattern]:
    """Yield the patterns of other services that the listener tries before and that may cover this one, in order."""
    ends = range(len(narrow.text) + 1)
    found = [starts.get((narrow.text[:end], False), []) for end in ends] + [starts.get((narrow.text, True), [])]
    earlier = (takewhile(lambda one: one.priority < narrow.priority, each) for each in found if each)
    yield from (one for one in merge(*earlier, key=attrgetter("order")) if one.service.key != narrow.service.key)
