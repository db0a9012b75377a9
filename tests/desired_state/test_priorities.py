"""Automatic priorities: once in an environment, never moved by another rule, and the more specific rule first."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from desired_state.checks.priorities import FIRST, LAST, assign, preferred, specificity
from desired_state.checks.requests import admits
from desired_state.checks.routes import covers
from desired_state.instance import Key
from desired_state.kinds.service.rules import Conditions
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.located import Location
from desired_state.snapshot import Incumbent, Snapshot, build
from tests.desired_state.manifests import DEVELOP, ROOTS, platform, service, to_yaml
from tests.desired_state.parts import conditions

Rules = Mapping[tuple[Key, Location], Conditions]
rules = conditions.map(lambda given: Conditions.model_validate_json(json.dumps(given)))


def numbered(found: Rules, priorities: Mapping[tuple[Key, Location], int]) -> Rules:
    return {
        one: rule.model_copy(update={"priority": priorities.get(one, rule.priority)}) for one, rule in found.items()
    }


@st.composite
def environments(draw: st.DrawFn) -> Rules:
    """Draw the rules of an environment: some with a priority, of which none is there twice."""
    keys = draw(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6))
    choice: list[list[Location]] = [[()], [(), ("rules", 0)]]
    places = st.sampled_from(choice)
    marks: list[tuple[Key, Location]] = [(Key("develop", key), place) for key in keys for place in draw(places)]
    numbers = draw(st.lists(st.integers(1, 50_000), min_size=len(marks), max_size=len(marks), unique=True))
    explicit = {mark: number for mark, number in zip(marks, numbers, strict=True) if draw(st.booleans())}
    return {mark: draw(rules).model_copy(update={"priority": explicit.get(mark)}) for mark in marks}


def all_of(found: Rules, given: Mapping[tuple[Key, Location], int]) -> list[int]:
    return [one.priority for one in found.values() if one.priority is not None] + list(given.values())


@settings(max_examples=50)
@given(environments(), st.randoms(use_true_random=False))
def test_law_each_rule_gets_one_priority_whatever_the_order_in_which_they_are_read(found: Rules, rng: Any) -> None:
    given_numbers = assign(found, {})
    everything = all_of(found, given_numbers)
    assert len({*everything}) == len(everything) == len(found)
    assert all(FIRST <= one <= LAST <= 50_000 for one in given_numbers.values())
    shuffled = list(found.items())
    rng.shuffle(shuffled)
    assert assign(dict(shuffled), {}) == given_numbers


@settings(max_examples=50)
@given(environments(), environments())
def test_law_no_automatic_priority_moves_when_others_come_and_go(before: Rules, after: Rules) -> None:
    had = numbered(before, assign(before, {}))
    wanted = {
        mark: had[mark].model_copy(update={"priority": None}) if mark in had and rule.priority is None else rule
        for mark, rule in after.items()
    }
    found = assign(wanted, had)
    own = {(mark[0], rule.priority) for mark, rule in wanted.items()}
    for mark, number in found.items():
        if mark in had and (mark[0], had[mark].priority) not in own:
            assert number == had[mark].priority
        else:
            assert number not in {rule.priority for rule in [*had.values(), *wanted.values()]} or mark[0] in {
                key for key, _ in had
            }
    assert len({*found.values()}) == len(found)


@settings(max_examples=100)
@given(rules, rules)
def test_law_a_rule_that_takes_every_request_of_another_one_comes_after_it(
    wide: Conditions, narrow: Conditions
) -> None:
    if admits(wide, narrow) and all(any(covers(one, path) for one in wide.paths) for path in narrow.paths):
        assert specificity(wide) <= specificity(narrow) or len(wide.paths) > 1
        if specificity(wide) < specificity(narrow):
            assert next(preferred("wide", wide)) > next(preferred("narrow", narrow))


def snapshot(*manifests: Mapping[str, Any], before: Snapshot | None = None) -> Snapshot:
    known = {key: Incumbent(one) for key, one in before.instances.items()} if before else {}
    files = {f"{one['metadata']['name']}.yaml": to_yaml(one) for one in (platform(), *manifests)}
    return build(commit="c", files=files, roots=ROOTS, environments=DEVELOP, known=known)


def automatic(name: str, *paths: str, **routing: Any) -> dict[str, Any]:
    return service(name, type="public", routing={"paths": list(paths), **routing})


def priority(found: Snapshot, name: str) -> int:
    spec = found.instances[Key("develop", name)].spec
    assert isinstance(spec, ServiceSpec)
    assert spec.routing is not None
    return spec.routing.rank


def test_the_specific_rule_comes_before_the_one_for_everything() -> None:
    found = snapshot(automatic("web", "/*"), automatic("orders", "/orders/*"), automatic("cart", "/cart", "/cart/*"))
    assert found.problems == ()
    assert priority(found, "web") > max(priority(found, "orders"), priority(found, "cart"))
    hosted = snapshot(automatic("web", "/orders/*"), automatic("shop", "/*", hosts=["shop.example.com"]))
    assert priority(hosted, "shop") < priority(hosted, "web")


def test_a_manifest_that_drops_its_priority_keeps_it_and_one_that_becomes_wider_gets_another() -> None:
    before = snapshot(automatic("orders", "/orders/*", priority=120))
    kept = snapshot(automatic("orders", "/orders/*"), before=before)
    assert priority(kept, "orders") == 120
    assert kept.instances == before.instances
    assert priority(snapshot(automatic("orders", "/*"), before=before), "orders") >= FIRST


def test_a_renamed_service_keeps_its_priority() -> None:
    before = snapshot(automatic("orders", "/orders/*"))
    renamed = automatic("purchases", "/orders/*")
    renamed["metadata"]["formerName"] = "orders"
    assert priority(snapshot(renamed, before=before), "purchases") == priority(before, "orders")


def test_a_priority_of_an_instance_is_refused_to_a_newcomer_that_writes_it() -> None:
    before = snapshot(automatic("orders", "/orders/*"))
    found = snapshot(automatic("orders", "/orders/*"), automatic("new", "/new", priority=priority(before, "orders")),
                     before=before)  # fmt: skip
    assert [one.path for one in found.problems] == ["new.yaml"]


def test_further_rules_keep_their_priorities_when_one_before_them_goes() -> None:
    rules = [{"paths": ["/one"]}, {"paths": ["/two"]}]
    before = snapshot(automatic("orders", "/orders", rules=rules))
    after = snapshot(automatic("orders", "/orders", rules=rules[1:]), before=before)

    def numbers(found: Snapshot) -> dict[str, int]:
        spec = found.instances[Key("develop", "orders")].spec
        assert isinstance(spec, ServiceSpec)
        assert spec.routing
        return {rule.paths[0]: rule.rank for _, rule in spec.routing.parts()}

    assert numbers(after).items() <= numbers(before).items()
