"""Neutral text: nothing from outside breaks a line or grows without end, and lists are cut with a count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.notify.text import Line, Span, Style, bullets, code, codes, line, name, one_line

LONGEST = 160


@given(st.text(max_size=400))
def test_law_text_from_outside_is_one_visible_line_of_at_most_160_characters(text: str) -> None:
    found = one_line(text)
    assert len(found) <= LONGEST
    assert found == found.strip()
    assert not set(found) & set("\n\r\t\x00\x7f\u200b\u202e\u2066")
    assert one_line(found) == found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a" * LONGEST, "a" * LONGEST),
        ("a" * (LONGEST + 1), "a" * (LONGEST - 1) + "…"),
        ("  a \n\u202e b\t", "a b"),
        ("", ""),
    ],
)
def test_only_text_that_is_too_long_is_cut_and_says_so(text: str, shown: str) -> None:
    assert one_line(text) == shown
    assert name(text) == Span(shown, Style.NAME)
    assert code(text) == Span(shown, Style.CODE)


def test_a_line_takes_strings_spans_and_the_spans_of_lines_and_drops_what_is_empty() -> None:
    assert line("a", code("b"), line("", name("c"), ""), "") == Line((Span("a"), code("b"), name("c")))


def test_literals_are_listed_up_to_the_limit_and_the_rest_is_counted() -> None:
    assert codes([], 2) == Line(())
    assert codes(["a"], 2) == line(code("a"))
    assert codes(["a", "b"], 2) == line(code("a"), ", ", code("b"))
    assert codes(["a", "b", "c"], 2) == line(code("a"), ", ", code("b"), " and 1 more")


def test_items_are_listed_up_to_the_limit_and_the_rest_is_counted_below() -> None:
    items = [line(str(number)) for number in range(12)]
    assert bullets([]) == ()
    assert bullets(items[:10]) == tuple(Line(item.spans, bullet=True) for item in items[:10])
    assert bullets(items) == (*bullets(items[:10]), line("… and 2 more"))
    assert bullets(items, most=1) == (Line(items[0].spans, bullet=True), line("… and 11 more"))
