"""The schedule of a job, in the words of EventBridge Scheduler: a cron expression, a rate, or one moment."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import AfterValidator, ValidationInfo, field_validator, model_validator

from desired_state.kinds.fields import Duration, IfSet, Strict, refuse, write_duration
from desired_state.kinds.policy import TimeZone
from desired_state.located import quote

_MONTHS: Final = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
_DAYS: Final = "SUN|MON|TUE|WED|THU|FRI|SAT"
# Source: EventBridge Scheduler user guide, "Schedule types", cron-based schedules: the fields, values and wildcards.
_FIELDS: Final[tuple[tuple[str, int, int, str, str], ...]] = (
    ("minutes", 0, 59, "", r"\*"),
    ("hours", 0, 23, "", r"\*"),
    ("day of the month", 1, 31, "", r"\*|\?|L|LW|[0-9]{1,2}W"),
    ("month", 1, 12, _MONTHS, r"\*"),
    ("day of the week", 1, 7, _DAYS, r"\*|\?|L|[1-7]L|[1-7]#[1-5]"),
    ("year", 1970, 2199, "", r"\*"),
)
_PARTS: Final = ("cron", "rate", "at")


def _cron(value: str) -> str:
    text = re.sub(r"^cron\((.*)\)$", r"\1", value.strip())
    fields = text.split()
    if len(fields) == 5:
        minutes, hours, day, month, week = fields
        day, week = ("?" if week != "*" and day == "*" else day), ("?" if week == "*" else week)
        wanted = " ".join((minutes, hours, day, month, week))
        raise refuse(
            f"{quote(value)} has five fields: EventBridge Scheduler has a sixth for the year, and a question mark for "
            f"the day that is not used, so write {quote(f'{wanted} *')} (its days of the week begin with SUN, or 1)"
        )
    if len(fields) != len(_FIELDS):
        raise refuse(f"{quote(value)} is not a cron expression: write six fields, such as {quote('0 3 * * ? *')}")
    for field, (name, least, most, names, wildcards) in zip(fields, _FIELDS, strict=True):
        if not all(_is_part(part, least, most, names, wildcards) for part in field.split(",")):
            raise refuse(f"{quote(field)} is not valid for the {name} of a cron expression ({least} to {most})")
    if (fields[2] == "?") == (fields[4] == "?"):
        raise refuse(
            f"{quote(value)} must have a question mark as the day of the month or as that of the week, not as both"
        )
    return " ".join(fields)


def _is_part(part: str, least: int, most: int, names: str, wildcards: str) -> bool:
    if re.fullmatch(wildcards, part):
        return True
    value = rf"(?:[0-9]{{1,4}}{f'|{names}' if names else ''})"
    if not re.fullmatch(rf"(?:\*|{value}(?:-{value})?)(?:/[0-9]{{1,4}})?", part):
        return False
    base, _, step = part.partition("/")
    return step != "0" and all(least <= int(number) <= most for number in re.findall(r"[0-9]+", base))


def _rate(value: timedelta) -> timedelta:
    if value < timedelta(minutes=1) or value.total_seconds() % 60:
        raise refuse(f"rate {write_duration(value)} is not a number of whole minutes: write 1m or more")
    return value


def _moment(value: str) -> str:
    try:
        moment = datetime.strptime(value, "%Y-%m-%dT%H:%M:%S")
    except ValueError as error:
        raise refuse(f"{quote(value)} is not a moment: write it as 2027-01-31T03:00:00, without a time zone") from error
    return moment.isoformat()


class Schedule(Strict):
    """The moments at which a job runs: one of `cron`, `rate` and `at`. `timezone` is that of `cron` and `at`."""

    cron: Annotated[str | None, AfterValidator(lambda value: value and _cron(value)), IfSet] = None
    rate: Annotated[Duration | None, AfterValidator(lambda value: value and _rate(value)), IfSet] = None
    at: Annotated[str | None, AfterValidator(lambda value: value and _moment(value)), IfSet] = None
    timezone: TimeZone = "UTC"
    enabled: bool = True

    @model_validator(mode="before")
    @classmethod
    def _exactly_one(cls, schedule: Any) -> Any:
        given = [name for name in _PARTS if isinstance(schedule, dict) and schedule.get(name) is not None]
        if isinstance(schedule, dict) and len(given) != 1:
            said = f"has {' and '.join(given)}" if given else "says no moment"
            raise refuse(f"the schedule {said}: write exactly one of cron, rate and at", inside=tuple(given[1:2]))
        return schedule

    @field_validator("timezone")
    @classmethod
    def _rates_have_none(cls, zone: str, info: ValidationInfo) -> str:
        if info.data.get("rate") is not None and zone != "UTC":
            raise refuse("a rate has no time zone: remove it, or write cron", beside=("rate",))
        return zone

    @property
    def expression(self) -> str:
        """Return the schedule expression of EventBridge Scheduler."""
        if self.cron is not None:
            return f"cron({self.cron})"
        if self.rate is not None:
            minutes = int(self.rate.total_seconds()) // 60
            return f"rate({minutes} {'minute' if minutes == 1 else 'minutes'})"
        return f"at({self.at})"
