"""An environment that meets every statement of `verify`, as values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler.core.verification.account import (
    Account,
    Alarm,
    Balancer,
    Cluster,
    Key,
    Listener,
    LogGroup,
    Pipeline,
    Project,
    Quota,
    Repository,
    Role,
    Rule,
    SecurityGroup,
    Service,
    State,
    Store,
    Vpc,
)

TAGS = {"Environment": "prod", "Owner": "platform-team", "CostCenter": "4711", "Compliance": "pci-dss"}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/0123-s3"
GROUP = "targetgroup/prod-orders/0123"
EVENTS = ("pipeline-execution-failed", "pipeline-execution-succeeded", "manual-approval-needed")


def web(port: int) -> Rule:
    return Rule("tcp", port, port, frozenset({"0.0.0.0/0"}))


def alarm(metric: str, **dimensions: str) -> Alarm:
    return Alarm(f"prod-orders-{metric}", metric, dimensions, notifies=True)


def sound() -> Account:
    """Return the account of prod with one public service, `orders`."""
    entrance = SecurityGroup("sg-1", "prod-alb", (web(80), web(443)), TAGS)
    of_orders = SecurityGroup("sg-2", "prod-orders", (Rule("tcp", 8080, 8080, frozenset()),), TAGS)
    listeners = (
        Listener(80, "HTTP", None, redirects_to_https=True),
        Listener(443, "HTTPS", "ELBSecurityPolicy-TLS13-1-2-2021-06", redirects_to_https=False),
    )
    return Account(
        vpcs=(Vpc("vpc-1", frozenset({"ALL"}), frozenset({"subnet-9"}), frozenset(), TAGS),),
        security_groups=(entrance, of_orders),
        balancers=(Balancer("prod", frozenset({"sg-1"}), listeners, "prod-logs", TAGS),),
        clusters=(Cluster("prod", "enhanced", TAGS),),
        services=(
            Service(
                name="orders",
                subnets=frozenset({"subnet-1"}),
                public_address=False,
                minimum_percent=100,
                maximum_percent=200,
                breaks_circuit=True,
                rolls_back=True,
                log_groups=frozenset({"/ecs/prod/orders"}),
                target_groups=frozenset({GROUP}),
                tags=TAGS,
            ),
        ),
        repositories=(Repository("prod/orders", "IMMUTABLE", True, KEY, 7, TAGS),),
        log_groups=(
            LogGroup("/ecs/prod/orders", 90, KEY, TAGS),
            LogGroup("/aws/ecs/containerinsights/prod/performance", 90, KEY, TAGS),
        ),
        keys=tuple(
            Key(f"0123-{name}", f"alias/prod-{name}", True, True, TAGS)
            for name in ("ecs", "ecr", "secrets", "logs", "s3")
        ),
        stores=(
            Store("bucket", "prod-artifacts", KEY, TAGS),
            Store("bucket", "prod-logs", "AES256", TAGS),
            Store("topic", "prod-alarms", KEY, TAGS),
            Store("secret", "orders/database-url", KEY, TAGS),
        ),
        pipelines=(
            Pipeline(
                name="prod-orders",
                stages=("Source", "Build", "Approval", "Deploy"),
                source="CodeStarSourceConnection",
                connection="arn:aws:codeconnections:eu-central-1:123456789012:connection/0123",
                branches=frozenset({"prod/*"}),
                key=KEY,
                events=frozenset(f"codepipeline-pipeline-{event}" for event in EVENTS),
                tags=TAGS,
            ),
        ),
        projects=(Project("prod-orders", "CODEPIPELINE", True, KEY, TAGS),),
        alarms=(
            *(alarm(m, ServiceName="orders") for m in ("CPUUtilization", "MemoryUtilization", "RunningTaskCount")),
            *(alarm(metric, TargetGroup=GROUP) for metric in ("UnHealthyHostCount", "HTTPCode_Target_5XX_Count")),
        ),
        roles=(
            role("execution", "ecs-tasks", "start-task"),
            role("task", "ecs-tasks", "read-secrets"),
            role("build", "codebuild", "build"),
            role("pipeline", "codepipeline", "deliver"),
        ),
        states=(State("states/prod/orders/terraform.tfstate", "aws:kms", KEY.replace("0123-s3", "0123"), "0123"),),
        quotas=(Quota("VPCs", 4, 5, documented=False), Quota("elastic IP addresses", 3, 5, documented=True)),
    )  # fmt: skip


def role(user: str, principal: str, policy: str) -> Role:
    trusted, boundary = frozenset({f"{principal}.amazonaws.com"}), "arn:aws:iam::1:policy/prod-boundary"
    return Role(f"prod-orders-{user}", user, trusted, boundary, frozenset({policy}), frozenset())


def but(kind: str, index: int = 0, /, **changes: Any) -> Account:
    """Return the sound account with one resource changed."""
    account = sound()
    resources = list(getattr(account, kind))
    resources[index] = replace(resources[index], **changes)
    return replace(account, **{kind: tuple(resources)})


def without(kind: str) -> Account:
    """Return the sound account without the resources of a kind."""
    return replace(sound(), **{kind: ()})
