"""Validation errors of pydantic as messages for authors of manifests, with the places that they point at.

A message has no jargon of the library, never repeats a value that may be secret, and names the valid choices.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from desired_state.kinds.fields import REFUSED
from desired_state.located import Location, quote
from desired_state.reading.suggestion import remedy
from desired_state.reading.trial import Trial

_KEY_STEP: Final = "[key]"  # pydantic's mark for an error in the key of a mapping
_REQUIREMENTS: Final = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping of fields",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """An error, the locations it may point at (best first), and whether it is about the key there or the value.

    Two mistakes are the same if they differ only in `remedy`, the end of the message that says what to write."""

    message: str
    places: tuple[tuple[str | int, ...], ...]
    at_key: bool
    remedy: str = field(default="", compare=False)


def explain(error: ValidationError, trial: Trial) -> tuple[Mistake, ...]:
    """Return all mistakes of a validation error, without those that only follow from others."""
    errors = error.errors(include_url=False)
    around = {details["loc"][:length] for details in errors for length in range(len(details["loc"]))}
    return tuple(_mistake(details, trial) for details in errors if not _is_consequence(details, around))


def _is_consequence(details: ErrorDetails, around: Collection[Location]) -> bool:
    """Return whether a list is reported as too short only because pydantic does not count invalid items.

    `around`: the locations that have an error below them."""
    return details["type"] == "too_short" and details["loc"] in around


def _mistake(details: ErrorDetails, trial: Trial) -> Mistake:
    loc: tuple[str | int, ...] = details["loc"]
    at_key = details["type"] == "extra_forbidden"
    if loc and loc[-1] == _KEY_STEP:
        loc, at_key = loc[:-1], True
    context = details.get("ctx", {})
    if details["type"] != REFUSED:
        advice = remedy(details, loc, context, trial) if trial.may_suggest else ""
        return Mistake(_message(details, loc, context), (loc,), at_key, advice)
    inside, beside = context["inside"], context["beside"]
    places: list[tuple[str | int, ...]] = [(*loc, *inside)] if inside else []
    places.append(loc)
    if beside:
        places.append((*loc[:-1], *beside))
    return Mistake(context["message"], tuple(places), at_key or bool(inside and isinstance(inside[-1], str)))


def _message(details: ErrorDetails, loc: Location, context: dict[str, Any]) -> str:
    name = _dotted(loc)
    value = details["input"]
    match details["type"]:
        case "missing":
            return f"{name} is missing"
        case "extra_forbidden":
            return f"unknown field {quote(str(loc[-1]))}"
        case "literal_error":
            return f"{quote('null' if value is None else str(value))} is not a choice for {name}"
        case "greater_than_equal":
            return f"{name} is {value}, but must be at least {context['ge']}"
        case "less_than_equal":
            return f"{name} is {value}, but must be at most {context['le']}"
        case "too_short" | "string_too_short":
            return f"{name} needs at least {context['min_length']}"
        case "too_long":
            return f"{name} has {len(value)}, but may have at most {context['max_length']}"
    requirement = _REQUIREMENTS.get(details["type"], "is not valid")
    return f"{name} {requirement}, but has no value" if value is None else f"{name} {requirement}"


def _dotted(loc: Location) -> str:
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".") or "the manifest"
