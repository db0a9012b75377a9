"""Services with several rules, each of which goes its own way to the wanted one."""

import dataclasses
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from desired_state.instance import Instance, Key
from desired_state.kinds.service.rules import Rule as MoreRule
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.decide.routes import next_rule
from reconciler.core.record.model import Record
from reconciler.core.record.routes import Rule
from reconciler.core.record.routing import all_routes, wanted_rules
from reconciler.core.status.advance import first
from reconciler.core.status.events import Accepted, Applied, RuleChosen
from tests.core.decide.test_routes import APPLYING, HEALTHY, declared
from tests.core.instances import IMAGE, fold


def with_rules(name: str, *priorities: int) -> Instance:
    """Return the instance of a service with a rule for each priority; each has the path of its place."""
    found = declared(name, Rule(priorities[0], (f"/{name}",)))
    assert isinstance(found.spec, ServiceSpec)
    assert found.spec.routing is not None
    further = [MoreRule(paths=(f"/{name}/{index}",), priority=one) for index, one in enumerate(priorities[1:])]
    routing = found.spec.routing.model_copy(update={"rules": tuple(further)})
    return dataclasses.replace(found, spec=found.spec.model_copy(update={"routing": routing}))


def numbers(record: Record) -> list[int]:
    return [routes.possible[0].priority for routes in all_routes(record).values() if routes.possible]


@settings(max_examples=40, deadline=None)
@given(
    before=st.permutations(range(10, 16)), after=st.permutations(range(10, 16)), rng=st.randoms(use_true_random=False)
)
def test_law_several_rules_of_services_arrive_and_no_priority_is_taken_twice(
    before: list[int], after: list[int], rng: random.Random
) -> None:
    """One apply makes all rules of a service, in any order: none may have a priority that another rule still has."""
    names = "abc"
    records: dict[Key, Record] = {}
    for index, name in enumerate(names):
        record = first(with_rules(name, *before[2 * index : 2 * index + 2]), "c1")
        for slot, rule in wanted_rules(record).items():
            record = fold(record, RuleChosen(rule, slot=slot))
        records[record.key] = fold(record, APPLYING, Applied({}, IMAGE), HEALTHY)
        change = Accepted(with_rules(name, *after[2 * index : 2 * index + 2]), "c2")
        records[record.key] = fold(records[record.key], change)
    wanted = {key: [rule.priority for rule in wanted_rules(record).values()] for key, record in records.items()}
    for _ in range(12):
        for name in rng.sample(names, len(names)):
            key = Key("develop", name)
            for slot in all_routes(records[key]):
                step = next_rule(records[key], records, slot)
                assert step is not None
                records[key] = fold(records[key], RuleChosen(step.rule, step.why, slot))
            present = [number for record in records.values() for number in numbers(record)]
            chosen = [one.chosen.priority for one in all_routes(records[key]).values() if one.chosen]
            moved = {*chosen} - {*numbers(records[key])}
            assert not moved & {*present}, "a priority is taken before it is free"
            records[key] = fold(records[key], APPLYING, Applied({}, IMAGE), HEALTHY)
    assert {key: numbers(record) for key, record in records.items()} == wanted


def test_a_further_rule_that_is_gone_leaves_its_priority_to_others() -> None:
    record = first(with_rules("a", 10, 11), "c1")
    for slot, rule in wanted_rules(record).items():
        record = fold(record, RuleChosen(rule, slot=slot))
    record = fold(record, APPLYING, Applied({}, IMAGE), HEALTHY, Accepted(with_rules("a", 10), "c2"))
    assert record.further_routes is not None
    taker = first(with_rules("b", 11), "c2")
    step = next_rule(taker, {record.key: record, taker.key: taker})
    assert step is not None
    assert step.rule.priority != 11
    record = fold(record, RuleChosen(None, slot="rules.0"), APPLYING, Applied({}, IMAGE))
    assert record.further_routes is None
    step = next_rule(taker, {record.key: record, taker.key: taker})
    assert step is not None
    assert step.rule.priority == 11
