"""The traffic of a service: the rules at the load balancer, and its health check."""

from typing import Annotated, Final

from pydantic import Field, ValidationInfo, field_validator

from desired_state.kinds.fields import Distinct, IfSet, Seconds, Strict, Text, refuse
from desired_state.kinds.service.check import CheckCommand

PathPattern = Annotated[str, Text(r"/[A-Za-z0-9_.$/~\"'@:+&*?-]*", 'a path pattern: it begins with "/"', 128)]
UrlPath = Annotated[str, Text(r"/[!-~]*", 'a path: it begins with "/" and has no spaces', 1024)]
Matcher = Annotated[
    str, Text(r"[2-4][0-9]{2}(?:[-,][2-4][0-9]{2})*", 'a matcher: write status codes such as "200" or "200-299"')
]

_USUAL_ANSWERS: Final = "200-299"


class Routing(Strict):
    """The requests that reach a public service. The rule with the lowest priority number wins.

    A task that is stopped has `deregistrationDelay` seconds to finish its requests."""

    paths: Annotated[tuple[PathPattern, ...], Field(min_length=1, max_length=5), Distinct]
    priority: Annotated[int, Field(ge=1, le=50000)]
    deregistration_delay: Annotated[int, Field(ge=0, le=900), Seconds] = 30


class HealthCheck(Strict):
    """The health check: `path` is asked by the load balancer, `command` runs in the container. Times are in seconds.

    Without `command` the container of a known runtime asks for the path itself."""

    path: Annotated[UrlPath | None, IfSet] = None
    command: Annotated[CheckCommand | None, IfSet, Field(validate_default=True)] = None
    interval: Annotated[int, Field(ge=5, le=300), Seconds] = 30
    timeout: Annotated[int, Field(ge=2, le=120), Seconds] = 5
    healthy_threshold: Annotated[int, Field(ge=2, le=10)] = 2
    unhealthy_threshold: Annotated[int, Field(ge=2, le=10)] = 3
    matcher: Matcher = _USUAL_ANSWERS
    start_period: Annotated[int, Field(ge=0, le=300), Seconds] = 60

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
