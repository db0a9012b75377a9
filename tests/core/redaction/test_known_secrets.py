"""Secrets that are known literally: from the masks of a plan, from containers, from the names of inputs."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.redaction.known_secrets import of_environments, of_inputs, of_plan
from tests.core.documents import change, document

TEXTS = st.text(min_size=1, max_size=8)
VALUES = st.recursive(
    TEXTS | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def texts(value: Any) -> set[str]:
    """Return every text in a value, without names of fields."""
    if isinstance(value, dict):
        return {text for inner in value.values() for text in texts(inner)}
    if isinstance(value, list | tuple):
        return {text for inner in value for text in texts(inner)}
    return {value} if isinstance(value, str) else set()


@given(VALUES, st.sampled_from(["before", "after"]), st.booleans())
def test_law_all_texts_of_a_marked_value_are_secrets(value: Any, side: str, drifted: bool) -> None:
    entry = change("aws_thing.this", ["update"], **{side: {"a": value, "b": "open"}}, **{f"hidden_{side}": {"a": True}})
    plan = document(drift=[entry]) if drifted else document(entry)
    assert of_plan(plan) == texts(value)


@given(VALUES)
def test_law_an_unmarked_value_is_no_secret(value: Any) -> None:
    entry = change(
        "aws_thing.this", ["update"], {"a": value}, {"a": value}, hidden_before={"a": False}, hidden_after={}
    )
    assert of_plan(document(entry, outputs={"o": {"value": "x"}})) == frozenset()


@pytest.mark.parametrize(
    ("value", "mask", "secrets"),
    [
        ({"a": {"b": "s", "c": "open"}}, {"a": {"b": True}}, {"s"}),
        ({"a": ["open", "s"]}, {"a": [False, True]}, {"s"}),
        ({"a": [{"b": "s"}, {"b": "open"}]}, {"a": [{"b": True}, {}]}, {"s"}),
        ({"a": ["s", "more than the mask knows"]}, {"a": [True]}, {"s"}),
        ({"a": "s"}, True, {"s"}),
        ({"a": "open"}, {"b": True}, set()),
        ({"a": "open"}, {"a": {"b": True}}, set()),
        ({"a": "open"}, {"a": [True]}, set()),
        (None, {"a": True}, set()),
        ({"a": 7}, {"a": True}, set()),
    ],
)
def test_a_mask_marks_nested_values(value: Any, mask: Any, secrets: set[str]) -> None:
    assert of_plan(document(change("aws_thing.this", ["create"], None, value, hidden_after=mask))) == secrets


def test_outputs_and_variables_that_are_sensitive_are_secrets() -> None:
    plan = {
        **document(),
        "output_changes": {
            "hidden": {"before": "old", "after": "new", "before_sensitive": True, "after_sensitive": True},
            "shown": {"before": "a", "after": "b", "before_sensitive": False, "after_sensitive": False},
        },
        "configuration": {
            "root_module": {"variables": {"password": {"sensitive": True}, "name": {}, "unset": {"sensitive": True}}}
        },
        "variables": {"password": {"value": {"user": "s1", "list": ["s2"]}}, "name": {"value": "orders"}},
    }
    assert of_plan(plan) == {"old", "new", "s1", "s2"}


@pytest.mark.parametrize("plan", [{}, {"configuration": None, "variables": None, "resource_changes": None}])
def test_an_empty_plan_has_no_secrets(plan: dict[str, Any]) -> None:
    assert of_plan(plan) == of_environments(plan) == frozenset()


@given(st.lists(TEXTS, max_size=4), st.sampled_from(["before", "after"]))
def test_law_every_value_of_a_containers_environment_is_a_secret(values: list[str], side: str) -> None:
    entries = [{"name": f"N{index}", "value": value} for index, value in enumerate(values)]
    containers = [{"name": "orders", "environment": entries}, {"name": "sidecar"}]
    entry = change(
        "aws_ecs_task_definition.this", ["create"], **{side: {"container_definitions": json.dumps(containers)}}
    )
    assert of_environments(document(entry)) == of_environments(document(drift=[entry])) == set(values)


@pytest.mark.parametrize(
    "definitions",
    [
        "{",
        "{}",
        "null",
        '["a"]',
        '[{"environment": "a"}]',
        '[{"environment": ["a"]}]',
        '[{"environment": [{"value": 1}]}]',
        7,
    ],
)
def test_definitions_of_another_form_have_no_environment(definitions: Any) -> None:
    entry = change("aws_ecs_task_definition.this", ["create"], None, {"container_definitions": definitions})
    assert of_environments(document(entry)) == frozenset()


@pytest.mark.parametrize(
    ("variables", "secrets"),
    [
        ({"password": "s"}, {"s"}),
        ({"db": {"password": "s", "name": "orders"}}, {"s"}),
        ({"all": [{"token": "s"}, {"name": "open"}]}, {"s"}),
        ({"all": ({"token": "s"},)}, {"s"}),
        ({"name": "orders", "port": 80}, set()),
    ],
)
def test_inputs_under_the_name_of_a_credential_are_secrets(variables: dict[str, Any], secrets: set[str]) -> None:
    assert of_inputs(variables) == secrets
