"""Elastic Load Balancing: the tasks of an ECS service are the targets of its target group.

moto knows only explicitly registered targets; ECS registers tasks automatically. The patch derives targets from the
counts of the services that use the group: running tasks are healthy, starting ones `initial`, failing ones `unhealthy`.
"""

from __future__ import annotations

import hashlib
from typing import Any

from moto.core.responses import ActionResult
from moto.elbv2.responses import ELBV2Response

from deploy.local.standin.patches import services
from deploy.local.standin.patches.patch import Invocation, Patch
from deploy.local.standin.rollouts import Deployment

INITIAL = {
    "State": "initial",
    "Reason": "Elb.RegistrationInProgress",
    "Description": "Target registration is in progress",
}
UNHEALTHY = {"State": "unhealthy", "Reason": "Target.FailedHealthChecks", "Description": "Health checks failed"}


def describe_target_health(invocation: Invocation) -> Any:
    group = invocation.parameter("TargetGroupArn")
    attached = list(services.attached_to(services.backend_of(invocation), group, invocation.rules))
    if not attached:
        return invocation.proceed()
    wanted = {target["Id"] for target in invocation.parameter("Targets", [])}
    found = [target for each in attached for target in _targets(*each, invocation)]
    shown = [target for target in found if not wanted or target["Target"]["Id"] in wanted]
    return ActionResult({"TargetHealthDescriptions": shown})


def _targets(service: Any, deployment: Deployment, port: int, invocation: Invocation) -> list[dict[str, Any]]:
    running = deployment.running(invocation.rules.now(), invocation.rules.delay)
    starting = UNHEALTHY if deployment.failing else INITIAL
    return [
        _target(f"{service.arn}/{deployment.id}/{number}", port, {"State": "healthy"} if number < running else starting)
        for number in range(deployment.desired)
    ]


def _target(task: str, port: int, health: dict[str, str]) -> dict[str, Any]:
    # A task has the same address throughout its life: derived from its name, within 10.0.0.0/8.
    address = ".".join(str(byte) for byte in (10, *hashlib.sha256(task.encode()).digest()[:3]))
    return {"Target": {"Id": address, "Port": port}, "HealthCheckPort": str(port), "TargetHealth": health}


PATCHES = (
    Patch(
        "elbv2",
        "DescribeTargetHealth",
        "the tasks of ECS services are not targets",
        ELBV2Response,
        describe_target_health,
    ),
)
