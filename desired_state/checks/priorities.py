"""Automatic priorities: those of rules whose manifest gives none.

A rule keeps the priority that its instance has, as long as it is as specific as it was. A new one gets a number that is
made from its key, so that the number depends on no other rule unless that one has it already; more specific rules come
first. See ADR 0037.
"""

import dataclasses
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from desired_state.checks.incumbents import Incumbent, rules_of
from desired_state.checks.routes import start_of
from desired_state.checks.survey import Candidate
from desired_state.instance import Key
from desired_state.kinds.service.rules import Conditions
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.located import Location

FIRST: Final = 10_000  # below are only priorities that a manifest says
_LONGEST, _MOST_CONDITIONS, _WIDTH = 40, 2, 54
_BANDS: Final = 3 * 2 * (_LONGEST + 1) * (_MOST_CONDITIONS + 1)
LAST: Final = FIRST + _BANDS * _WIDTH - 1


def specificity(rule: Conditions) -> int:
    """Return how specific a rule is: by its hosts, then by the text that its paths begin with, then by its conditions.

    A rule that takes every request of another one is at most as specific."""
    hosts = 2 if rule.hosts and not any(_has_wildcard(host) for host in rule.hosts) else int(bool(rule.hosts))
    lengths = (2 * min(len(start_of(path)), _LONGEST) + (not _has_wildcard(path)) for path in rule.paths)
    others = sum(map(bool, (rule.headers, rule.methods, rule.query, rule.sources)))
    by_path = hosts * 2 * (_LONGEST + 1) + min(lengths)
    return by_path * (_MOST_CONDITIONS + 1) + min(others, _MOST_CONDITIONS)


def preferred(name: str, rule: Conditions) -> Iterator[int]:
    """Yield the priorities for rules as specific as this one, in the order in which one of this name tries them."""
    band = _band(rule)
    start = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % _WIDTH
    yield from (band + (start + step) % _WIDTH for step in range(_WIDTH))


def beyond(rule: Conditions) -> Iterator[int]:
    """Yield all other automatic priorities, for a rule that finds all of the preferred ones taken."""
    band = _band(rule)
    yield from chain(range(band + _WIDTH, LAST + 1), range(band - 1, FIRST - 1, -1))


def _band(rule: Conditions) -> int:
    return FIRST + (_BANDS - 1 - specificity(rule)) * _WIDTH


def assign(
    rules: Mapping[tuple[Key, Location], Conditions], had: Mapping[tuple[Key, Location], Conditions]
) -> Mapping[tuple[Key, Location], int]:
    """Return the priority of each rule of one environment that gives none.

    `had` are the rules that the known instances have: no new rule gets one of their priorities, and none of them moves
    because another manifest writes its priority."""
    given = {rule.priority for rule in rules.values() if rule.priority is not None}
    kept = _kept(rules, had)
    taken = given | {rule.rank for rule in had.values()}
    found = dict(kept)
    further: dict[int, Iterator[int]] = {}  # by band: what was taken once is not tried again, or the work is a square
    for (key, place), rule in sorted(rules.items(), key=lambda item: (item[0][0], *map(str, item[0][1]))):
        if rule.priority is None and (key, place) not in found:
            name = "/".join((str(key), *map(str, place)))
            tried = chain(preferred(name, rule), further.setdefault(_band(rule), beyond(rule)))
            found[key, place] = next((one for one in tried if one not in taken), LAST)
            taken.add(found[key, place])
    return found


def _kept(
    rules: Mapping[tuple[Key, Location], Conditions], had: Mapping[tuple[Key, Location], Conditions]
) -> dict[tuple[Key, Location], int]:
    """Return the priorities that stay: that of the same rule of the service, else of the one at the same place."""
    used = {(key, rule.priority) for (key, _), rule in rules.items()}
    kept: dict[tuple[Key, Location], int] = {}
    of_key: dict[Key, list[tuple[Location, Conditions]]] = defaultdict(list)
    for (key, place), rule in had.items():
        of_key[key].append((place, rule))
    wanting = sorted((one for one, rule in rules.items() if rule.priority is None), key=str)
    for fits in (_is_unmoved, _is_same, _is_alike):
        for key, place in wanting:
            for there, before in of_key.get(key, ()):
                is_free = (key, place) not in kept and (key, before.rank) not in used
                if is_free and fits((place, rules[key, place]), (there, before)):
                    kept[key, place] = before.rank
                    used.add((key, before.rank))
    return kept


def _is_unmoved(one: tuple[Location, Conditions], other: tuple[Location, Conditions]) -> bool:
    return one[0] == other[0] and _is_same(one, other)


def _is_same(one: tuple[Location, Conditions], other: tuple[Location, Conditions]) -> bool:
    return {*one[1].paths} == {*other[1].paths} and one[1].unlike_paths == other[1].unlike_paths


def _is_alike(one: tuple[Location, Conditions], other: tuple[Location, Conditions]) -> bool:
    return one[0] == other[0] and specificity(one[1]) == specificity(other[1])


def _has_wildcard(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def with_priorities(candidates: Sequence[Candidate], known: Mapping[Key, Incumbent]) -> list[Candidate]:
    """Return the manifests, with a priority for each rule that gives none."""
    rules: dict[str, dict[tuple[Key, Location], Conditions]] = {}
    had: dict[str, dict[tuple[Key, Location], Conditions]] = {}
    for one in candidates:
        for place, rule in rules_of(one.spec):
            rules.setdefault(one.key.environment, {})[one.key, place] = rule
    heirs = {Key(one.key.environment, one.former): one.key for one in candidates if one.former}
    for key, each in known.items():
        for place, rule in rules_of(each.instance.spec):
            had.setdefault(key.environment, {})[heirs.get(key, key), place] = rule
    found = {
        mark: priority
        for environment, here in rules.items()
        if any(rule.priority is None for rule in here.values())
        for mark, priority in assign(here, had.get(environment, {})).items()
    }
    return [_with(one, found) for one in candidates] if found else list(candidates)


def _with(one: Candidate, priorities: Mapping[tuple[Key, Location], int]) -> Candidate:
    if not isinstance(one.spec, ServiceSpec) or one.spec.routing is None:
        return one
    routing = one.spec.routing
    for place, rule in rules_of(one.spec):
        if rule.priority is None:
            assigned = rule.model_copy(update={"priority": priorities[one.key, place]})
            routing = routing.with_part(place[1:], assigned)
    return dataclasses.replace(one, spec=one.spec.model_copy(update={"routing": routing}))
