"""The rollout that the stand-in keeps on each of moto's ECS services, and how it shows on them.

moto's `Service` is read by its serialiser attribute by attribute, so what AWS should answer is written onto the object:
`look` brings a service up to the present and does that. Every patch that reads or changes a service goes through here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from moto.ecs.models import EC2ContainerServiceBackend, Service, ecs_backends

from deploy.local.standin import rollouts
from deploy.local.standin.patches.patch import Act
from deploy.local.standin.rollout_rules import RolloutRules
from deploy.local.standin.rollouts import Breaker, Deployment, Rollout


def backend_of(act: Act) -> EC2ContainerServiceBackend:
    return ecs_backends[act.account][act.region]


def find(backend: EC2ContainerServiceBackend, cluster: str, name: str) -> Service | None:
    """A service by the cluster's and its own name or ARN, whatever its status."""
    return backend.services.get(f"{cluster.rpartition('/')[2]}:{name.rpartition('/')[2]}")


def attached_to(backend: EC2ContainerServiceBackend, target_group: str) -> Iterator[tuple[Service, int]]:
    """The active services whose tasks are targets of a group, each with its container port."""
    for service in backend.services.values():
        for balancer in service.load_balancers if service.status == "ACTIVE" else ():
            if balancer.get("targetGroupArn") == target_group:
                yield service, int(balancer.get("containerPort", 0))


def rollout_of(service: Any) -> Rollout | None:
    """None for services that another controller deploys, and for deleted ones."""
    rollout = getattr(service, "standin_rollout", None)
    return rollout if isinstance(rollout, Rollout) else None


def begin(service: Any, backend: EC2ContainerServiceBackend, rules: RolloutRules) -> None:
    if service.deployment_controller["type"] != "ECS" or service.task_definition is None:
        return
    rollout = rollouts.begin(
        service.name,
        service.task_definition,
        desired=service.desired_count,
        failing=_is_to_fail(service, backend, rules),
        breaker=_breaker(service),
        now=rules.now(),
    )
    _show(service, rollout, rules)


def change(service: Any, backend: EC2ContainerServiceBackend, rules: RolloutRules, *, redeploy: bool) -> None:
    """After an update: take over the breaker, the desired count and, where asked for, a new deployment."""
    rollout = rollout_of(service)
    if rollout is None:
        return
    rollout = rollouts.configure(rollout, _breaker(service))
    rollout = rollouts.scale(rollout, service.desired_count, now=rules.now(), delay=rules.delay)
    if redeploy:
        failing = _is_to_fail(service, backend, rules)
        rollout = rollouts.deploy(rollout, service.task_definition, failing=failing, now=rules.now())
    _show(service, rollout, rules)


def scale(service: Any, desired: int, rules: RolloutRules) -> None:
    rollout = rollout_of(service)
    service.desired_count = desired
    if rollout is not None:
        _show(service, rollouts.scale(rollout, desired, now=rules.now(), delay=rules.delay), rules)


def look(service: Any, rules: RolloutRules) -> None:
    """Bring a service up to the present."""
    rollout = rollout_of(service)
    if rollout is not None:
        _show(service, rollout, rules)


def update_everywhere(rules: RolloutRules) -> None:
    """Settle the past of every service, before the rules that decided about it change."""
    for backends in list(ecs_backends.values()):
        for backend in list(backends.values()):
            for service in backend.services.values():
                look(service, rules)


def end(service: Any) -> None:
    service.standin_rollout = None
    service.deployments = []
    service.running_count = service.pending_count = service.desired_count = 0


def _show(service: Any, rollout: Rollout, rules: RolloutRules) -> None:
    now = rules.now()
    rollout = rollouts.advance(rollout, now=now, delay=rules.delay)
    service.standin_rollout = rollout
    service.task_definition = rollout.primary.task_definition
    shown = [_describe(service, rollout.primary, "PRIMARY", rules, now)]
    shown += [_describe(service, deployment, "ACTIVE", rules, now) for deployment in rollout.replaced]
    service.deployments = shown
    service.running_count = sum(deployment["runningCount"] for deployment in shown)
    service.pending_count = sum(deployment["pendingCount"] for deployment in shown)
    service.events = [{"id": event.id, "createdAt": event.at, "message": event.message} for event in rollout.events]


def _describe(service: Any, deployment: Deployment, status: str, rules: RolloutRules, now: datetime) -> dict[str, Any]:
    strategy = getattr(service, "capacity_provider_strategy", None)
    described = {
        "id": deployment.id,
        "status": status,
        "taskDefinition": deployment.task_definition,
        "desiredCount": deployment.desired,
        "runningCount": deployment.running(now, rules.delay),
        "pendingCount": deployment.pending(now, rules.delay),
        "failedTasks": deployment.failed_tasks,
        "createdAt": deployment.started_at,
        "updatedAt": deployment.updated_at,
        "platformVersion": service.platform_version,
        "platformFamily": "Linux",
        "networkConfiguration": service.network_configuration or None,
        "rolloutState": deployment.state,
        "rolloutStateReason": deployment.reason,
    }
    return described | ({"capacityProviderStrategy": strategy} if strategy else {"launchType": service.launch_type})


def _breaker(service: Any) -> Breaker:
    configured = (service.deployment_configuration or {}).get("deploymentCircuitBreaker") or {}
    return Breaker(enabled=bool(configured.get("enable")), rollback=bool(configured.get("rollback")))


def _is_to_fail(service: Any, backend: EC2ContainerServiceBackend, rules: RolloutRules) -> bool:
    definition = backend.describe_task_definition(service.task_definition)
    images = [str(container.get("image", "")) for container in definition.container_definitions]
    return rules.fails(service.cluster_name, service.name, images)
