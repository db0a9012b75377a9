"""The network of a service's tasks beside the load balancer: further security groups, ways out, Service Connect.

Sources: Amazon ECS API reference, AwsVpcConfiguration (five groups a task) and ServiceConnectConfiguration.
"""

from datetime import timedelta
from ipaddress import IPv4Network
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from desired_state.kinds.fields import Distinct, Duration, IfSet, Name, Strict, Text, refuse
from desired_state.located import quote

# Every service wears its own group and the environment's one for internal services, one with Kafka a third.
_MOST_GROUPS, _MOST_WAYS_OUT = 2, 20
_PRIVATE: Final = [IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
_LONGEST_CONNECT: Final = timedelta(days=1)


def _network(cidr: str) -> str:
    try:
        IPv4Network(cidr)
    except ValueError as error:
        raise refuse(f"{quote(cidr)} is not a range of IPv4 addresses: write it as 10.50.0.0/16") from error
    return cidr if "/" in cidr else f"{cidr}/32"


def _port(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _in_order(ports: str) -> str:
    first, _, last = ports.partition("-")
    if not 1 <= int(first) <= int(last or first) <= 65535:
        raise refuse(f"{quote(ports)} is not a port or a range of ports from 1 to 65535")
    return ports


SecurityGroupId = Annotated[str, Text(r"sg-(?:[0-9a-f]{8}|[0-9a-f]{17})", "the id of a security group", 20)]
Ports = Annotated[
    str,
    BeforeValidator(_port, json_schema_input_type=int | str),
    Text(r"[0-9]{1,5}(?:-[0-9]{1,5})?", "a port, or a range such as 8000-8100", 11),
    AfterValidator(_in_order),
]


class WayOut(Strict):
    """Connections that tasks may open: to a range of addresses, or to what wears a security group."""

    cidr: Annotated[Annotated[str, AfterValidator(_network)] | None, IfSet] = None
    group: Annotated[SecurityGroupId | None, IfSet] = None
    ports: Annotated[tuple[Ports, ...], Field(min_length=1, max_length=10), Distinct]
    protocol: Literal["tcp", "udp"] = "tcp"

    @model_validator(mode="after")
    def _one_destination(self) -> Self:
        if (self.cidr is None) == (self.group is None):
            raise refuse("a way out leads to either a cidr or a group: write one of them")
        return self

    @property
    def is_public(self) -> bool:
        """Return whether it leads to addresses that are not of private networks."""
        return self.cidr is not None and not any(IPv4Network(self.cidr).subnet_of(one) for one in _PRIVATE)


class Security(Strict):
    """Security groups that tasks wear beside those of the module, and ways out beside HTTPS and the VPC's networks."""

    groups: Annotated[Annotated[tuple[SecurityGroupId, ...], Field(max_length=_MOST_GROUPS), Distinct], IfSet] = ()
    egress: Annotated[Annotated[tuple[WayOut, ...], Field(max_length=_MOST_WAYS_OUT)], IfSet] = ()


class Connect(Strict):
    """Service Connect: tasks reach the environment's other services of it by their aliases, and are reached by theirs.

    Times apply to requests of callers."""

    alias: Annotated[Name | None, IfSet] = None
    port: Annotated[Annotated[int, Field(ge=1, le=65535)] | None, IfSet] = None
    protocol: Annotated[Literal["http", "http2", "grpc", "tcp"] | None, IfSet] = None
    idle_timeout: Annotated[Duration | None, IfSet] = None
    request_timeout: Annotated[Duration | None, IfSet] = None

    @field_validator("idle_timeout", "request_timeout")
    @classmethod
    def _at_most_a_day(cls, time: timedelta | None) -> timedelta | None:
        if time is not None and time > _LONGEST_CONNECT:
            raise refuse("a time-out is at most 24h")
        return time

    @model_validator(mode="after")
    def _requests_are_known(self) -> Self:
        if self.request_timeout is not None and self.protocol in (None, "tcp"):
            raise refuse("requestTimeout needs a protocol that has requests: http, http2 or grpc")
        return self

    @property
    def serves(self) -> bool:
        """Return whether others are to reach the service by an alias."""
        return self.alias is not None
