"""Neutral text of notices: lines of styled spans, and messages with a purpose.

A messenger, a page or a pull request renders them in its own markup. Spans consist of names only: keys, reasons,
addresses, attribute names, counts, ages and commands; never of a value or a message of a record.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reconciler.core.wording import cut

_MAX_CHARACTERS = 160
_UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+")


class Style(StrEnum):
    """The style of a span: prose, the name of an instance or of a burst, or code."""

    PLAIN = "plain"
    NAME = "name"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Span:
    """Text of one style."""

    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class Line:
    """Spans on one line; `bullet` makes it an item of a list."""

    spans: tuple[Span, ...]
    bullet: bool = False


class Sign(StrEnum):
    """The purpose of a message."""

    PROBLEM = "problem"
    DECISION = "decision"
    RESOLVED = "resolved"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class Message:
    """A title with details below it."""

    title: Line
    details: tuple[Line, ...] = ()
    sign: Sign | None = None


def line(*parts: str | Span | Line) -> Line:
    """Join parts to one line; a string is prose, of a line its spans are taken."""
    spans: list[Span] = []
    for part in parts:
        if isinstance(part, Line):
            spans += part.spans
        else:
            spans.append(Span(part) if isinstance(part, str) else part)
    return Line(tuple(span for span in spans if span.text))


def one_line(text: str) -> str:
    """Return text from outside on one line: invisible characters become spaces, and the end is cut at 160."""
    found = _UNSEEN.sub(" ", text).strip()
    return found if len(found) <= _MAX_CHARACTERS else f"{found[: _MAX_CHARACTERS - 1]}…"


def name(text: str) -> Span:
    """Return a name from outside."""
    return Span(one_line(text), Style.NAME)


def code(text: str) -> Span:
    """Return a command, an address or another literal from outside."""
    return Span(one_line(text), Style.CODE)


def codes(texts: Iterable[str], most: int) -> Line:
    """List the first `most` literals and count the rest."""
    found, more = cut(texts, most)
    spans = [span for text in found for span in (Span(", "), code(text))]
    return line(*spans[1:], f" {more}" if more else "")


def bullets(items: Iterable[Line], *, most: int = 10) -> tuple[Line, ...]:
    """Make a list of the first items, and count the rest below it."""
    found, more = cut(items, most)
    return (*(Line(item.spans, bullet=True) for item in found), *([line(f"… {more}")] if more else []))
