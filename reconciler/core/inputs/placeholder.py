"""A platform of placeholders, for plans of services whose platform was never applied."""

from collections.abc import Mapping
from typing import Any

from reconciler.core.environment import Environment


def placeholder_platform(environment: Environment) -> Mapping[str, Any]:
    """Return placeholders for a platform that was never applied, so that a dry run can plan the services on it.

    Every id is well-formed and belongs to nothing.
    """
    prefix = f"{environment.region}:{environment.account}"
    key = f"arn:{environment.partition}:kms:{prefix}:key/00000000-0000-0000-0000-000000000000"
    balancer = f"arn:{environment.partition}:elasticloadbalancing:{prefix}"
    return {
        "schema_version": 1,
        "vpc_id": "vpc-00000000000000000",
        "vpc_cidr": "10.0.0.0/16",
        "private_subnet_ids": [f"subnet-0000000000000000{n}" for n in (1, 2, 3)],
        "public_subnet_ids": [f"subnet-0000000000000000{n}" for n in (4, 5, 6)],
        "cluster": {
            "name": environment.name,
            "arn": f"arn:{environment.partition}:ecs:{prefix}:cluster/{environment.name}",
        },
        "alb": {
            "arn": f"{balancer}:loadbalancer/app/{environment.name}/0000000000000000",
            "arn_suffix": f"app/{environment.name}/0000000000000000",
            "dns_name": f"{environment.name}.invalid",
            "zone_id": "Z00000000000000",
            "listener_arn": f"{balancer}:listener/app/{environment.name}/0000000000000000/0000000000000000",
            "security_group_id": "sg-00000000000000001",
        },
        "service_discovery": {
            "namespace_id": "ns-0000000000000000",
            "namespace_name": f"{environment.name}.internal",
        },
        "kms": dict.fromkeys(("ecs", "ecr", "secrets", "logs", "s3"), key),
        "security_groups": {"internal_services": "sg-00000000000000002", "kafka_client": "sg-00000000000000003"},
        "artifact_bucket": {
            "name": f"{environment.name}-artifacts",
            "arn": f"arn:{environment.partition}:s3:::{environment.name}-artifacts",
        },
        "alarm_topic_arn": f"arn:{environment.partition}:sns:{prefix}:{environment.name}-alarms",
        "notification_topic_arn": f"arn:{environment.partition}:sns:{prefix}:{environment.name}-deliveries",
        "permissions_boundary_arn": None,
        "connection_arn": None,
        "tags": {"owner": "unknown", "cost_center": "unknown", "compliance": "unknown"},
    }
