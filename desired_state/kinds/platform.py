"""The spec of an environment: network, load balancer, cluster, secrets, tags and connections.

The Platform manifest is the only source of these settings.
"""

from ipaddress import IPv4Network
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from desired_state.kinds.adoption import Imports
from desired_state.kinds.container.secret import SecretName
from desired_state.kinds.fields import Distinct, Environments, IfSet, Strict, TagValue, Text, refuse
from desired_state.kinds.policy import Policy
from desired_state.located import quote

_PRIVATE: Final = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))


def _cidr(value: str) -> str:
    try:
        network = IPv4Network(value)
    except ValueError as error:
        raise refuse(f"{quote(value)} is not an IPv4 range such as 10.10.0.0/16") from error
    if not any(network.subnet_of(private) for private in _PRIVATE):
        raise refuse(f"{value} is not a private range (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10)")
    return str(network)


def _room_for_subnets(value: str) -> str:
    if not 16 <= IPv4Network(value).prefixlen <= 20:
        raise refuse(f"{value} does not fit: three private and three public subnets need a range from /16 to /20")
    return value


def _one_region(zones: tuple[str, ...]) -> tuple[str, ...]:
    for index, zone in enumerate(zones):
        if zone[:-1] != zones[0][:-1]:
            raise refuse(f"{zone} is in another region than {zones[0]}", inside=(index,))
    return zones


def _arn(service: str, resource: str, meaning: str) -> Text:
    return Text(rf"arn:aws[a-z-]*:{service}:[a-z0-9-]+:[0-9]{{12}}:{resource}/[A-Za-z0-9-]+", meaning)


_CIDR_SCHEMA: Final = WithJsonSchema({"type": "string", "examples": ["10.10.0.0/16"]})
Cidr = Annotated[str, AfterValidator(_cidr), AfterValidator(_room_for_subnets), _CIDR_SCHEMA]
PeerCidr = Annotated[str, AfterValidator(_cidr), _CIDR_SCHEMA]
PeerName = Annotated[str, Text(r"[a-z0-9-]+", "a name of lower-case letters, digits and hyphens", 32)]
VpcId = Annotated[str, Text(r"vpc-[0-9a-f]{8,17}", "the id of a VPC such as vpc-0a1b2c3d4e5f60718")]
Account = Annotated[str, Text(r"[0-9]{12}", "an AWS account id: write 12 digits, in quotes")]
Email = Annotated[str, Text(r"[^@\s]+@[^@\s]+\.[^@\s.]+", "an email address", 254)]
FunctionArn = Annotated[
    str, Text(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_:-]+", "the ARN of a Lambda function")
]
Zone = Annotated[str, Text(r"[a-z]{2}(?:-[a-z0-9]+)+-[0-9][a-z]", "an availability zone such as eu-central-1a")]
CertificateArn = Annotated[str, _arn("acm", "certificate", "the ARN of a certificate in ACM")]
ConnectionArn = Annotated[
    str, _arn("(?:codestar-connections|codeconnections)", "connection", "the ARN of a CodeConnections connection")
]
ExemptReason = Annotated[
    str, Text(r"[\w .:/=+@-]{10,}", "a reason (at least 10 letters, digits, spaces and .:/=+-@, which fit in a tag)")
]
DataArn = Annotated[
    str,
    Text(
        r"arn:aws[a-z-]*:(?:dynamodb|events|kafka|kinesis|kms|s3|secretsmanager|sns|sqs|ssm):[A-Za-z0-9_.:/*-]+",
        "the ARN (with * for parts of it) of something in DynamoDB, EventBridge, MSK, Kinesis, S3, SNS or SQS, or of a "
        "secret, parameter or key",
        200,
    ),
]
# Source: "Update your security groups to reference peer security groups" in the VPC peering guide.
SecurityGroupId = Annotated[
    str,
    Text(
        r"(?:[0-9]{12}/)?sg-[0-9a-f]{8,17}",
        "the id of a security group such as sg-0a1b2c3d4e5f60718, after its account and / where that is another one",
    ),
]
PeeringId = Annotated[str, Text(r"pcx-[0-9a-f]{8,17}", "the id of a peering connection such as pcx-0a1b2c3d4e5f60718")]


class Peering(Strict):
    """Another VPC that the private subnets reach, asked for by its id or accepted by the connection's.

    `account` is its AWS account, if that is another one. `accepted` says that it accepted the peering, `callers` that
    its addresses may call internal services.
    """

    vpc_id: Annotated[VpcId | None, IfSet] = None
    cidr: PeerCidr
    account: Account | None = None
    connection_id: Annotated[PeeringId | None, IfSet, Field(validate_default=True)] = None
    accepted: Annotated[bool, IfSet] = False
    callers: Annotated[bool, IfSet] = False

    @field_validator("connection_id")
    @classmethod
    def _one_side(cls, connection: str | None, info: ValidationInfo) -> str | None:
        if "vpc_id" in info.data and (connection is None) == (info.data["vpc_id"] is None):
            raise refuse(
                "a peering needs either vpcId, to request it, or connectionId, to accept what the other side requested",
                beside=("vpc_id",),
            )
        return connection


class Network(Strict):
    """The VPC: one address range over three zones, the NAT gateways of its private subnets, and its peerings."""

    cidr: Cidr
    availability_zones: Annotated[
        tuple[Zone, ...], Field(min_length=3, max_length=3), Distinct, AfterValidator(_one_region)
    ]
    nat: Literal["one_per_az", "single", "none"] = "one_per_az"
    peerings: Annotated[dict[PeerName, Peering], Field(max_length=10)] = Field(default_factory=dict)
    allow_prod_peering: bool = False

    @field_validator("peerings")
    @classmethod
    def _apart(cls, peerings: dict[str, Peering], info: ValidationInfo) -> dict[str, Peering]:
        ranges = {"this network": IPv4Network(info.data["cidr"])} if "cidr" in info.data else {}
        for name, peering in peerings.items():
            mine = IPv4Network(peering.cidr)
            for other, taken in ranges.items():
                if mine.overlaps(taken):
                    raise refuse(f"{peering.cidr} overlaps {taken} of {other}", inside=(name, "cidr"))
            ranges[name] = mine
        return peerings


class Alb(Strict):
    """The load balancer of all public services of the environment."""

    certificate_arn: CertificateArn
    firewall: bool = True
    # Left out of digests and records while it is the default, as before it was added.
    firewall_mode: Annotated[Literal["block", "count"], Field(exclude_if=lambda mode: mode == "block")] = "block"
    rate_limit: Annotated[int, Field(ge=10, le=2_000_000_000)] = 2000


class Cluster(Strict):
    """The ECS cluster. Without `insights` the tier decides: enhanced in prod, enabled in the others."""

    insights: Literal["enabled", "enhanced"] | None = None
    spot: bool = False


class Delivery(Strict):
    """The connection through which the pipelines read source code."""

    connection_arn: ConnectionArn


class KafkaAccess(Strict):
    """The Kafka brokers that services with `kafka` may reach: by their security group, their addresses, or both."""

    broker_security_group_id: SecurityGroupId | None = None
    broker_cidrs: Annotated[tuple[PeerCidr, ...], Distinct, IfSet, Field(validate_default=True)] = ()

    @field_validator("broker_cidrs")
    @classmethod
    def _somewhere(cls, cidrs: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not cidrs and info.data.get("broker_security_group_id", "") is None:
            raise refuse("kafka needs brokerSecurityGroupId or brokerCidrs", beside=("broker_security_group_id",))
        return cidrs


class Subscribers(Strict):
    """The email addresses that get alarms, and pipelines that fail, succeed or wait for approval."""

    alarms: Annotated[tuple[Email, ...], Distinct] = ()
    deliveries: Annotated[tuple[Email, ...], Distinct] = ()


class Rotation(Strict):
    """The function that writes a new value into a secret, and the interval in days."""

    lambda_arn: FunctionArn
    days: Annotated[int, Field(ge=1, le=90)] = 30


class Secret(Strict):
    """A secret without its value: its rotation, or the reason for having none."""

    rotation: Rotation | None = None
    rotation_exempt_reason: Annotated[ExemptReason | None, Field(validate_default=True)] = None

    @field_validator("rotation_exempt_reason")
    @classmethod
    def _one_of_both(cls, reason: str | None, info: ValidationInfo) -> str | None:
        if "rotation" in info.data and (reason is None) == (info.data["rotation"] is None):
            raise refuse("a secret needs either rotation or rotationExemptReason", beside=("rotation",))
        return reason


class Tags(Strict):
    """The tags of every resource of the environment."""

    owner: TagValue
    cost_center: TagValue
    compliance: TagValue


class PlatformSpec(Strict):
    """The settings of an environment, which its services share."""

    environments: Environments
    network: Network
    alb: Alb
    tags: Tags
    cluster: Cluster = Cluster()
    delivery: Delivery | None = None
    subscribers: Subscribers = Subscribers()
    secrets: dict[SecretName, Secret] = Field(default_factory=dict)
    kafka: KafkaAccess | None = None
    data_resources: Annotated[tuple[DataArn, ...], Field(max_length=12), Distinct, IfSet] = ()
    imports: Imports = ()
    policy: Policy = Policy()
