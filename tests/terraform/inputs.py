"""Variables as the reconciler writes them, small enough to read; tests change one thing at a time with `but`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ACCOUNT = "123456789012"  # the stand-in's own
REGION = "eu-central-1"
TIERS = ("develop", "test", "qa", "prod")
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-00000000000"
ENGINEERS = (
    f"arn:aws:iam::210987654321:role/aws-reserved/sso.amazonaws.com/{REGION}/AWSReservedSSO_Engineers_0123456789abcdef"
)
BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"

Variables = dict[str, Any]


def but(variables: Mapping[str, Any], **changes: Any) -> Variables:
    """The same with some variables changed; objects are merged field by field."""
    changed = dict(variables)
    for name, change in changes.items():
        both = isinstance(change, Mapping) and isinstance(changed.get(name), Mapping)
        changed[name] = but(changed[name], **change) if both else change
    return changed


def environment(tier: str) -> Variables:
    return {"name": tier, "tier": tier, "account_id": ACCOUNT, "region": REGION, "partition": "aws"}


AWS: Variables = {"role_arn": None, "s3_use_path_style": True}
TAGS: Variables = {"owner": "platform-team", "cost_center": "4711", "compliance": "internal"}


def platform_variables(tier: str) -> Variables:
    return {
        "environment": environment(tier),
        "aws": AWS,
        "tags": TAGS,
        "network": {
            "cidr": "10.10.0.0/16",
            "availability_zones": [f"{REGION}a", f"{REGION}b", f"{REGION}c"],
            "nat": "one_per_az",
        },
        "alb": {"certificate_arn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0123"},
        "cluster": {"insights": "enabled", "spot": False},
        "delivery": {"connection_arn": None},
        "kafka": {"broker_security_group_id": None},
    }


def account_variables(tier: str) -> Variables:
    return {
        "environment": environment(tier) | {"name": "account"},
        "aws": AWS,
        "tags": TAGS,
        "people": {"trusted_arns": ["arn:aws:iam::210987654321:user/ann"], "federated": {"role_arns": [ENGINEERS]}},
        "subscribers": {"alarms": ["security@example.org"]},
        "aggregated_by": [{"account_id": "210987654321", "region": REGION}],
    }


def platform_output(name: str) -> Variables:
    """Return the outputs of an environment's platform root."""
    return {
        "schema_version": 1,
        "vpc_id": "vpc-00000000000000001",
        "vpc_cidr": "10.10.0.0/16",
        "private_subnet_ids": ["subnet-0000000000000000a", "subnet-0000000000000000b", "subnet-0000000000000000c"],
        "public_subnet_ids": ["subnet-00000000000000001", "subnet-00000000000000002", "subnet-00000000000000003"],
        "cluster": {"name": name, "arn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{name}", "spot": False},
        "alb": {
            "arn": f"{BALANCER}:loadbalancer/app/{name}/0123456789abcdef",
            "arn_suffix": f"app/{name}/0123456789abcdef",
            "dns_name": f"{name}.{REGION}.elb.amazonaws.com",
            "zone_id": "Z0123456789",
            "listener_arn": f"{BALANCER}:listener/app/{name}/0123456789abcdef/0123456789abcdef",
            "security_group_id": "sg-0000000000000a1b0",
        },
        "service_discovery": {"namespace_id": "ns-0123456789abcdef", "namespace_name": f"{name}.internal"},
        "kms": {purpose: f"{KEY}{n}" for n, purpose in enumerate(("ecs", "ecr", "secrets", "logs", "s3"))},
        "security_groups": {"internal_services": "sg-00000000000000001", "kafka_client": "sg-00000000000000002"},
        "artifact_bucket": {"name": f"{name}-artifacts", "arn": f"arn:aws:s3:::{name}-artifacts"},
        "alarm_topic_arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}-alarms",
        "notification_topic_arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}-deliveries",
        "permissions_boundary_arn": None,
        "connection_arn": None,
        "tags": TAGS,
    }


def public_service(tier: str) -> Variables:
    return {
        "environment": environment(tier),
        "aws": AWS,
        "platform": platform_output(tier),
        "service": {
            "name": "orders",
            "type": "public",
            "runtime": "nodejs",
            "repository": "acme/orders",
            "labels": {"team": "shop"},
        },
        "image": {"owner": "git", "uri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{tier}/orders:3f9c2d1"},
        "resources": {"cpu": 256, "memory": 512},
        "port": 8080,
        "scaling": {"min": 2, "max": 6, "cpu": 60, "memory": 70},
        "routing": {"paths": ["/orders", "/orders/*"], "priority": 120},
        "health_check": {"path": "/healthz"},
        "environment_variables": {"LOG_LEVEL": "info"},
        "secrets": {"DATABASE_URL": "orders/database-url"},
        "runtime_secrets": [],
        "kafka": None,
        "sidecars": [],
        "pre_deployment": None,
        "alarms": {"cpu": 85, "memory": 85, "server_errors": 10},
    }


def internal_service(tier: str) -> Variables:
    return but(
        public_service(tier),
        service={"name": "ledger", "type": "internal", "runtime": "python", "repository": "acme/ledger"},
        image={"uri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{tier}/ledger:77aa012"},
        port=8000,
        routing=None,
        secrets={"DATABASE_URL": "ledger/database-url"},
        kafka={"brokers": ["b-1.kafka.example:9094", "b-2.kafka.example:9094"]},
    )


def worker(tier: str) -> Variables:
    """No port, and no image yet."""
    named = but(internal_service(tier), service={"name": "mailer"}, image={"owner": "pipeline", "uri": None})
    return named | {"port": None, "health_check": None, "environment_variables": {}, "secrets": {}, "kafka": None}


def scaled_worker(tier: str) -> Variables:
    """Says everything about its number of tasks and its rollout: by day two, at night none without a message."""
    named = but(
        worker(tier), service={"name": "night"}, image={"owner": "git", "uri": internal_service(tier)["image"]["uri"]}
    )
    return named | {
        "scaling": {
            "min": 0,
            "max": 6,
            "queue": {"name": "jobs", "backlog_per_task": 5},
            "schedules": [
                {"cron": "0 8 ? * MON-FRI *", "timezone": "Europe/Berlin", "min": 2, "max": 9},
                {"at": "2030-01-31T08:00:00", "min": 0, "max": 0},
            ],
            "cooldowns": {"scale_in": 120},
        },
        "spot": {"share": 50},
        "deployment": {
            "minimum_healthy_percent": 0,
            "maximum_percent": 100,
            "rollback_alarms": ["cpu"],
            "force_new": "1",
        },
    }
