"""The number of tasks of a service: its bounds, at which times others hold, and what autoscaling aims at."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from desired_state.kinds.fields import IfSet, Percent, Seconds, Strict, Text, refuse
from desired_state.kinds.policy import TimeZone
from desired_state.located import Location, quote

_MOST: Final = 5000
_TIME: Final = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?"
_ANY: Final = "?"

QueueName = Annotated[str, Text(r"[A-Za-z0-9_-]{1,80}", "the name of an SQS queue (not its URL or ARN)", 80)]
Tasks = Annotated[int, Field(ge=0, le=_MOST)]


def _cron(expression: str) -> str:
    """Refuse what EventBridge would. Source: Application Auto Scaling user guide, "Cron expressions"."""
    fields = expression.split()
    if len(fields) == 5 and not re.search(r"[^-0-9A-Za-z*,/? ]", expression):
        minute, hour, day, month, weekday = fields
        both = (_ANY, weekday) if weekday != "*" else (day, _ANY)
        suggestion = " ".join([minute, hour, both[0], month, both[1], "*"])
        raise refuse(
            f"{quote(expression)} has five fields, but AWS wants six, the last one the year: "
            f"write {quote(suggestion)}, and days of the week as SUN to SAT, or 1 (Sunday) to 7"
        )
    if len(fields) != 6 or not all(re.fullmatch(r"[-0-9A-Za-z*,/?#]+", field) for field in fields):
        raise refuse(f"{quote(expression)} is not a time table: write minute, hour, day, month, day of the week, year")
    if (fields[2] == _ANY) == (fields[4] == _ANY):
        raise refuse(f'{quote(expression)} needs "?" as day or as day of the week: AWS takes exactly one of the two')
    return expression


def _moment(text: str) -> str:
    try:
        if not re.fullmatch(_TIME, text):
            raise ValueError(text)
        return datetime.fromisoformat(text).isoformat()
    except ValueError as error:
        raise refuse(f'{quote(text)} is not a time: write it as "2027-01-31T08:00", in quotes') from error


class Schedule(Strict):
    """The bounds that hold from a time on, until those of another schedule do. `cron` has AWS's six fields."""

    cron: Annotated[Annotated[str, AfterValidator(_cron)] | None, IfSet] = None
    at: Annotated[Annotated[str, AfterValidator(_moment)] | None, IfSet] = None
    timezone: TimeZone = "UTC"
    min: Tasks
    max: Tasks

    @field_validator("max")
    @classmethod
    def _ordered(cls, value: int, info: ValidationInfo) -> int:
        return _ordered(value, info)

    @model_validator(mode="after")
    def _one_time(self) -> "Schedule":
        if (self.cron is None) == (self.at is None):
            raise refuse("a schedule has either cron (again and again) or at (once)")
        return self


class Queue(Strict):
    """An SQS queue of the environment's account and region, and the messages in it for each task to aim at."""

    name: QueueName
    backlog_per_task: Annotated[int, Field(ge=1, le=1_000_000)]


class Cooldowns(Strict):
    """The seconds between two steps of autoscaling, down (`in`) and up (`out`)."""

    in_: Annotated[int | None, Field(alias="in", ge=0, le=3600), Seconds] = None
    out: Annotated[int | None, Field(ge=0, le=3600), Seconds] = None


class Scaling(Strict):
    """The number of tasks, and the targets of autoscaling: mean CPU and memory use in percent, and what is asked for of
    requests and queues."""

    min: Tasks
    max: Annotated[int, Field(ge=1, le=_MOST)]
    cpu: Percent = 60
    memory: Percent = 70
    requests_per_target: Annotated[int | None, Field(ge=1, le=1_000_000), IfSet] = None
    queue: Annotated[Queue | None, IfSet] = None
    schedules: Annotated[tuple[Schedule, ...], Field(max_length=50), IfSet] = ()
    cooldowns: Annotated[Cooldowns | None, IfSet] = None

    @field_validator("max")
    @classmethod
    def _ordered(cls, value: int, info: ValidationInfo) -> int:
        return _ordered(value, info)

    def check_kind(self, *, public: bool, worker: bool) -> None:
        """Refuse what this kind of service cannot have: requests without a load balancer, callers without a task."""
        if self.requests_per_target is not None and not public:
            message = "requestsPerTarget counts requests at the load balancer, which only a public service has"
            raise refuse(f"{message}: remove it", inside=("requestsPerTarget",))
        if self.min == 0 and not worker:
            message = "min 0 is for workers (internal services without port): callers of this one would find nothing"
            raise refuse(f"{message}, so write at least 1", inside=("min",))
        if self.min == 0 and self.queue is None and all(one.min == 0 for one in self.schedules):
            raise refuse("min 0 needs queue, or a schedule with more: nothing else starts a task", inside=("min",))

    def bounds(self) -> Iterator[tuple[Location, int]]:
        """Yield each smallest number of tasks, with its place in the spec."""
        yield ("scaling", "min"), self.min
        for index, one in enumerate(self.schedules):
            yield ("scaling", "schedules", index, "min"), one.min

    @property
    def fewest(self) -> int:
        """Return the smallest number of tasks at any time."""
        return min(fewest for _, fewest in self.bounds())

    @property
    def most(self) -> int:
        """Return the largest number of tasks at any time."""
        return max([self.max, *(one.max for one in self.schedules)])


def _ordered(value: int, info: ValidationInfo) -> int:
    if value < info.data.get("min", value):
        raise refuse(f"max {value} is less than min {info.data['min']}", beside=("min",))
    return value
