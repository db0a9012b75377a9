"""Variables of modules with a part that is to be refused."""

from __future__ import annotations

from typing import Any

from tests.terraform.inputs import (
    KEY,
    Variables,
    but,
    environment,
    platform_variables,
    public_service,
)


def service(**changes: Any) -> Variables:
    return but(public_service("develop"), **changes)


def grant(service: str, access: str, *resources: str) -> Variables:
    return {"grants": [{"service": service, "access": access, "resources": list(resources)}]}


def network(tier: str = "develop", **changes: Any) -> Variables:
    settings = but(platform_variables(tier)["network"], **changes)
    return {"environment": environment(tier), "network": settings, "logs_key_arn": f"{KEY}3"}


def cluster(tier: str, **settings: Any) -> Variables:
    return {
        "environment": environment(tier),
        "cluster": settings,
        "vpc_id": "vpc-00000000000000001",
        "kms": {"ecs": f"{KEY}0", "logs": f"{KEY}3"},
    }


def peering(**settings: Any) -> Variables:
    peer = {"vpc_id": "vpc-0a1b2c3d", "cidr": "10.50.0.0/16", "account_id": None} | settings
    return network(peerings={"data": peer})


def secret(name: str = "orders/url", **settings: Any) -> Variables:
    given = {"rotation": None, "rotation_exempt_reason": None} | settings
    return {"environment": environment("develop"), "secrets": {name: given}, "secrets_key_arn": f"{KEY}2"}


def balancer(**changes: Any) -> Variables:
    return {
        "environment": environment("develop"),
        "vpc": {"id": "vpc-0a1b2c3d", "cidr": "10.10.0.0/16", "public_subnet_ids": ["subnet-1", "subnet-2"]},
        "certificate_arn": platform_variables("develop")["alb"]["certificate_arn"],
        "access_logs": {"bucket": "develop-logs", "prefix": "alb"},
        "logs_key_arn": f"{KEY}3",
    } | changes


def bucket(**changes: Any) -> Variables:
    given = {"name": "develop-logs", "partition": "aws", "encryption": "kms", "kms_key_arn": f"{KEY}4"}
    return given | {"expire_after_days": 30, "statements": "[]"} | changes


def monitoring(**changes: Any) -> Variables:
    given = {"cluster_name": "develop", "alb_arn_suffix": "app/develop/0123456789abcdef", "nat_gateway_ids": {}}
    return {"environment": environment("develop"), **given} | changes
