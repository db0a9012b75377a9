"""The digest of a plan: two plans with one digest are shown alike and apply alike, whatever else differs."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.plan.equivalence import identical
from reconciler.core.plan.model import Plan, summarise
from reconciler.core.plan.read import read
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.views import changes
from tests.core.documents import change, document
from tests.core.instances import NOW
from tests.core.plan.published import KEYS, VALUES, applied, documents, normal

REDACTOR = Redactor(b"a key for tests")
Place = tuple[Any, ...]
# Nothing that an apply does depends on these.
_IDLE = frozenset({"checks", "warnings", "configuration", "variables", "planned_values", "resource_drift"})


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the place of each value in a document, but for what no apply depends on."""
    if place:
        yield place
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        if step not in _IDLE:
            yield from places(inner, (*place, step))


def changed(value: Any, place: Place, new: Any) -> Any:
    """Return a copy with another value in one place."""
    if not place:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = changed(value[place[0]], place[1:], new)
    return copy


def renamed(value: Any, place: Place, key: str) -> Any:
    """Return a copy with another key in one place."""
    if len(place) > 1:
        return changed(value, place[:1], renamed(value[place[0]], place[1:], key))
    return {key if name == place[0] else name: inner for name, inner in value.items()}


@st.composite
def pairs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return two documents that differ in one value of a resource, an output or an action, or in one of its keys."""
    one = draw(documents())
    inner = [place for place in places(one) if {"before", "after", "config_values"} & set(place)]
    if not inner:
        return one, one
    place = draw(st.sampled_from(inner))
    at = max(place.index(name) for name in ("before", "after", "config_values") if name in place)
    if isinstance(place[-1], str) and len(place) > at + 2 and draw(st.booleans()):
        return one, renamed(one, place, draw(KEYS))
    return one, changed(one, place, draw(VALUES if len(place) > at + 1 else st.none() | st.just({})))


def shown(plan: Plan) -> str:
    return json.dumps(changes.plan(summarise(plan, drift=(), now=NOW)), sort_keys=True)


@given(pairs())
@settings(max_examples=200)
def test_law_two_plans_with_one_digest_are_shown_and_applied_alike(pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    one, other = (read(found, REDACTOR) for found in pair)
    if one.digest == other.digest:
        assert shown(one) == shown(other)
        assert json.dumps(normal(applied(pair[0]))) == json.dumps(normal(applied(pair[1])))


@given(VALUES, VALUES, st.booleans())
@settings(max_examples=200)
def test_law_two_values_have_two_digests(one: Any, other: Any, as_output: bool) -> None:
    def planned(value: Any) -> Plan:
        if as_output:
            written = {"o": {"actions": ["update"], "before": "before", "after": value}}
            return read(document() | {"output_changes": written}, REDACTOR)
        return read(document(change("aws_x.this", ["update"], {"x": "before"}, {"x": value})), REDACTOR)

    alike = json.dumps(normal(one), sort_keys=True) == json.dumps(normal(other), sort_keys=True)
    assert alike or planned(one).digest != planned(other).digest


def test_values_that_are_easily_taken_for_each_other_differ() -> None:
    values: list[Any] = [
        None,
        {},
        {"a": None},
        {"a": {}},
        {"a": {"b": 1}},
        {"a.b": 1},
        {"a": [{"b": 1}]},
        [],
        [{}],
        "",
        0,
    ]
    values += [
        False,
        "0",
        "false",
        {"0": 1},
        [1],
        {"a": {"0": {"b": 1}}},
        'a["b"]',
        {'a["b"]': 1},
        True,
        1,
        "1",
        "(absent)",
    ]
    for before in (None, {}, {"a": 1}, {"a": None}, "x"):
        plans = [
            read(document(change("aws_x.a", ["update"], {"x": before}, {"x": value})), REDACTOR) for value in values
        ]
        different = [plan for plan, value in zip(plans, values, strict=True) if not identical(before, value)]
        assert len({plan.digest for plan in different}) == len(different)
        assert all(plan.changes[0].attributes for plan in different)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            ({"a": {"b": 0}, "a.b": 0}, {"a": {"b": 1}, "a.b": 0}),
            ({"a": {"b": 0}, "a.b": 0}, {"a": {"b": 0}, "a.b": 1}),
        ),
        (([{"b": 0}], [{"b": 1}]), ({"0": {"b": 0}}, {"0": {"b": 1}})),
        (({'a["b"]': 0}, {'a["b"]': 1}), ({"a": {"b": 0}}, {"a": {"b": 1}})),
    ],
)
def test_a_place_is_not_taken_for_another(one: tuple[Any, Any], other: tuple[Any, Any]) -> None:
    plans = [
        read(document(change("aws_x.a", ["update"], {"x": before}, {"x": after})), REDACTOR)
        for before, after in (one, other)
    ]
    assert plans[0].digest != plans[1].digest
    assert plans[0].changes[0].attributes.keys() != plans[1].changes[0].attributes.keys()


def test_what_no_apply_depends_on_ends_no_approval() -> None:
    entry = change("aws_x.a", ["update"], {"x": 1}, {"x": 2})
    failed: Mapping[str, Any] = {"address": {"to_display": "check.c"}, "status": "fail", "instances": []}
    other = document(entry, drift=[entry], existing=3) | {"checks": [failed], "warnings": ["this is old"]}
    assert read(other, REDACTOR).digest == read(document(entry), REDACTOR).digest


def test_each_field_that_says_what_is_applied_is_covered() -> None:
    entry = change("aws_x.a", ["delete", "create"], {"x": 1}, {"x": 2}, replace_paths=[["x"]], importing={"id": "1"})
    others = [
        change("aws_x.b", ["delete", "create"], {"x": 1}, {"x": 2}, replace_paths=[["x"]], importing={"id": "1"}),
        change("aws_x.a", ["create", "delete"], {"x": 1}, {"x": 2}, replace_paths=[["x"]], importing={"id": "1"}),
        change("aws_x.a", ["delete", "create"], {"x": 1}, {"x": 2}, replace_paths=[["y"]], importing={"id": "1"}),
        change("aws_x.a", ["delete", "create"], {"x": 1}, {"x": 2}, replace_paths=[["x"]], importing={"id": "2"}),
        change(
            "aws_x.a", ["delete", "create"], {"x": 1}, {"x": 2}, replace_paths=[["x"]], importing={"identity": {"a": 1}}
        ),
        entry | {"previous_address": "aws_x.b"},
        entry | {"previous_address": "aws_x.c"},
        entry | {"deposed": "973ee40d"},
        entry | {"deposed": "00c0ffee"},
        entry | {"action_reason": "replace_because_tainted"},
        entry | {"action_reason": "replace_by_request"},
    ]
    plans = [read(document(found), REDACTOR) for found in (entry, *others)]
    assert len({plan.digest for plan in plans}) == len(plans)
    assert len({shown(plan) for plan in plans}) == len(plans)
