"""The part of a message that says what to write instead.

A suggestion is followed before it is made: it is given only if the manifest is then valid at this place, or if the word
is so close to a name that no other can be meant. Otherwise the choices are listed.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from itertools import islice
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue
from pydantic_core import ErrorDetails

from desired_state.located import MOST_LISTED, Location, listed
from desired_state.reading.trial import Trial

_CLOSE, _FARTHEST = 0.75, 1  # similarity and difference in length of two spellings of one name
_BOOL: Final = {"true": True, "false": False}


@dataclass(slots=True)
class Spelling:
    """The suggestions about the words of one commit. `left`: choices that may still be compared with a word.

    Words and choices are both written by authors, so that the work is their product; it ends with the budget."""

    left: int = 100_000

    def suggest(self, word: str, choices: Iterable[str], *, none: str = "there are none") -> str:
        """Return the end of a message about an unknown word, as `suggest` does, while there is something left."""
        known = list(islice(choices, max(0, self.left) + 1))
        self.left -= len(known) + 1
        return suggest(word, known, none=none, most=MOST_LISTED) if self.left >= 0 else "check how it is written"


def suggest(word: str, choices: Iterable[str], *, none: str = "there are none", most: int | None = None) -> str:
    """Return the end of a message about an unknown word: the closest choice, else all choices, or `most` of them."""
    known = sorted(choices)
    if close := _closest(word, known):
        return f'did you mean "{close[0]}"?'
    return f"the choices are {listed(known, len(known), most=most)}" if known else none


def remedy(details: ErrorDetails, location: Location, context: dict[str, Any], trial: Trial) -> str:
    """Return the end of the message about an error, with what to write, or nothing."""
    value: JsonValue = details["input"]
    match details["type"]:
        case "extra_forbidden":
            return f": {_field(location, trial)}"
        case "literal_error":
            return f": {_choice(value, context['expected'], location, trial)}"
        case "string_type" if isinstance(value, bool | int | float):
            return _in_quotes(value, location, trial)
        case "int_type" | "int_from_float" | "bool_type":
            return _without_quotes(value, location, trial)
        case "tuple_type" if isinstance(value, str | int):
            return _in_brackets(value, location, trial)
        case "dict_type" if isinstance(value, list):
            return ": write each entry as NAME: value, without a hyphen"
        case "model_type":
            return f": {', '.join(_fields(trial.model, (*location, '')))}"
    return ""


def _closest(word: str, known: Iterable[str]) -> list[str]:
    spellings = {_plain(name): name for name in known}
    return [spellings[found] for found in get_close_matches(_plain(word), spellings)]


def _plain(name: str) -> str:
    return re.sub(r"[-_ ]", "", name).lower()


def _field(location: Location, trial: Trial) -> str:
    *parent, word = location
    names = _fields(trial.model, location)
    close = _closest(str(word), names)
    written = [name for name in close if trial.has((*parent, name))]
    absent = [name for name in close if name not in written]
    misspelt = [name for name in close if _is_misspelt(str(word), name)]
    if fitting := [name for name in absent if trial.renames(location, name)]:
        return f'did you mean "{fitting[0]}"?'
    for name in written:
        if name in misspelt:
            return f"{name} is written too, so remove this one"
    if misspelt:
        return f'did you mean "{misspelt[0]}"?'
    return f"the choices are {', '.join(sorted(names))}" if names else "there are none"


def _is_misspelt(word: str, name: str) -> bool:
    one, other = _plain(word), _plain(name)
    return abs(len(one) - len(other)) <= _FARTHEST and SequenceMatcher(None, one, other).ratio() >= _CLOSE


def _choice(value: JsonValue, expected: str, location: Location, trial: Trial) -> str:
    choices = re.findall(r"'([^']*)'", expected)
    free = [choice for choice in choices if trial.takes(location, choice)]
    return suggest("" if value is None else str(value), free or choices)


def _in_quotes(value: bool | int | float, location: Location, trial: Trial) -> str:
    return ": put it in quotes" if trial.takes(location, str(value)) else ""


def _without_quotes(value: JsonValue, location: Location, trial: Trial) -> str:
    meant: JsonValue = _BOOL.get(str(value).lower())
    if re.fullmatch(r"-?[0-9]{1,18}(?:\.0)?", str(value)):
        meant = int(float(str(value)))
    if meant is None or not trial.takes(location, meant):
        return ""
    return f": write {json.dumps(meant)}" + (" without quotes" if isinstance(value, str) else "")


def _in_brackets(value: str | int, location: Location, trial: Trial) -> str:
    if isinstance(value, str) and len(value.split()) > 1:
        return ": write every word as an item of its own"
    return ": put it in brackets" if trial.takes(location, [value]) else ""


def _fields(model: type[BaseModel], location: Location) -> tuple[str, ...]:
    """Return the fields that the mapping around a location may have."""
    around: type[BaseModel] | None = model
    for step in location[:-1]:
        fields = {info.alias or name: info for name, info in around.model_fields.items()} if around else {}
        if isinstance(step, str) and step in fields:
            around = _model_in(fields[step].annotation)
    return tuple(info.alias or name for name, info in around.model_fields.items()) if around else ()


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {tuple, dict, Union, UnionType}:
        return next(filter(None, map(_model_in, get_args(annotation))), None)
    return None
