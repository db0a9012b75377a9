"""The traffic of a service: the rules at the load balancer, the way to its tasks, and its health check."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from desired_state.kinds.container.check import CheckCommand
from desired_state.kinds.fields import Duration, IfSet, Seconds, Strict, Text, refuse, write_duration
from desired_state.kinds.service.rules import Algorithm, Conditions, CookieName, Redirect, Rule, reserved_cookie
from desired_state.located import Location, quote

# Source: Elastic Load Balancing API reference, TargetGroupAttribute, slow_start.duration_seconds, stickiness.
_SHORTEST_START, _LONGEST_START = timedelta(seconds=30), timedelta(minutes=15)
MOST_RULES: Final = 5

UrlPath = Annotated[str, Text(r"/[!-~]*", 'a path: it begins with "/" and has no spaces', 1024)]
# HTTP codes of three digits, or gRPC codes of one or two.
Matcher = Annotated[
    str,
    Text(
        r"[2-4][0-9]{2}(?:[-,][2-4][0-9]{2})*|[0-9]{1,2}(?:[-,][0-9]{1,2})*",
        'a matcher: write status codes such as "200" or "200-299"',
    ),
]

_USUAL_ANSWERS: Final = "200-299"


class Stickiness(Strict):
    """A browser's requests go to the same task for `duration`, by a cookie of the load balancer.

    With `cookie`, they do so once the service itself has set that cookie."""

    duration: Duration = timedelta(days=1)
    cookie: Annotated[CookieName | None, IfSet] = None

    @field_validator("cookie")
    @classmethod
    def _not_reserved(cls, cookie: str | None) -> str | None:
        if cookie is not None and reserved_cookie(cookie):
            raise refuse(f"{quote(cookie)} begins as the load balancer's own cookies do: take another name")
        return cookie


class Routing(Conditions):
    """The requests that reach a public service. The rule with the lowest priority number wins.

    A task that is stopped has `deregistrationDelay` seconds to finish its requests."""

    deregistration_delay: Annotated[int, Field(ge=0, le=900), Seconds] = 30
    rules: Annotated[Annotated[tuple[Rule, ...], Field(max_length=MOST_RULES)], IfSet] = ()
    redirects: Annotated[Annotated[tuple[Redirect, ...], Field(max_length=MOST_RULES)], IfSet] = ()
    stickiness: Annotated[Stickiness | None, IfSet] = None
    slow_start: Annotated[Duration | None, IfSet] = None
    algorithm: Annotated[Algorithm | None, IfSet] = None
    protocol_version: Annotated[Literal["HTTP1", "HTTP2", "GRPC"] | None, IfSet] = None

    @field_validator("slow_start")
    @classmethod
    def _limits_of_a_slow_start(cls, time: timedelta | None) -> timedelta | None:
        if time is not None and not _SHORTEST_START <= time <= _LONGEST_START:
            bounds = f"{write_duration(_SHORTEST_START)} to {write_duration(_LONGEST_START)}"
            raise refuse(f"slowStart {write_duration(time)} is out of range: write {bounds}")
        return time

    @field_validator("algorithm")
    @classmethod
    def _fits_slow_start(cls, algorithm: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("slow_start") and algorithm not in (None, "round_robin"):
            raise refuse(f"{algorithm} has no slow start: remove slowStart, or write round_robin")
        return algorithm

    @model_validator(mode="after")
    def _one_rule_for_each_priority(self) -> Self:
        taken: set[int] = set()
        for place, one in self.parts():
            if one.priority in taken:
                raise refuse(f"priority {one.priority} is used twice by this service", inside=(*place, "priority"))
            taken.update([one.priority] if one.priority else [])
        return self

    def parts(self) -> Iterator[tuple[Location, Conditions]]:
        """Yield all rules with their places below `routing`: the service's own one first, redirects last."""
        yield (), self
        yield from ((("rules", index), one) for index, one in enumerate(self.rules))
        yield from ((("redirects", index), one) for index, one in enumerate(self.redirects))

    def with_part(self, place: Location, rule: Conditions) -> "Routing":
        """Return the routing with priority, paths and hosts of one rule in place of those at its place."""
        given = {"priority": rule.priority, "paths": rule.paths, "hosts": rule.hosts}
        if not place:
            return self.model_copy(update=given)
        field, index = place
        parts = list(getattr(self, str(field)))
        parts[int(index)] = parts[int(index)].model_copy(update=given)
        return self.model_copy(update={str(field): tuple(parts)})


class HealthCheck(Strict):
    """The health check: `path` is asked by the load balancer, at `port` or where requests go to; `command` runs in the
    container. Times are in seconds.

    Without `command` the container of a known runtime asks for the path itself."""

    path: Annotated[UrlPath | None, IfSet] = None
    command: Annotated[CheckCommand | None, IfSet, Field(validate_default=True)] = None
    interval: Annotated[int, Field(ge=5, le=300), Seconds] = 30
    timeout: Annotated[int, Field(ge=2, le=120), Seconds] = 5
    healthy_threshold: Annotated[int, Field(ge=2, le=10)] = 2
    unhealthy_threshold: Annotated[int, Field(ge=2, le=10)] = 3
    matcher: Matcher = _USUAL_ANSWERS
    start_period: Annotated[int, Field(ge=0, le=300), Seconds] = 60
    port: Annotated[Annotated[int, Field(ge=1, le=65535)] | None, IfSet] = None

    @field_validator("command")
    @classmethod
    def _something_to_check(cls, command: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        if command is None and info.data.get("path", "") is None:
            raise refuse(
                "healthCheck needs path (what the load balancer asks for), command (run in the container) or both"
            )
        return command

    @field_validator("matcher")
    @classmethod
    def _of_a_path(cls, matcher: str, info: ValidationInfo) -> str:
        if info.data.get("path", "") is None and matcher != _USUAL_ANSWERS:
            raise refuse("matcher is about the answer to a path: add path, or remove it")
        return matcher

    @field_validator("timeout")
    @classmethod
    def _shorter_than_interval(cls, timeout: int, info: ValidationInfo) -> int:
        interval = info.data.get("interval")
        if interval is not None and timeout >= interval:
            raise refuse(f"timeout {timeout} is not shorter than interval {interval}", beside=("interval",))
        return timeout


def fits_protocol(check: HealthCheck | None, routing: Routing | None) -> HealthCheck | None:
    """Validate that the load balancer asks for codes of the protocol: HTTP has three digits, gRPC one or two."""
    if check is None:
        return check
    is_grpc = routing is not None and routing.protocol_version == "GRPC"
    if check.path is not None and is_grpc != (re.match(r"[0-9]{1,2}(?![0-9])", check.matcher) is not None):
        codes = 'gRPC answers with codes such as "0" or "0-99"' if is_grpc else 'HTTP answers with codes such as "200"'
        raise refuse(f"{codes}, not {quote(check.matcher)}: write such a matcher", inside=("matcher",))
    if routing is None and check.port is not None:
        raise refuse("port is where the load balancer asks: only a public service has it", inside=("port",))
    return check
