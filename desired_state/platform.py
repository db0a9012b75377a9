"""What an environment is: its network, load balancer, cluster, tags and connections.

The rule: the Platform manifest is the one source of an environment's settings.
"""

from ipaddress import IPv4Network
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from desired_state.fields import Distinct, Environments, Strict, TagValue, Text, refuse
from desired_state.located import quote
from desired_state.policy import Policy

_PRIVATE: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))


def _cidr(value: str) -> str:
    try:
        network = IPv4Network(value)
    except ValueError as error:
        raise refuse(f"{quote(value)} is not an IPv4 range such as 10.10.0.0/16") from error
    if not 16 <= network.prefixlen <= 20:
        raise refuse(f"{value} does not fit: three private and three public subnets need a range from /16 to /20")
    if not any(network.subnet_of(private) for private in _PRIVATE):
        raise refuse(f"{value} is not a private range (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10)")
    return str(network)


def _one_region(zones: tuple[str, ...]) -> tuple[str, ...]:
    for index, zone in enumerate(zones):
        if zone[:-1] != zones[0][:-1]:
            raise refuse(f"{zone} is in another region than {zones[0]}", inside=(index,))
    return zones


def _arn(service: str, resource: str, meaning: str) -> Text:
    return Text(rf"arn:aws[a-z-]*:{service}:[a-z0-9-]+:[0-9]{{12}}:{resource}/[A-Za-z0-9-]+", meaning)


Cidr = Annotated[str, AfterValidator(_cidr), WithJsonSchema({"type": "string", "examples": ["10.10.0.0/16"]})]
Zone = Annotated[str, Text(r"[a-z]{2}(?:-[a-z0-9]+)+-[0-9][a-z]", "an availability zone such as eu-central-1a")]
CertificateArn = Annotated[str, _arn("acm", "certificate", "the ARN of a certificate in ACM")]
ConnectionArn = Annotated[
    str, _arn("(?:codestar-connections|codeconnections)", "connection", "the ARN of a CodeConnections connection")
]
SecurityGroupId = Annotated[str, Text(r"sg-[0-9a-f]{8,17}", "the id of a security group such as sg-0a1b2c3d4e5f60718")]


class Network(Strict):
    """The VPC: one range over three zones, and how its private subnets reach the internet."""

    cidr: Cidr
    availability_zones: Annotated[
        tuple[Zone, ...], Field(min_length=3, max_length=3), Distinct, AfterValidator(_one_region)
    ]
    nat: Literal["one_per_az", "single", "none"] = "one_per_az"


class Alb(Strict):
    """The load balancer that all public services of the environment share."""

    certificate_arn: CertificateArn


class Cluster(Strict):
    """The ECS cluster."""

    insights: Literal["enabled", "enhanced"] = "enabled"
    spot: bool = False


class Delivery(Strict):
    """The connection through which the pipelines read source code."""

    connection_arn: ConnectionArn


class KafkaAccess(Strict):
    """The brokers' security group, which services with Kafka may reach."""

    broker_security_group_id: SecurityGroupId


class Tags(Strict):
    """Who owns and pays for what the environment holds."""

    owner: TagValue
    cost_center: TagValue
    compliance: TagValue


class PlatformSpec(Strict):
    """An environment."""

    environments: Environments
    network: Network
    alb: Alb
    tags: Tags
    cluster: Cluster = Cluster()
    delivery: Delivery | None = None
    kafka: KafkaAccess | None = None
    policy: Policy = Policy()
