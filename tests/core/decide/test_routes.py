"""Rules of one load balancer on their way to other priorities and paths, service by service, against a model of AWS."""

import dataclasses
import random
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desired_state.checks.routes import covers
from desired_state.instance import Instance, Key
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.kinds.service.traffic import Routing
from reconciler.core.decide.gate import Proceed, gate
from reconciler.core.decide.routes import next_rule
from reconciler.core.live import LiveService, RolloutState
from reconciler.core.record.model import Base, Record
from reconciler.core.record.routes import Routes, Rule, split_host, split_hosts
from reconciler.core.record.runs import Intent
from reconciler.core.status.advance import first
from reconciler.core.status.events import (
    Accepted,
    Applied,
    Applying,
    Failed,
    Removed,
    RolloutObserved,
    RuleChosen,
)
from reconciler.core.vocabulary import Reason
from tests.core.instances import DEVELOP, IMAGE, NOW, fold, instance

Rules = Mapping[str, Rule]
HEALTHY = RolloutObserved(
    LiveService(IMAGE, IMAGE, RolloutState.COMPLETED, "td:1", running=2, desired=2), timedelta(minutes=15)
)
APPLYING = Applying(Intent("pass", "d1", "p1", False, NOW), Base("service", "sha256:1", {}))
AT_HOSTS = tuple(f"{host}.example{path}" for host in "mn" for path in ("/a", "/b"))
REQUESTS = (*AT_HOSTS, "/a", "/a/x", "/a/b", "/a/b/x", "/b", "/c", "/c/x", "/d")
PATTERNS = ("/a", "/a/*", "/a/b", "/a/b/*", "/b", "/c", "/c*", "/d", "/*")


def declared(name: str, rule: Rule) -> Instance:
    """Return the instance of a public service with this rule."""
    found = instance()
    assert isinstance(found.spec, ServiceSpec)
    hosts, paths = split_hosts(rule.paths)
    spec = found.spec.model_copy(update={"routing": Routing(paths=paths, hosts=hosts, priority=rule.priority)})
    return dataclasses.replace(found, key=Key("develop", name), spec=spec)


class Balancer:
    """Services of one environment, visited in any order, and the rules that AWS has after each apply."""

    def __init__(self, before: Rules, after: Rules) -> None:
        self.before, self.after, self.rules = before, after, dict(before)
        self.records: dict[Key, Record] = {}
        for name in sorted({*before, *after}):
            record = first(declared(name, before.get(name) or after[name]), "c1")
            if name in before:
                record = record.replace(routes=Routes((before[name],), before[name], serves=True))
            change = Accepted(declared(name, after[name]), "c2") if name in after else Removed(None)
            self.records[record.key] = fold(record, change)

    def visit(self, name: str, *, fails: str = "") -> None:
        """Run a pass of one service. An apply that fails may have changed the rule before (`late`) or not (`early`)."""
        key = Key("develop", name)
        record = self.records.get(key)
        if record is None:
            return
        if record.removed:
            if gate(record, self.records, DEVELOP) == Proceed():
                del self.records[key], self.rules[name]
                self.check()
            return
        if (step := next_rule(record, self.records)) is None:
            return
        record = fold(record, RuleChosen(step.rule, step.why))
        if self.rules.get(name) != step.rule or len(record.routes.possible if record.routes else ()) != 1:
            record = fold(record, APPLYING)
            if fails != "early":
                holders = [other for other, rule in self.rules.items() if rule.priority == step.rule.priority]
                assert holders in ([], [name]), f"PriorityInUse: {name} → {step.rule}, but {self.rules}"
                self.rules[name] = step.rule
            record = fold(record, Failed(Reason.APPLY_FAILED, "x", of_apply=True) if fails else Applied({}, IMAGE))
        self.records[key] = record
        self.check()
        if not fails:
            self.records[key] = fold(record, HEALTHY)

    def check(self) -> None:
        """Check that every request reaches the service that had it or that gets it, and one that answers."""
        for request in REQUESTS:
            had, gets, has = (owner(rules, request) for rules in (self.before, self.after, self.rules))
            late = (
                gets not in self.rules and has is not None and has in self.after and matches(self.after[has], request)
            )
            assert None in {had, gets} or late or has in {had, gets}, (
                f"{request} reaches {has}, not {had} or {gets}: {self.rules}"
            )
            routes = self.records[Key("develop", has)].routes if has else None
            gave_up = had and not (had in self.after and matches(self.after[had], request))
            assert not has or not gave_up or (routes and routes.serves), (
                f"{request} reaches {has} before a task answers"
            )

    @property
    def is_done(self) -> bool:
        return self.rules == self.after and all(
            record.routes and record.routes.why is None for record in self.records.values()
        )


def matches(rule: Rule, request: str) -> bool:
    host, path = split_host(request)
    pairs = [split_host(each) for each in rule.paths]
    texts = [re.escape(own).replace(r"\*", ".*") for own_host, own in pairs if own_host in ("", host)]
    return any(re.fullmatch(text, path) for text in texts)


def owner(rules: Rules, request: str) -> str | None:
    found = [(rule.priority, name) for name, rule in rules.items() if matches(rule, request)]
    return min(found)[1] if found else None


def is_valid(rules: Rules) -> bool:
    """Return whether `desired_state.checks.conflicts.check_routes` accepts them."""
    ordered = sorted(rules.values(), key=lambda rule: rule.priority)
    unique = all(one.priority < other.priority for one, other in pairwise(ordered))
    return unique and not any(
        covers(wide, narrow) for one, other in combinations(ordered, 2) for wide in one.paths for narrow in other.paths
    )


def plain(priorities: Iterable[int]) -> Rules:
    return {name: Rule(priority, (f"/{name}",)) for name, priority in zip("abcde", priorities, strict=False)}


STORIES: dict[str, tuple[Rules, Rules]] = {
    "two swap their priorities": (plain([100, 110]), plain([110, 100])),
    "five rotate": (plain([1, 2, 3, 4, 5]), plain([2, 3, 4, 5, 1])),
    "a chain": (plain([1, 2, 3, 4, 5]), plain([2, 3, 4, 5, 6])),
    "two circles": (plain([1, 2, 3, 4]), plain([2, 1, 4, 3])),
    "the last priority": (plain([49_999, 50_000]), plain([50_000, 49_999])),
    "two swap their paths": (
        {"a": Rule(1, ("/a",)), "b": Rule(2, ("/b",))},
        {"a": Rule(1, ("/b",)), "b": Rule(2, ("/a",))},
    ),
    "two swap both": (
        {"a": Rule(1, ("/a",)), "b": Rule(2, ("/b",))},
        {"a": Rule(2, ("/b",)), "b": Rule(1, ("/a",))},
    ),
    "a chain of paths": (
        {"a": Rule(1, ("/a",)), "b": Rule(2, ("/b",)), "c": Rule(3, ("/c",))},
        {"a": Rule(1, ("/b",)), "b": Rule(2, ("/c",)), "c": Rule(3, ("/d",))},
    ),
    "a narrow rule stays before a wide one": (
        {"a": Rule(100, ("/a/b",)), "b": Rule(200, ("/a/*",))},
        {"a": Rule(300, ("/a/b",)), "b": Rule(400, ("/a/*",))},
    ),
    "a new service takes a path over": (
        {"a": Rule(10, ("/a", "/c"))},
        {"a": Rule(10, ("/a",)), "b": Rule(5, ("/c",))},
    ),
    "a removed service leaves path and priority": ({"a": Rule(10, ("/a",))}, {"b": Rule(10, ("/a",))}),
    "two swap their hosts": (
        {"a": Rule(1, ("m.example/a",)), "b": Rule(2, ("n.example/a",))},
        {"a": Rule(1, ("n.example/a",)), "b": Rule(2, ("m.example/a",))},
    ),
    "the same path at two hosts, and priorities that are swapped": (
        {"a": Rule(1, ("m.example/*",)), "b": Rule(2, ("n.example/*",)), "c": Rule(9, ("/*",))},
        {"a": Rule(2, ("m.example/*",)), "b": Rule(1, ("n.example/*",)), "c": Rule(9, ("/*",))},
    ),
    "a host of its own for a path that all hosts had": (
        {"a": Rule(5, ("/a",)), "b": Rule(9, ("/*",))},
        {"a": Rule(5, ("m.example/a",)), "b": Rule(9, ("/*",))},
    ),
    "a new service takes a priority": (plain([100]), {"a": Rule(120, ("/a",)), "b": Rule(100, ("/b",))}),
}


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("seed", range(5))
def test_the_rules_arrive_in_any_order_of_visits(name: str, seed: int) -> None:
    found = Balancer(*STORIES[name])
    order = sorted({*found.before, *found.after})
    for _ in range(8):
        random.Random(seed).shuffle(order)
        for one in order:
            found.visit(one)
    assert found.is_done, (found.rules, [record.routes for record in found.records.values()])


RULES = st.dictionaries(
    st.sampled_from("abcde"),
    st.builds(
        Rule,
        st.integers(1, 7).map(lambda number: 10 * number),
        st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3, unique=True).map(tuple),
    ),
    min_size=1,
).filter(is_valid)


@settings(max_examples=60, deadline=None)
@given(before=RULES, after=RULES, rng=st.randoms(use_true_random=False), failing=st.booleans())
def test_law_no_priority_is_in_use_and_no_request_gets_lost(
    before: Rules, after: Rules, rng: random.Random, failing: bool
) -> None:
    found = Balancer(before, after)
    names = sorted({*before, *after})
    for _ in range(8 * len(names)):
        found.visit(rng.choice(names), fails=rng.choice(["", "", "early", "late"]) if failing else "")


@settings(max_examples=60, deadline=None)
@given(data=st.data(), count=st.integers(2, 5), rng=st.randoms(use_true_random=False))
def test_law_exchanged_priorities_and_paths_arrive(data: st.DataObject, count: int, rng: random.Random) -> None:
    names = "abcde"[:count]
    priorities = st.lists(st.integers(1, 8), min_size=count, max_size=count, unique=True)
    paths = st.permutations([(f"/{name}", f"/{name}/*") for name in names])

    def drawn() -> Rules:
        pairs = zip(data.draw(priorities), data.draw(paths), strict=True)
        return {name: Rule(*pair) for name, pair in zip(names, pairs, strict=True)}

    found = Balancer(drawn(), drawn())
    for _ in range(3 * count):
        for one in rng.sample(names, count):
            found.visit(one)
    assert found.is_done, (found.rules, [record.routes for record in found.records.values()])
