"""Problems of a request: what is wrong, with which parameter, in the words of AWS's own messages.

The constraint texts are those that AWS's services send ("failed to satisfy constraint: Member must …"), as in
https://repost.aws/knowledge-center/cloudformation-validation-error and the error pages of the API references.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SHOWN = 200  # characters of a value; a policy or template would hide the rest of the message


class Kind(StrEnum):
    MISSING = "missing"
    UNKNOWN = "unknown"
    TYPE = "type"
    CONSTRAINT = "constraint"


@dataclass(frozen=True, slots=True)
class Problem:
    kind: Kind
    place: str
    text: str


def missing(place: str) -> Problem:
    return Problem(
        Kind.MISSING, place, f"Value null at '{place}' failed to satisfy constraint: Member must not be null"
    )


def unknown(place: str) -> Problem:
    return Problem(Kind.UNKNOWN, place, f"Unknown member '{place}': AWS has no such parameter, or ignores it")


def wrong_type(place: str, expected: str) -> Problem:
    return Problem(Kind.TYPE, place, f"'{place}' can not be converted to {expected}")


def constraint(place: str, value: Any, text: str, *, sensitive: bool) -> Problem:
    shown = f"Value '{_shorten(value)}'" if not sensitive else "Value"
    return Problem(Kind.CONSTRAINT, place, f"{shown} at '{place}' failed to satisfy constraint: Member must {text}")


def _shorten(value: Any) -> str:
    text = str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
