"""Elastic Load Balancing: the tasks of an ECS service are the targets of its target group.

moto knows only targets that somebody registered; ECS registers tasks by itself. Here they are derived from the counts
of the services that use the group: running tasks are healthy, starting ones `initial`, those told to fail `unhealthy`.
"""

from __future__ import annotations

import hashlib
from typing import Any

from moto.core.responses import ActionResult
from moto.elbv2.responses import ELBV2Response

from deploy.local.standin.patches import services
from deploy.local.standin.patches.patch import Act, Patch

INITIAL = {
    "State": "initial",
    "Reason": "Elb.RegistrationInProgress",
    "Description": "Target registration is in progress",
}
UNHEALTHY = {"State": "unhealthy", "Reason": "Target.FailedHealthChecks", "Description": "Health checks failed"}


def describe_target_health(act: Act) -> Any:
    group = act.parameter("TargetGroupArn")
    attached = list(services.attached_to(services.backend_of(act), group))
    if not attached:
        return act.proceed()
    wanted = {target["Id"] for target in act.parameter("Targets", [])}
    found = [target for service, port in attached for target in _targets(service, port, act)]
    shown = [target for target in found if not wanted or target["Target"]["Id"] in wanted]
    return ActionResult({"TargetHealthDescriptions": shown})


def _targets(service: Any, port: int, act: Act) -> list[dict[str, Any]]:
    services.look(service, act.rules)
    rollout = services.rollout_of(service)
    if rollout is None:
        return []
    found = []
    for deployment in (rollout.primary, *rollout.replaced):
        running = deployment.running(act.rules.now(), act.rules.delay)
        starting = UNHEALTHY if deployment.failing else INITIAL
        for number in range(deployment.desired):
            health = {"State": "healthy"} if number < running else starting
            found.append(_target(f"{service.arn}/{deployment.id}/{number}", port, health))
    return found


def _target(task: str, port: int, health: dict[str, str]) -> dict[str, Any]:
    # One task, one address, for as long as it lives: derived from its name inside 10.0.0.0/8.
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
