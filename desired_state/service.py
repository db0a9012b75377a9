"""What a service is: one container image behind a load balancer, inside the network, or a worker.

The rule: what is accepted here can run. Rules between fields are checked on the later field, so that
one broken rule does not hide another.
"""

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from desired_state.fargate import SIZES, complaint_about_cpu, complaint_about_memory
from desired_state.fields import DependsOn, Distinct, Environments, Strict, Text, refuse
from desired_state.located import quote
from desired_state.policy import Policy

_SECRET_NAME: Final = re.compile(r"password|secret|token|api_?key|private_?key", re.IGNORECASE)
_ARN_END: Final = re.compile(r"-[A-Za-z0-9]{6}$")  # Secrets Manager adds such an end to every secret's ARN
_KAFKA_VARIABLE: Final = "KAFKA_BOOTSTRAP_SERVERS"


def _not_secret(name: str) -> str:
    if _SECRET_NAME.search(name):
        raise refuse(f"{name} looks like a secret: put it in Secrets Manager, and its name there under secrets")
    return name


def _clear_name(secret: str) -> str:
    if _ARN_END.search(secret):
        raise refuse(f"{quote(secret)} ends like an ARN, in a hyphen and six characters: AWS would confuse the two")
    return secret


Repository = Annotated[str, Text(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", "a repository: write owner/name", 140)]
Tag = Annotated[str, Text(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", "an image tag", 128)]
PathPattern = Annotated[str, Text(r"/[A-Za-z0-9_.$/~\"'@:+&*?-]*", 'a path pattern: it begins with "/"', 128)]
UrlPath = Annotated[str, Text(r"/[!-~]*", 'a path: it begins with "/" and has no spaces', 1024)]
VariableName = Annotated[str, Text(r"[A-Za-z_][A-Za-z0-9_]*", "the name of an environment variable", 255)]
PlainVariableName = Annotated[VariableName, AfterValidator(_not_secret)]
SecretName = Annotated[
    str,
    Text(r"[A-Za-z0-9/_+=.@-]+", "the name of a secret in Secrets Manager (not its ARN)", 512),
    AfterValidator(_clear_name),
]
Matcher = Annotated[str, Text(r"[2-4][0-9]{2}(?:[-,][2-4][0-9]{2})*", 'HTTP status codes such as "200" or "200-299"')]
Broker = Annotated[str, Text(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?:[1-9][0-9]{0,4}", "a broker: write host:port")]
Port = Annotated[int, Field(ge=1, le=65535)]
Percent = Annotated[int, Field(ge=1, le=100)]


class Image(Strict):
    """The image that Git decides on; without it the pipeline does."""

    tag: Tag


class Scaling(Strict):
    """How many tasks, and the mean cpu and memory use in percent that scaling aims at."""

    min: Annotated[int, Field(ge=1, le=5000)]
    max: Annotated[int, Field(ge=1, le=5000)]
    cpu: Percent = 60
    memory: Percent = 70

    @field_validator("max")
    @classmethod
    def _ordered(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("min", value):
            raise refuse(f"max {value} is less than min {info.data['min']}", beside=("min",))
        return value


class Routing(Strict):
    """Which requests reach a public service. The rule with the lowest priority number wins."""

    paths: Annotated[tuple[PathPattern, ...], Field(min_length=1, max_length=5), Distinct]
    priority: Annotated[int, Field(ge=1, le=50000)]


class HealthCheck(Strict):
    """How the load balancer sees that a task is well. Times are in seconds."""

    path: UrlPath
    interval: Annotated[int, Field(ge=5, le=300)] = 30
    timeout: Annotated[int, Field(ge=2, le=120)] = 5
    healthy_threshold: Annotated[int, Field(ge=2, le=10)] = 2
    unhealthy_threshold: Annotated[int, Field(ge=2, le=10)] = 3
    matcher: Matcher = "200-299"
    start_period: Annotated[int, Field(ge=0, le=300)] = 60

    @field_validator("timeout")
    @classmethod
    def _shorter_than_interval(cls, timeout: int, info: ValidationInfo) -> int:
        interval = info.data.get("interval")
        if interval is not None and timeout >= interval:
            raise refuse(f"timeout {timeout} is not shorter than interval {interval}", beside=("interval",))
        return timeout


class Kafka(Strict):
    """The brokers that the service talks to, given to it as KAFKA_BOOTSTRAP_SERVERS."""

    brokers: Annotated[tuple[Broker, ...], Field(min_length=1), Distinct]

    @field_validator("brokers")
    @classmethod
    def _ports(cls, brokers: tuple[str, ...]) -> tuple[str, ...]:
        for index, broker in enumerate(brokers):
            if int(broker.rpartition(":")[2]) > 65535:
                raise refuse(f"{quote(broker)} has a port above 65535", inside=(index,))
        return brokers


class ServiceSpec(Strict):
    """A service in one environment, or the part of it that all environments share."""

    environments: Environments
    type: Literal["public", "internal"]
    runtime: Literal["nodejs", "python"]
    repository: Repository
    image: Image | None = None
    cpu: Annotated[int, Field(json_schema_extra={"enum": list(SIZES)})]
    memory: int
    port: Annotated[Port | None, Field(validate_default=True)] = None
    scaling: Scaling
    routing: Annotated[Routing | None, Field(validate_default=True)] = None
    health_check: HealthCheck | None = None
    env: dict[PlainVariableName, str] = Field(default_factory=dict)
    secrets: dict[VariableName, SecretName] = Field(default_factory=dict)
    kafka: Kafka | None = None
    depends_on: DependsOn = ()
    policy: Policy = Policy()

    @field_validator("cpu")
    @classmethod
    def _fargate_cpu(cls, cpu: int) -> int:
        if complaint := complaint_about_cpu(cpu):
            raise refuse(complaint)
        return cpu

    @field_validator("memory")
    @classmethod
    def _fargate_memory(cls, memory: int, info: ValidationInfo) -> int:
        if complaint := complaint_about_memory(info.data.get("cpu", 0), memory):
            raise refuse(complaint, beside=("cpu",))
        return memory

    @field_validator("port")
    @classmethod
    def _port_fits_type(cls, port: int | None, info: ValidationInfo) -> int | None:
        if port is None and info.data.get("type") == "public":
            raise refuse("a public service needs a port", beside=("type",))
        return port

    @field_validator("routing")
    @classmethod
    def _routing_fits_type(cls, routing: Routing | None, info: ValidationInfo) -> Routing | None:
        kind = info.data.get("type")
        if kind == "public" and routing is None:
            raise refuse("a public service needs routing (paths and priority)", beside=("type",))
        if kind == "internal" and routing is not None:
            raise refuse("an internal service has no routing: remove it, or write type: public", beside=("type",))
        return routing

    @field_validator("health_check")
    @classmethod
    def _health_check_needs_port(cls, check: HealthCheck | None, info: ValidationInfo) -> HealthCheck | None:
        if check is not None and info.data.get("port", 0) is None:
            raise refuse("a worker (a service without port) has no health check", beside=("port",))
        return check

    @field_validator("secrets")
    @classmethod
    def _secrets_apart_from_env(cls, secrets: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        for name in secrets:
            if name in info.data.get("env", {}):
                raise refuse(f"{name} is both in env and in secrets", inside=(name,), beside=("env", name))
        return secrets

    @field_validator("kafka")
    @classmethod
    def _kafka_apart_from_env(cls, kafka: Kafka | None, info: ValidationInfo) -> Kafka | None:
        for place in ("env", "secrets"):
            if kafka is not None and _KAFKA_VARIABLE in info.data.get(place, {}):
                raise refuse(f"{_KAFKA_VARIABLE} is set by kafka: remove it from {place}", beside=(place,))
        return kafka
