"""The rule that the next apply of a public service makes: the one of its manifest, or a step on the way there.

Services are applied one by one, and at every moment a priority exists once and a request reaches the service that had
its path or the one that gets it. So a priority is taken when it is free, in an order that no overlapping rule makes
wrong; one service of a circle of priorities takes a free one in between; and a path is given up when the service that
takes it over serves it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from desired_state.instance import Key
from desired_state.kinds.service.rules import MOST_VALUES
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.decide.paths import fits, overlap
from reconciler.core.decide.renames import claims
from reconciler.core.record.model import Record
from reconciler.core.record.routes import Routes, Rule, split_hosts
from reconciler.core.record.routing import OWN_RULE, all_routes, wanted_rules

# Elastic Load Balancing: priorities from 1 to 50000 (CreateRule).
_LAST_PRIORITY = 50_000


@dataclass(frozen=True, slots=True)
class Step:
    """The rule to make next, and why it is not yet the one of the manifest."""

    rule: Rule
    why: str | None = None


@dataclass(frozen=True, slots=True)
class _Service:
    """A rule of a service of the environment: the one that it wants, and those that it may have.

    `room`: the number of paths and hosts that it may have."""

    key: Key
    wants: Rule | None
    routes: Routes
    slot: str = OWN_RULE
    room: int = MOST_VALUES

    @property
    def id(self) -> tuple[Key, str]:
        """Return the identity of the rule: a service may have several."""
        return self.key, self.slot

    @property
    def reserved(self) -> frozenset[int]:
        """Return the priorities that no other service may take."""
        chosen = (self.routes.chosen,) if self.routes.chosen else ()
        return frozenset(rule.priority for rule in (*self.routes.possible, *chosen))

    @property
    def certain(self) -> frozenset[str]:
        """Return the paths that it has in any case."""
        return frozenset.intersection(*(frozenset(rule.paths) for rule in self.routes.possible or (Rule(0, ()),)))

    @property
    def given_up(self) -> frozenset[str]:
        """Return the paths that it may have and does not want."""
        kept = self.wants.paths if self.wants else ()
        return frozenset(path for rule in self.routes.possible for path in rule.paths if path not in kept)

    def has_left(self, priority: int) -> bool:
        """Return whether its next apply leaves the priority: then nothing else has to be done for that."""
        return self.routes.chosen is not None and self.routes.chosen.priority != priority


def next_rule(record: Record, records: Mapping[Key, Record], slot: str = OWN_RULE) -> Step | None:
    """Return the step of a rule of an instance; None when its manifest asks for no such rule."""
    wants = wanted_rules(record).get(slot)
    if wants is None:
        return None
    mine, others = _services(record, slot, records)
    priority, blocked = _priority(mine, Rule(wants.priority, (*wants.paths, *mine.given_up)), others)
    paths, kept = _paths(mine, wants, priority, others)
    return Step(Rule(priority, paths), "; ".join(filter(None, (blocked, kept))) or None)


def taken_over(record: Record, records: Mapping[Key, Record]) -> str | None:
    """Return which services have yet to take over paths of an instance that is to be removed; None when none has."""
    takers: dict[str, str] = {}
    for slot in all_routes(record):
        mine, others = _services(record, slot, records)
        others = [other for other in others if other.key != record.key]
        takers |= {str(taker.key): path for path in sorted(mine.given_up) for taker in _takers(path, mine, others)}
    return f"{', '.join(sorted(takers))} takes over {next(iter(takers.values()))} first" if takers else None


def _services(record: Record, slot: str, records: Mapping[Key, Record]) -> tuple[_Service, list[_Service]]:
    """Return the rule, with what it brings from the instance's former name, and the other ones of its environment."""
    own = {one.slot: one for one in _rules(record)}
    others = []
    for key, other in sorted(records.items()):
        if key.environment != record.key.environment or key == record.key:
            continue
        if claims(record, key):
            for one in _rules(other):
                mine = own.get(one.slot, replace(one, key=record.key, wants=None))
                own[one.slot] = mine if mine.routes.possible else replace(mine, routes=one.routes)
        else:
            others += _rules(other)
    mine = own.pop(slot, _Service(record.key, None, Routes(), slot))
    return mine, [one for one in (*own.values(), *others) if one.wants or one.routes.possible]


def _rules(record: Record) -> list[_Service]:
    """Return the rules of an instance, wanted or possible."""
    wanted, present, spec = wanted_rules(record), all_routes(record), record.instance.spec
    parts = spec.routing.parts() if isinstance(spec, ServiceSpec) and spec.routing else ()
    rooms = {".".join(map(str, place)): MOST_VALUES - rule.other_values + len(rule.hosts) for place, rule in parts}
    return [
        _Service(record.key, wanted.get(slot), present.get(slot, Routes()), slot, rooms.get(slot, MOST_VALUES))
        for slot in dict.fromkeys([*present, *wanted])
    ]


def _priority(mine: _Service, wants: Rule, others: list[_Service]) -> tuple[int, str | None]:
    """Return the priority to have next, and what it waits for."""
    if (blocker := _blocker(mine, wants, wants.priority, others)) is None:
        return wants.priority, None
    present = mine.routes.possible[-1].priority if mine.routes.possible else None
    if present is None or _is_circle(mine, blocker, others):
        free = (p for p in _nearest(wants.priority, others) if not _blocker(mine, wants, p, others))
        between = next((p for p in free if not mine.routes.serves or _leads(wants, p, others)), None)
        if between is not None:
            return between, f"its rule has priority {between} until {blocker.key} makes way for {wants.priority}"
    if present is None:
        return wants.priority, None
    return present, f"its rule stays at priority {present} until {blocker.key} makes way for {wants.priority}"


def _leads(wants: Rule, priority: int, others: list[_Service]) -> bool:
    """Return whether the rule would come before every overlapping one of a removed service, so that that one can go."""
    rules = (rule for other in others if other.wants is None for rule in other.routes.possible)
    return all(priority < rule.priority for rule in rules if overlap(wants.paths, rule.paths))


def _blocker(mine: _Service, wants: Rule, priority: int, others: list[_Service]) -> _Service | None:
    """Return a service that occupies the priority, or with which the rule would compete at that priority."""
    occupants = [other for other in others if priority in other.reserved]
    return next(iter([*occupants, *_rivals(mine, wants, priority, others)]), None)


def _rivals(mine: _Service, wants: Rule, priority: int, others: list[_Service]) -> list[_Service]:
    return [
        other
        for other in others
        if any(_competes(mine, wants, priority, rule, other, others) for rule in other.routes.possible)
    ]


def _competes(mine: _Service, wants: Rule, priority: int, rule: Rule, other: _Service, others: list[_Service]) -> bool:
    """Return whether requests would reach the wrong one of two overlapping rules, if mine had this priority.

    Right is the order that they have now, or the one that both manifests want. Where the other gives a path up, mine
    may come first when its own tasks answer, and no service is to get the path before it.
    """
    is_first = priority < rule.priority
    stays = [path for path in rule.paths if path in _wanted(other) and overlap(wants.paths, (path,))]
    goes = [path for path in rule.paths if path not in _wanted(other) and overlap(wants.paths, (path,))]
    was_first = {
        present.priority < rule.priority for present in mine.routes.possible if overlap(present.paths, rule.paths)
    }
    is_first_at_last = other.wants is not None and wants.priority < other.wants.priority
    if not mine.routes.serves:
        return is_first and (bool(goes) or (bool(stays) and not is_first_at_last))
    if is_first and any(_is_later(mine, priority, other, path, others) for path in goes):
        return True
    if not is_first and True in was_first and not other.routes.serves:
        return True
    if goes and not is_first and was_first == {True}:
        return True
    if overlap([path for path in wants.paths if path not in _wanted(mine)], stays) and is_first not in {
        *was_first,
        False,
    }:
        return True
    stays = [path for path in stays if overlap([own for own in wants.paths if own in _wanted(mine)], (path,))]
    return bool(stays) and is_first not in {*was_first, is_first_at_last}


def _is_later(mine: _Service, priority: int, giver: _Service, path: str, others: list[_Service]) -> bool:
    """Return whether another service is to get the path before mine, and is not reached by it yet."""
    late = {taker.id for taker in _takers(path, giver, others)}
    return any(
        one.id in late or any(priority < rule.priority for rule in one.routes.possible)
        for one in others
        if one.wants and overlap(one.wants.paths, (path,))
        if mine.wants is None or not _goes_first(mine.wants, one.wants, path)
    )


def _is_circle(mine: _Service, blocker: _Service, others: list[_Service]) -> bool:
    """Return whether the blocker waits, over any number of services, for this one."""
    seen: set[tuple[Key, str]] = set()
    while blocker.id not in seen:
        if blocker.wants is None:  # removed after its paths are taken over
            return overlap(mine.wants.paths if mine.wants else (), blocker.given_up)
        seen.add(blocker.id)
        if any(blocker.has_left(rule.priority) for rule in blocker.routes.possible):
            return False
        rest = [mine, *(other for other in others if other.id != blocker.id)]
        following = _blocker(blocker, blocker.wants, blocker.wants.priority, rest)
        if following is None:
            return False
        if following.id == mine.id:
            return True
        blocker = following
    return False


def _nearest(priority: int, others: list[_Service]) -> list[int]:
    """Return priorities that no service has or wants, the nearest first, one on each side of each taken one."""
    taken = {priority, *(other.wants.priority for other in others if other.wants)}.union(*(o.reserved for o in others))
    found = {one + step for one in taken for step in (1, -1)} - taken
    return sorted((p for p in found if 1 <= p <= _LAST_PRIORITY), key=lambda p: (abs(p - priority), p))


def _paths(mine: _Service, wants: Rule, priority: int, others: list[_Service]) -> tuple[tuple[str, ...], str | None]:
    """Return the paths to have next at that priority, which are kept for whom, and which come later."""
    takers = {path: _takers(path, mine, others) for path in sorted(mine.given_up)}
    ready = [path for path in wants.paths if path not in mine.certain]
    ready = [path for path in ready if not _rivals(mine, Rule(wants.priority, (path,)), priority, others)]
    while True:
        late = [path for path in wants.paths if path not in {*ready, *mine.certain}]
        kept = [path for path, found in takers.items() if found or overlap((path,), late)]
        paths = tuple([path for path in wants.paths if path not in late] + kept)
        if fits(paths, mine.room) or not ready:
            break
        ready.pop()
    if not fits(paths, mine.room) and split_hosts((*paths, *wants.paths))[0]:
        return wants.paths, None  # no one rule admits these paths at these hosts only
    named = [f"{path} until {found[0].key} serves it" for path, found in takers.items() if found]
    said = [f"its rule keeps {', '.join(named)}"] if named else []
    said += [f"its rule has {', '.join(late)} later, when no other service loses requests by it"] if late else []
    return paths[: mine.room] or mine.routes.possible[-1].paths, "; ".join(said) or None


def _takers(path: str, giver: _Service, others: list[_Service]) -> list[_Service]:
    """Return the services that want the path and are not reached by its requests, even without its present owner."""
    between = [other for other in others if other.id != giver.id]
    return [
        other
        for other in between
        if not all(_is_reached(other, pattern, path, giver, between) for pattern in _wanted(other))
    ]


def _wanted(service: _Service) -> tuple[str, ...]:
    return service.wants.paths if service.wants else ()


def _is_reached(taker: _Service, pattern: str, path: str, giver: _Service, others: list[_Service]) -> bool:
    if taker.wants is None or not overlap((pattern,), (path,)):
        return True
    if not taker.routes.serves or pattern not in taker.certain:
        return False
    last = max(rule.priority for rule in taker.routes.possible)
    first = min((rule.priority for rule in giver.routes.possible), default=0)
    return not any(
        rule.priority < last and overlap((path,), rule.paths)
        for other in others
        for rule in other.routes.possible
        if (not _goes_first(other.wants, taker.wants, path) if other.wants else first < rule.priority)
    )


def _goes_first(one: Rule, other: Rule, path: str) -> bool:
    """Return whether requests of the path reach the one rule before the other, as both manifests want it."""
    return one.priority < other.priority and overlap(one.paths, (path,))
