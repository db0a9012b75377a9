"""The types of values in manifests.

All are strict (no conversion between text and numbers), closed (no unknown fields) and frozen, and every error message
uses words that a service team knows.
"""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from desired_state.limits import MOST_ENVIRONMENTS
from desired_state.located import Location, quote

T = TypeVar("T", bound=Hashable)

REFUSED: Final = "refused"  # the pydantic error type of every `refuse` below
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION: Final = r"([1-9][0-9]{0,6})([smhd])"
_LONGEST: Final = timedelta(days=7)


class Strict(BaseModel):
    """A closed, frozen mapping: camelCase in YAML, snake_case in Python."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=to_camel,
        serialize_by_alias=True,
        hide_input_in_errors=True,
    )


def refuse(message: str, *, inside: Location = (), beside: Location = ()) -> PydanticCustomError:
    """Return a validation error with this message, for a validator to raise.

    `inside` is the part of the value that the problem points at. `beside` is another field of the same mapping: the
    problem points there if this field is not written."""
    return PydanticCustomError(
        REFUSED, "{message}", {"message": message, "inside": tuple(inside), "beside": tuple(beside)}
    )


@dataclass(frozen=True, slots=True)
class Text:
    """A constraint on text: a pattern for all of it, the largest length, and the end of the message "… is not"."""

    pattern: str
    meaning: str
    longest: int = 256

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$", "maxLength": self.longest}

    def _check(self, value: str) -> str:
        if len(value) > self.longest:
            raise refuse(f"{quote(value)} is longer than {self.longest} characters")
        if not re.fullmatch(self.pattern, value):
            raise refuse(f"{quote(value)} is not {self.meaning}")
        return value


def _distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    seen: set[T] = set()
    for index, value in enumerate(values):
        if value in seen:
            raise refuse(f"{quote(str(value))} is listed twice", inside=(index,))
        seen.add(value)
    return values


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(_DURATION, value) if isinstance(value, str) else None
    if match is None:
        raise refuse(f"{quote(str(value))} is not a duration: write it as 30s, 10m, 2h or 1d")
    duration = timedelta(seconds=_seconds(match))
    if duration > _LONGEST:
        raise refuse(f"{value} is longer than {_LONGEST.days}d")
    return duration


def write_duration(duration: timedelta) -> str:
    """Write a duration as in manifests, such as `30m`, in the largest unit that is exact."""
    seconds = int(duration.total_seconds())
    unit = next(unit for unit in reversed(_UNITS) if seconds % _UNITS[unit] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def _in_seconds(value: object) -> object:
    if isinstance(value, str) and (match := re.fullmatch(_DURATION, value)):
        raise refuse(f"{quote(value)} is a duration, but this time is in seconds: write {_seconds(match)}")
    return value


def _in_mebibytes(value: object) -> object:
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?([MG])i?B?", value) if isinstance(value, str) else None
    if match is not None:
        size = float(match[1]) * (1024 if match[2] == "G" else 1)
        raise refuse(f"{quote(str(value))} has a unit, but memory is in MiB: write {size:.0f}")
    return value


def _seconds(match: re.Match[str]) -> int:
    return int(match[1]) * _UNITS[match[2]]


def _date(value: object) -> object:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise refuse(f"{value} is not a day of the calendar") from error
    raise refuse(f"{quote(str(value))} is not a date: write it as 2027-01-31")


def _environment(name: str) -> str:
    if f"{name}-".startswith("internal-"):
        raise refuse(f"{quote(name)} begins with internal-, which AWS does not allow in names of load balancers")
    return name


_LABEL: Final = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
_LABEL_MEANING: Final = "a DNS label (lower-case letters, digits and single hyphens between them, a letter first)"

Name = Annotated[str, Text(_LABEL, _LABEL_MEANING, 24)]
EnvironmentName = Annotated[str, Text(_LABEL, _LABEL_MEANING, 16), AfterValidator(_environment)]
RootName = Annotated[str, Text(_LABEL, _LABEL_MEANING, 63)]
Environments = Annotated[
    tuple[EnvironmentName, ...], Field(min_length=1, max_length=MOST_ENVIRONMENTS), AfterValidator(_distinct)
]
DependsOn = Annotated[tuple[Name, ...], AfterValidator(_distinct)]
Distinct = AfterValidator(_distinct)
LabelName = Annotated[str, Text(r"[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?", "a label name", 63)]
TagValue = Annotated[
    str, Text(r"[\w.:/=+@-](?:[\w .:/=+@-]*[\w.:/=+@-])?", "a tag value (letters, digits, spaces, _.:/=+-@)")
]
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(write_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,6}[smhd]$", "examples": ["30s", "10m", "2h", "1d"]}),
]
Seconds = BeforeValidator(_in_seconds)
Mebibytes = BeforeValidator(_in_mebibytes)
Percent = Annotated[int, Field(ge=1, le=100)]
# For a field that was added later: while it is absent, digests and stored records stay as they were before it.
IfSet: Final = Field(exclude_if=lambda value: not value)
Date = Annotated[date, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
