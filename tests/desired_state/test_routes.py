"""A path pattern covers another if it matches every path that the other one matches."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.routes import covers


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("/*", "/orders/*"),
        ("/orders/*", "/orders/*"),
        ("/orders*", "/orders/*"),
        ("/o*s", "/o*rs"),
        ("/?*", "/*?"),
        ("/**", "/*"),
        ("/a?c", "/abc"),
        ("*", "?"),
    ],
)
def test_a_wider_pattern_covers(wide: str, narrow: str) -> None:
    assert covers(wide, narrow)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("/orders/*", "/orders"),
        ("/orders", "/orders/*"),
        ("/orders/*", "/*"),
        ("/?", "/*"),
        ("/a?c", "/a*c"),
        ("/Orders/*", "/orders/*"),
        ("/a*b*c", "/a*c"),
    ],
)
def test_any_other_pattern_does_not_cover(wide: str, narrow: str) -> None:
    assert not covers(wide, narrow)


patterns = st.text(st.sampled_from("ab*?"), max_size=5)


def matches(pattern: str, path: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(symbol, re.escape(symbol)) for symbol in pattern)
    return re.fullmatch(expression, path) is not None


@given(patterns, patterns, st.text(st.sampled_from("abc"), max_size=7))
def test_the_wider_pattern_matches_every_path_of_a_covered_one(wide: str, narrow: str, path: str) -> None:
    if covers(wide, narrow) and matches(narrow, path):
        assert matches(wide, path)


@given(patterns, st.text(st.sampled_from("ab"), max_size=5))
def test_covering_a_plain_path_is_matching_it(pattern: str, path: str) -> None:
    assert covers(pattern, path) == matches(pattern, path)


@given(patterns)
def test_every_pattern_covers_itself(pattern: str) -> None:
    assert covers(pattern, pattern)


def test_a_hostile_pattern_is_compared_fast() -> None:
    assert not covers("/" + "*a" * 60 + "*b", "/" + "a" * 120)
