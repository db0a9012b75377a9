"""The resources of one environment, as AWS describes them: only what a statement is about.

`tags` are the resource's own. A key is the ARN, the id or the alias of a KMS key, None without one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One ingress rule of a security group. `sources` are address ranges, not groups; ports are None for all."""

    protocol: str
    first_port: int | None
    last_port: int | None
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    id: str
    name: str
    ingress: tuple[Rule, ...]
    tags: Tags


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC. `logged` are the kinds of traffic in its flow logs; `open_subnets` assign public addresses to their
    instances.
    """

    id: str
    logged: frozenset[str]
    public_subnets: frozenset[str]
    open_subnets: frozenset[str]
    tags: Tags


@dataclass(frozen=True, slots=True)
class Listener:
    port: int
    protocol: str
    tls_policy: str | None
    redirects_to_https: bool


@dataclass(frozen=True, slots=True)
class Balancer:
    name: str
    security_groups: frozenset[str]
    listeners: tuple[Listener, ...]
    log_bucket: str | None
    tags: Tags


@dataclass(frozen=True, slots=True)
class Cluster:
    name: str
    insights: str
    tags: Tags


@dataclass(frozen=True, slots=True)
class Service:
    """An ECS service. `target_groups` are the resource parts of ARNs, as alarms name them.

    `roles` are the ARNs of the roles of its tasks, by who takes them on: `execution` and `task`.
    """

    name: str
    subnets: frozenset[str]
    public_address: bool
    minimum_percent: int
    maximum_percent: int
    breaks_circuit: bool
    rolls_back: bool
    log_groups: frozenset[str]
    target_groups: frozenset[str]
    tags: Tags
    roles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Repository:
    """An ECR repository. `untagged_days` is the age at which untagged images expire, None for never."""

    name: str
    mutability: str
    scans: bool
    key: str | None
    untagged_days: int | None
    tags: Tags


@dataclass(frozen=True, slots=True)
class LogGroup:
    name: str
    days: int | None
    key: str | None
    tags: Tags


@dataclass(frozen=True, slots=True)
class Key:
    id: str
    alias: str
    enabled: bool
    rotates: bool
    tags: Tags


@dataclass(frozen=True, slots=True)
class Store:
    """A bucket, a topic or a secret. `encryption` is its key, or `AES256` for S3's own keys."""

    kind: str
    name: str
    encryption: str | None
    tags: Tags


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline. `branches` start it; None where every change of the default branch does. `events` reach a target.

    `unreached` are targets of its notifications that AWS does not reach, with their status.
    """

    name: str
    stages: tuple[str, ...]
    source: str
    connection: str | None
    branches: frozenset[str] | None
    key: str | None
    events: frozenset[str]
    tags: Tags
    unreached: Mapping[str, str] = field(default_factory=dict)
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    name: str
    source: str
    privileged: bool
    key: str | None
    tags: Tags
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm. `dimensions` as CloudWatch has them; `notifies` is False while its actions are off or missing."""

    name: str
    metric: str
    dimensions: Mapping[str, str]
    notifies: bool


@dataclass(frozen=True, slots=True)
class Role:
    """A role that AWS takes on for a service of the environment. `user` is what takes it on, such as `task`.

    `trusted` are all principals of its trust policy; `inline` and `attached` name its policies.
    """

    name: str
    user: str
    trusted: frozenset[str]
    boundary: str | None
    inline: frozenset[str]
    attached: frozenset[str]


@dataclass(frozen=True, slots=True)
class State:
    """A Terraform state. `encryption` is the algorithm of the object, `key` the id of its KMS key."""

    name: str
    encryption: str | None
    key: str | None
    expected_key: str | None


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota of the account and region. `documented` is True where Service Quotas gave no value."""

    name: str
    used: int
    limit: int
    documented: bool


@dataclass(frozen=True, slots=True)
class Account:
    """One environment as it is in AWS."""

    vpcs: tuple[Vpc, ...] = ()
    security_groups: tuple[SecurityGroup, ...] = ()
    balancers: tuple[Balancer, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    services: tuple[Service, ...] = ()
    repositories: tuple[Repository, ...] = ()
    log_groups: tuple[LogGroup, ...] = ()
    keys: tuple[Key, ...] = ()
    stores: tuple[Store, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()
    projects: tuple[Project, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    roles: tuple[Role, ...] = ()
    states: tuple[State, ...] = ()
    quotas: tuple[Quota, ...] = ()
