"""The traffic of a service: the rules at the load balancer, and its health check."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from desired_state.kinds.fields import Distinct, Seconds, Strict, Text, refuse

PathPattern = Annotated[str, Text(r"/[A-Za-z0-9_.$/~\"'@:+&*?-]*", 'a path pattern: it begins with "/"', 128)]
UrlPath = Annotated[str, Text(r"/[!-~]*", 'a path: it begins with "/" and has no spaces', 1024)]
Matcher = Annotated[
    str, Text(r"[2-4][0-9]{2}(?:[-,][2-4][0-9]{2})*", 'a matcher: write status codes such as "200" or "200-299"')
]


class Routing(Strict):
    """The requests that reach a public service. The rule with the lowest priority number wins.

    A task that is stopped has `deregistrationDelay` seconds to finish its requests."""

    paths: Annotated[tuple[PathPattern, ...], Field(min_length=1, max_length=5), Distinct]
    priority: Annotated[int, Field(ge=1, le=50000)]
    deregistration_delay: Annotated[int, Field(ge=0, le=900), Seconds] = 30


class HealthCheck(Strict):
    """The health check of the load balancer. Times are in seconds."""

    path: UrlPath
    interval: Annotated[int, Field(ge=5, le=300), Seconds] = 30
    timeout: Annotated[int, Field(ge=2, le=120), Seconds] = 5
    healthy_threshold: Annotated[int, Field(ge=2, le=10)] = 2
    unhealthy_threshold: Annotated[int, Field(ge=2, le=10)] = 3
    matcher: Matcher = "200-299"
    start_period: Annotated[int, Field(ge=0, le=300), Seconds] = 60

    @field_validator("timeout")
    @classmethod
    def _shorter_than_interval(cls, timeout: int, info: ValidationInfo) -> int:
        interval = info.data.get("interval")
        if interval is not None and timeout >= interval:
            raise refuse(f"timeout {timeout} is not shorter than interval {interval}", beside=("interval",))
        return timeout
