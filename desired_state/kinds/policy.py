"""The policy of an instance: its mode, change windows, drift checks, and ignored drift.

A policy is not part of the source digest, so changing an interval or a window does not cause a new plan.
"""

import re
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from desired_state.kinds.fields import Date, Distinct, Duration, Strict, TagValue, refuse
from desired_state.located import quote

Mode = Literal["auto", "approve", "observe"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _time(value: str) -> str:
    if not re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise refuse(f'{quote(value)} is not a time of day: write it as "08:00", in quotes')
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (LookupError, ValueError, OSError) as error:  # OSError: the name is a folder, such as Europe
        raise refuse(f"{quote(value)} is not a time zone: write it as Europe/Berlin or UTC") from error
    return value


TimeZone = Annotated[str, AfterValidator(_zone)]
Time = Annotated[str, AfterValidator(_time), WithJsonSchema({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"})]


class Window(Strict):
    """A change window: hours on days of the week at which changes may be applied. A window whose end is before its
    start ends on the next day and belongs to the day on which it starts."""

    days: Annotated[tuple[Day, ...], Field(min_length=1), Distinct]
    from_: Annotated[Time, Field(alias="from")]
    to: Time
    timezone: TimeZone

    @field_validator("to")
    @classmethod
    def _not_empty(cls, to: str, info: ValidationInfo) -> str:
        if to == info.data.get("from_"):
            raise refuse(f"the window starts and ends at {to}: for whole days write 00:00 to 23:59", beside=("from",))
        return to

    def contains(self, moment: datetime) -> bool:
        """Return whether the window is open at this moment; its end is not part of it.

        Raises ValueError for a moment without a time zone."""
        if moment.tzinfo is None:
            raise ValueError("a window can be compared only with a time that has a time zone")
        local = moment.astimezone(ZoneInfo(self.timezone))
        time = f"{local:%H:%M}"
        today = _DAYS[local.weekday()] in self.days
        if self.from_ < self.to:
            return today and self.from_ <= time < self.to
        yesterday = _DAYS[local.weekday() - 1] in self.days
        return (today and time >= self.from_) or (yesterday and time < self.to)


class Ignore(Strict):
    """Drift of one attribute that `owner` is responsible for, ignored until a day."""

    address: Annotated[str, Field(min_length=1)]
    path: Annotated[str, Field(min_length=1)]
    owner: TagValue
    until: Date


class Policy(Strict):
    """The rules by which the daemon reconciles an instance."""

    mode: Mode = "auto"
    prune: bool = True
    interval: Duration = timedelta(minutes=30)
    suspend: bool = False
    windows: tuple[Window, ...] = ()
    ignore: tuple[Ignore, ...] = ()
