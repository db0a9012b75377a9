"""A path pattern covers another if it matches every path of the other, and overlaps it if it matches one of them."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.checks.routes import covers, overlaps


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


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("/orders/c*", "/orders/*", True),
        ("/*/checkout", "/orders/*", True),
        ("/a*c", "/ab*", True),
        ("/a?c", "/ab*", True),
        ("/*a", "/b*", True),
        ("*", "", True),
        ("/orders", "/orders/*", False),
        ("/Orders/*", "/orders/*", False),
        ("/a*b", "/*c", False),
        ("/???", "/a", False),
        ("/??*", "/a", False),
    ],
)
def test_patterns_overlap_if_one_request_matches_both(one: str, other: str, expected: bool) -> None:
    assert overlaps(one, other) is expected
    assert overlaps(other, one) is expected


short = st.text(st.sampled_from("ab*?"), max_size=3)
PATHS = ["".join(letters) for length in range(7) for letters in product("abc", repeat=length)]


@given(short, short)
def test_law_patterns_overlap_exactly_if_there_is_a_path_that_both_match(one: str, other: str) -> None:
    """A shortest such path has at most the letters of both, and a third letter stands for all others."""
    assert overlaps(one, other) is any(matches(one, path) and matches(other, path) for path in PATHS)


@given(patterns, patterns)
def test_law_a_pattern_overlaps_each_one_that_it_covers(one: str, other: str) -> None:
    assert overlaps(one, one)
    assert overlaps(one, other) is overlaps(other, one)
    if covers(one, other):
        assert overlaps(one, other)


def test_a_hostile_pattern_is_compared_fast() -> None:
    assert overlaps("/" + "*a" * 60, "/" + "a*" * 60)
    assert not overlaps("/" + "*a" * 60 + "*b", "/" + "a*" * 60 + "c")
    assert not covers("/" + "*a" * 60 + "*b", "/" + "a" * 120)
