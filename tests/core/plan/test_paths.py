"""Paths as text: each is read as it was written, whatever a key contains."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.plan.paths import Step, head, last, steps, written

STEPS = st.text('ab."\\/[]0\u0661 \n', max_size=4) | st.integers(0, 12)


@given(st.lists(STEPS, max_size=4).map(tuple), st.lists(STEPS, max_size=4).map(tuple))
def test_law_a_path_is_read_as_it_was_written_and_is_the_path_of_nothing_else(
    one: tuple[Step, ...], other: tuple[Step, ...]
) -> None:
    assert steps(written(one)) == one
    assert (written(one) == written(other)) == (one == other)


@given(st.text('ab."\\[]0', max_size=8))
def test_any_text_has_steps(text: str) -> None:
    assert all(isinstance(step, str | int) for step in steps(text))
    assert isinstance(head(text) + last(text), str)


@pytest.mark.parametrize(
    ("path", "first", "name"),
    [
        ("tags.team", "tags", "team"),
        ('tags["kubernetes.io/name"]', "tags", "kubernetes.io/name"),
        ("ingress.0.port", "ingress", "port"),
        ("rule.1.2", "rule", "rule"),
        ('["a.b"].c', "a.b", "c"),
        ("", "", ""),
    ],
)
def test_a_path_has_a_head_and_a_name(path: str, first: str, name: str) -> None:
    assert (head(path), last(path)) == (first, name)
