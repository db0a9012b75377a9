"""Changes that take more than one call."""

import json
from typing import Any

from deploy.local.standin import StandIn
from tests.e2e.changes.case import EVERYTHING
from tests.e2e.changes.names import CLUSTER


def scale(aws: StandIn, service: str, operation: str, **more: Any) -> None:
    where = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{CLUSTER}/{service}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    getattr(aws.client("application-autoscaling"), operation)(**where, **more)


def target_tracking(target: float) -> dict[str, Any]:
    metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    return {
        "PolicyName": "develop-orders-cpu",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": target,
            "PredefinedMetricSpecification": metric,
            "ScaleOutCooldown": 60,
            "ScaleInCooldown": 300,
        },
    }


def another_image(aws: StandIn) -> None:
    """A revision that somebody registered by hand."""
    ecs = aws.client("ecs")
    found = ecs.describe_task_definition(taskDefinition="develop-orders")["taskDefinition"]
    found["containerDefinitions"][0]["image"] = "docker.io/library/busybox:latest"
    kept = ["family", "networkMode", "containerDefinitions", "cpu", "memory", "volumes", "requiresCompatibilities"]
    kept += ["executionRoleArn", "taskRoleArn", "runtimePlatform"]
    ecs.register_task_definition(**{name: found[name] for name in kept if name in found})


def attach(aws: StandIn, role: str) -> None:
    iam = aws.client("iam")
    made = iam.create_policy(PolicyName="everything", PolicyDocument=json.dumps(EVERYTHING))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=made)
