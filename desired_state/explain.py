"""Validation errors of pydantic as messages for authors of manifests, with the places that they point at.

A message has no jargon of the library, never repeats a value that may be secret, and names the valid choices.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from desired_state.fields import REFUSED
from desired_state.located import Location, quote

_KEY_STEP: Final = "[key]"  # pydantic's mark for an error in the key of a mapping
_REQUIREMENTS: Final = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of fields",
    "model_type": "must be a mapping of fields",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """An error, the locations it may point at (best first), and whether it is about the key there or the value."""

    message: str
    places: tuple[tuple[str | int, ...], ...]
    at_key: bool


def explain(model: type[BaseModel], error: ValidationError) -> tuple[Mistake, ...]:
    """Return all mistakes of a validation error, without those that only follow from others."""
    errors = error.errors(include_url=False)
    return tuple(_mistake(model, details) for details in errors if not _is_consequence(details, errors))


def suggest(word: str, choices: Iterable[str]) -> str:
    """Return the end of a message about an unknown word: the closest choice, else all choices."""
    known = sorted(choices)
    if close := get_close_matches(word, known, n=1):
        return f'did you mean "{close[0]}"?'
    return f"the choices are {', '.join(known)}" if known else "there are none"


def _is_consequence(details: ErrorDetails, errors: Iterable[ErrorDetails]) -> bool:
    """Return whether a list is reported as too short only because pydantic does not count invalid items."""
    loc = details["loc"]
    return details["type"] == "too_short" and any(
        other["loc"][: len(loc)] == loc and len(other["loc"]) > len(loc) for other in errors
    )


def _mistake(model: type[BaseModel], details: ErrorDetails) -> Mistake:
    loc: tuple[str | int, ...] = details["loc"]
    at_key = details["type"] == "extra_forbidden"
    if loc and loc[-1] == _KEY_STEP:
        loc, at_key = loc[:-1], True
    context = details.get("ctx", {})
    if details["type"] != REFUSED:
        return Mistake(_message(model, details, loc, context), (loc,), at_key)
    inside, beside = context["inside"], context["beside"]
    places: list[tuple[str | int, ...]] = [(*loc, *inside)] if inside else []
    places.append(loc)
    if beside:
        places.append((*loc[:-1], *beside))
    return Mistake(context["message"], tuple(places), at_key or bool(inside and isinstance(inside[-1], str)))


def _message(model: type[BaseModel], details: ErrorDetails, loc: Location, context: dict[str, Any]) -> str:
    name = _dotted(loc)
    value = details["input"]
    match details["type"]:
        case "missing":
            return f"{name} is missing"
        case "extra_forbidden":
            return f"unknown field {quote(str(loc[-1]))}: {suggest(str(loc[-1]), _siblings(model, loc))}"
        case "literal_error":
            choices = re.findall(r"'([^']*)'", context["expected"])
            word = "null" if value is None else str(value)
            return f"{quote(word)} is not a choice for {name}: {suggest(word, choices)}"
        case "greater_than_equal":
            return f"{name} is {value}, but must be at least {context['ge']}"
        case "less_than_equal":
            return f"{name} is {value}, but must be at most {context['le']}"
        case "too_short" | "string_too_short":
            return f"{name} needs at least {context['min_length']}"
        case "too_long":
            return f"{name} has {len(value)}, but may have at most {context['max_length']}"
    return f"{name} {_requirement(details['type'], value)}"


def _requirement(kind: str, value: object) -> str:
    requirement = _REQUIREMENTS.get(kind, "is not valid")
    if value is None:
        return f"{requirement}, but has no value"
    if kind == "string_type" and isinstance(value, bool | int | float):
        return f"{requirement}: put it in quotes"
    return requirement


def _dotted(loc: Location) -> str:
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".") or "the manifest"


def _siblings(model: type[BaseModel], loc: Location) -> tuple[str, ...]:
    """Return the fields that the mapping around a location may have."""
    around: type[BaseModel] | None = model
    for step in loc[:-1]:
        fields = {info.alias or name: info for name, info in around.model_fields.items()} if around else {}
        if isinstance(step, str) and step in fields:
            around = _model_in(fields[step].annotation)
    return tuple(info.alias or name for name, info in around.model_fields.items()) if around else ()


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {tuple, Union, UnionType}:
        return next(filter(None, map(_model_in, get_args(annotation))), None)
    return None
