"""Ambiguous scalars, explained by the field in which they stand.

An ambiguous spelling is a problem wherever it stands, but only the field knows which of its meanings is valid there.
Both are tried, so that a message suggests a spelling only if the manifest has no problem there once it is written.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias

from pydantic import JsonValue

from desired_state.located import Location, Place, Problem
from desired_state.reading.document import Document
from desired_state.reading.scalar import Doubt
from desired_state.reading.trial import replaced

_MOST_CHECKED, _AT_LEAST = 100_000, 5  # values in all, and ambiguous scalars at least

Check: TypeAlias = Callable[[Document], Iterable[Problem]]


def explained(document: Document, check: Check) -> tuple[Problem, ...]:
    """Return the problems of reading a document. `check` finds those of its values.

    An ambiguous scalar whose meanings are both invalid is left out if `check` finds a problem at its place. In a
    document of thousands of values, which takes long to check, only the first ones are explained."""
    tried = max(_MOST_CHECKED // (1 + document.root.size()), _AT_LEAST)
    each = [_explained(document, problem, check) for problem in document.problems[:tried]]
    return (*(problem for problem in each if problem is not None), *document.problems[tried:])


def _explained(document: Document, problem: Problem, check: Check) -> Problem | None:
    place = problem.line, problem.column
    doubt, location = document.doubts.get(place), document.root.find(place)
    if doubt is None or location is None or problem.message != doubt.message:
        return problem
    text = _fits(document, location, place, doubt.text, check)
    plain = doubt.plain is not None and _fits(document, location, place, doubt.plain, check)
    if text or plain:
        return replace(problem, message=_message(doubt, text=text, plain=plain))
    return replace(problem, message=doubt.fault) if _is_valid_at(place, check(document)) else None


def _message(doubt: Doubt, *, text: bool, plain: bool) -> str:
    if text and plain:
        return doubt.message
    return doubt.if_text if text else doubt.if_plain


def _fits(document: Document, location: Location, place: Place, value: JsonValue, check: Check) -> bool:
    tried = replaced(dict(document.data), location, value)
    problems = check(replace(document, data=tried)) if isinstance(tried, dict) else ()
    return _is_valid_at(place, problems)


def _is_valid_at(place: Place, problems: Iterable[Problem]) -> bool:
    return all((problem.line, problem.column) != place for problem in problems)
