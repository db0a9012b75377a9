"""Phrases that messages share: ages in two units, plurals, and lists that are cut with a count."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.wording import cut, duration, first_few, plural, shortened


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (3660, "1h 1m"),
        (3719, "1h 1m"),
        (86399, "23h 59m"),
        (86400, "1d"),
        (90000, "1d 1h"),
        (3 * 86400 + 2 * 3600 + 59 * 60, "3d 2h"),
    ],
)
def test_an_age_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration(timedelta(seconds=seconds)) == text


@given(st.integers(0, 10**7))
def test_law_an_age_is_never_more_than_there_is_and_less_by_less_than_its_smallest_unit(seconds: int) -> None:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    parts = duration(timedelta(seconds=seconds)).split(" ")
    told = sum(int(part[:-1]) * units[part[-1]] for part in parts)
    assert told <= seconds < told + {"s": 1, "m": 60, "h": 60, "d": 3600}[parts[0][-1]]


@pytest.mark.parametrize(("count", "text"), [(0, "0 things"), (1, "1 thing"), (2, "2 things")])
def test_only_one_is_singular(count: int, text: str) -> None:
    assert plural(count, "thing") == text


@given(st.lists(st.text("abc", min_size=1, max_size=3), max_size=6), st.integers(1, 6))
def test_law_a_list_shows_the_first_and_counts_the_rest(items: list[str], most: int) -> None:
    shown, more = cut(iter(items), most)
    assert list(shown) == items[:most]
    assert more == (f"and {len(items) - most} more" if len(items) > most else "")
    assert first_few(items, most) == ", ".join(items[:most]) + (f" {more}" if more else "")
    assert first_few(items, most, separator="; ") == "; ".join(items[:most]) + (f" {more}" if more else "")


@given(st.text(max_size=60), st.integers(10, 50))
def test_text_is_shortened_in_the_middle(text: str, longest: int) -> None:
    found = shortened(text, longest)
    assert len(found) == min(len(text), longest)
    assert found == text or (text.startswith(found.partition("…")[0]) and text.endswith(found[-(longest // 2) :]))
