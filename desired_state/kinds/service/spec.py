"""The spec of a service: one container image behind the load balancer, inside the network, or as a worker.

An accepted spec can run. A rule between two fields is checked on the later one, so that one broken rule does not hide
another.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from desired_state.kinds.adoption import Imports
from desired_state.kinds.container.env import EnvText
from desired_state.kinds.container.image import Image
from desired_state.kinds.container.order import condition_problem, order_problem, port_problem, share_problems
from desired_state.kinds.container.runtime import USUAL_PORTS, Runtime, is_known
from desired_state.kinds.container.secret import ReadableName, SecretSource
from desired_state.kinds.container.settings import Condition, ContainerSettings, Share
from desired_state.kinds.container.sidecar import (
    Command,
    PlainVariableName,
    PreDeployment,
    Sidecar,
    VariableName,
    not_in_env,
)
from desired_state.kinds.container.storage import EnvFiles, Mounts, Volumes, known_volumes, unknown_volume
from desired_state.kinds.fields import (
    DependsOn,
    Distinct,
    Duration,
    Environments,
    IfSet,
    Mebibytes,
    Name,
    Percent,
    Strict,
    Text,
    refuse,
    write_duration,
)
from desired_state.kinds.policy import Policy
from desired_state.kinds.service.delivery import Delivery
from desired_state.kinds.service.deployment import REQUEST_ALARMS, Deployment
from desired_state.kinds.service.fargate import SIZES, Spot, fargate_cpu, fargate_memory
from desired_state.kinds.service.network import Connect, Security
from desired_state.kinds.service.permissions import Permissions, Policies, through_kms
from desired_state.kinds.service.scaling import Scaling
from desired_state.kinds.service.traffic import HealthCheck, Routing, fits_protocol
from desired_state.located import Location, quote

_KAFKA_VARIABLE: Final = "KAFKA_BOOTSTRAP_SERVERS"
# Source: Amazon ECS API reference, ContainerDefinition, stopTimeout (Fargate).
_SHORTEST_STOP, _LONGEST_STOP = timedelta(seconds=2), timedelta(seconds=120)

Repository = Annotated[str, Text(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", "a repository: write owner/name", 140)]
Broker = Annotated[str, Text(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?:[1-9][0-9]{0,4}", "a broker: write host:port")]
Port = Annotated[int, Field(ge=1, le=65535)]


class Kafka(Strict):
    """The brokers of the service, which it gets as KAFKA_BOOTSTRAP_SERVERS."""

    brokers: Annotated[tuple[Broker, ...], Field(min_length=1), Distinct]

    @field_validator("brokers")
    @classmethod
    def _ports(cls, brokers: tuple[str, ...]) -> tuple[str, ...]:
        for index, broker in enumerate(brokers):
            if int(broker.rpartition(":")[2]) > 65535:
                raise refuse(f"{quote(broker)} has a port above 65535", inside=(index,))
        return brokers


class Alarms(Strict):
    """The thresholds of alarms: mean CPU and memory use in percent, and responses with status 5xx in a minute."""

    cpu: Percent = 85
    memory: Percent = 85
    server_errors: Annotated[int, Field(ge=0)] = 10


class ServiceSpec(ContainerSettings):
    """A service in one environment, or the settings that its environments share."""

    environments: Environments
    type: Literal["public", "internal"]
    runtime: Annotated[Runtime | None, IfSet] = None
    repository: Repository
    image: Image | None = None
    delivery: Annotated[Delivery | None, IfSet] = None
    cpu: Annotated[int, Field(json_schema_extra={"enum": list(SIZES)})]
    memory: Annotated[int, Mebibytes]
    command: Annotated[Command, IfSet] = ()
    container: Annotated[Share | None, IfSet] = None
    architecture: Annotated[Literal["x86_64", "arm64"] | None, IfSet] = None
    # Source: Amazon ECS API reference, EphemeralStorage (GiB); without it a task has 20.
    ephemeral_storage: Annotated[int | None, Field(ge=21, le=200), IfSet] = None
    exec: Annotated[bool, IfSet] = False
    port: Annotated[Port | None, Field(validate_default=True)] = None
    scaling: Scaling
    spot: Annotated[Spot | None, IfSet] = None
    deployment: Annotated[Deployment | None, IfSet] = None
    routing: Annotated[Routing | None, Field(validate_default=True)] = None
    health_check: HealthCheck | None = None
    security: Annotated[Security | None, IfSet] = None
    connect: Annotated[Connect | None, IfSet] = None
    stop_timeout: Annotated[Duration | None, IfSet] = None
    env: dict[PlainVariableName, EnvText] = Field(default_factory=dict)
    secrets: dict[VariableName, SecretSource] = Field(default_factory=dict)
    runtime_secrets: Annotated[tuple[ReadableName, ...], Distinct] = ()
    permissions: Annotated[Permissions, IfSet] = ()
    policies: Annotated[Policies, IfSet] = ()
    env_files: Annotated[EnvFiles, Distinct, IfSet] = ()
    volumes: Volumes = Field(default_factory=dict, exclude_if=lambda value: not value)
    mounts: Mounts = Field(default_factory=dict, exclude_if=lambda value: not value)
    kafka: Kafka | None = None
    sidecars: Annotated[tuple[Sidecar, ...], Field(max_length=9, validate_default=True)] = ()
    starts_after: Annotated[dict[Name, Condition], IfSet] = Field(default_factory=dict, validate_default=True)
    pre_deployment: PreDeployment | None = None
    alarms: Alarms = Alarms()
    depends_on: DependsOn = ()
    imports: Imports = ()
    policy: Policy = Policy()

    _fargate_cpu = field_validator("cpu")(fargate_cpu)
    _fargate_memory = field_validator("memory")(fargate_memory)

    @field_validator("delivery")
    @classmethod
    def _tested_with_a_runtime(cls, delivery: Delivery | None, info: ValidationInfo) -> Delivery | None:
        if delivery and delivery.runtime_version and "runtime" in info.data and not is_known(info.data["runtime"]):
            message = "only nodejs and python are tested with a version of a runtime: remove it, or name the runtime"
            raise refuse(message, inside=("runtimeVersion",), beside=("runtime",))
        return delivery

    @field_validator("port")
    @classmethod
    def _somewhere_to_call(cls, port: int | None, info: ValidationInfo) -> int | None:
        known = "runtime" not in info.data or is_known(info.data["runtime"])
        if port is None and info.data.get("type") == "public" and not known:
            raise refuse("a public service needs port: only nodejs and python have a usual one", beside=("type",))
        return port

    @field_validator("scaling")
    @classmethod
    def _scaling_fits_type(cls, scaling: Scaling, info: ValidationInfo) -> Scaling:
        if {"type", "port"} <= info.data.keys():
            scaling.check_kind(
                public=info.data["type"] == "public", worker=_is_worker(info.data["type"], info.data["port"])
            )
        return scaling

    @field_validator("deployment")
    @classmethod
    def _rollout_can_move(cls, deployment: Deployment | None, info: ValidationInfo) -> Deployment | None:
        if deployment is not None and "scaling" in info.data:
            deployment.check_room(info.data["scaling"])
        for index, alarm in enumerate(deployment.rollback_alarms if deployment else ()):
            if alarm in REQUEST_ALARMS and info.data.get("type") == "internal":
                message = f"an internal service has no alarm {quote(alarm)}: write cpu, memory or running-tasks"
                raise refuse(f"{message}, or the name of an alarm of yours", inside=("rollbackAlarms", index))
        return deployment

    @field_validator("routing")
    @classmethod
    def _routing_fits_type(cls, routing: Routing | None, info: ValidationInfo) -> Routing | None:
        kind = info.data.get("type")
        if kind == "public" and routing is None:
            raise refuse("a public service needs routing (paths)", beside=("type",))
        if kind == "internal" and routing is not None:
            raise refuse("an internal service has no routing: remove it, or write type: public", beside=("type",))
        return routing

    @field_validator("health_check")
    @classmethod
    def _health_check_needs_port(cls, check: HealthCheck | None, info: ValidationInfo) -> HealthCheck | None:
        if check is None or check.path is None or info.data.get("type") != "internal":
            return fits_protocol(check, info.data.get("routing"))
        if info.data.get("port", 0) is None:
            raise refuse(
                "a worker (an internal service without port) has no path to ask for: write command, or add port",
                inside=("path",),
                beside=("port",),
            )
        if check.command is None and "runtime" in info.data and not is_known(info.data["runtime"]):
            raise refuse(
                "nothing asks an internal service for its path: the container does so with nodejs or python alone; "
                "write command, such as [CMD, curl, --fail, an address], or name the runtime",
                inside=("path",),
            )
        return fits_protocol(check, info.data.get("routing"))

    @field_validator("connect")
    @classmethod
    def _an_alias_needs_a_port(cls, connect: Connect | None, info: ValidationInfo) -> Connect | None:
        if connect and connect.alias and info.data.get("port", 0) is None and info.data.get("type") == "internal":
            raise refuse("a worker (an internal service without port) has no alias: add port", inside=("alias",))
        return connect

    @field_validator("stop_timeout")
    @classmethod
    def _fargate_stop_timeout(cls, timeout: timedelta | None) -> timedelta | None:
        if timeout is not None and not _SHORTEST_STOP <= timeout <= _LONGEST_STOP:
            bounds = f"{write_duration(_SHORTEST_STOP)} to {write_duration(_LONGEST_STOP)}"
            raise refuse(f"stopTimeout {write_duration(timeout)} is out of range on Fargate: write {bounds}")
        return timeout

    _secrets_not_in_env = field_validator("secrets")(not_in_env)
    _keys_through_services = field_validator("permissions")(through_kms)

    _mounts_have_volumes = field_validator("mounts")(known_volumes)

    @field_validator("kafka")
    @classmethod
    def _kafka_not_in_env(cls, kafka: Kafka | None, info: ValidationInfo) -> Kafka | None:
        for place in ("env", "secrets"):
            if kafka is not None and _KAFKA_VARIABLE in info.data.get(place, {}):
                raise refuse(f"{_KAFKA_VARIABLE} is set by kafka: remove it from {place}", beside=(place,))
        return kafka

    @field_validator("sidecars")
    @classmethod
    def _sidecars_fit(cls, sidecars: tuple[Sidecar, ...], info: ValidationInfo) -> tuple[Sidecar, ...]:
        names = [sidecar.name for sidecar in sidecars]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise refuse(f"{quote(name)} is listed twice", inside=(index, "name"))
        for index, sidecar in enumerate(sidecars):
            if (unknown := unknown_volume(sidecar.mounts, info.data.get("volumes"))) is not None:
                raise refuse(unknown[1], inside=(index, "mounts", unknown[0], "volume"))
        share = info.data.get("container") or Share()
        own = {"own_cpu": share.cpu or 0, "own_memory": share.memory or 0}
        for problem in share_problems(sidecars, cpu=info.data.get("cpu"), memory=info.data.get("memory"), **own):
            raise problem
        if clash := port_problem(sidecars, info.data.get("port") or USUAL_PORTS.get(info.data.get("runtime") or "")):
            raise refuse(clash[0], inside=clash[1])
        return sidecars

    @field_validator("exec")
    @classmethod
    def _agent_can_write(cls, wanted: bool, info: ValidationInfo) -> bool:
        if wanted and not info.data.get("writable_root", True):
            raise refuse("exec needs writableRoot: true, because the agent of ECS Exec writes to the root file system")
        return wanted

    @field_validator("starts_after")
    @classmethod
    def _containers_can_start(cls, after: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        sidecars = info.data.get("sidecars", ())
        known = {sidecar.name: sidecar for sidecar in sidecars}
        for name, condition in after.items():
            if name not in known:
                raise refuse(
                    f"{quote(name)} is not a sidecar: name one of sidecars", inside=(name,), beside=("sidecars",)
                )
            if message := condition_problem(name, known[name], condition, is_checked=False):
                raise refuse(message, inside=(name,))
        check, runtime = info.data.get("health_check"), info.data.get("runtime")
        asks_itself = is_known(runtime) and (check is not None or bool(info.data.get("port")))
        is_checked = asks_itself or bool(check and check.command)
        if found := order_problem(sidecars, after, is_checked=is_checked):
            raise refuse(found[0], beside=("sidecars", *found[1]))
        return after

    @field_validator("pre_deployment")
    @classmethod
    def _git_deploys(cls, task: PreDeployment | None, info: ValidationInfo) -> PreDeployment | None:
        if task is not None and info.data.get("image", 0) is None:
            message = "preDeployment needs image: without it the pipeline deploys, and would not run the command first"
            raise refuse(message, beside=("image",))
        return task

    def bounds_below(self, least: int) -> Iterator[tuple[Location, int]]:
        """Yield each smallest number of tasks that is less, with its place; a worker may have none at all."""
        worker = _is_worker(self.type, self.port)
        return ((at, fewest) for at, fewest in self.scaling.bounds() if fewest < least and (fewest or not worker))


def _is_worker(kind: str, port: int | None) -> bool:
    return kind == "internal" and port is None
