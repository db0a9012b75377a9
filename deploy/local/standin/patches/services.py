"""Rollouts of moto's ECS services, and their representation in the attributes of moto's objects.

moto serialises `Service` attribute by attribute, so that AWS's answer is written to these attributes: `refresh`
advances a service to the current time and does that. Every patch that reads or changes a service uses this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from moto.ecs.models import EC2ContainerServiceBackend, Service, ecs_backends

from deploy.local.standin import rollouts
from deploy.local.standin.patches.patch import Invocation
from deploy.local.standin.rollout_rules import RolloutRules
from deploy.local.standin.rollouts import Breaker, Deployment, Rollout


def backend_of(invocation: Invocation) -> EC2ContainerServiceBackend:
    return ecs_backends[invocation.account][invocation.region]


def find(backend: EC2ContainerServiceBackend, cluster: str, name: str) -> Service | None:
    """Return a service in any status, by the name or ARN of the cluster and of the service; None if unknown."""
    return backend.services.get(f"{cluster.rpartition('/')[2]}:{name.rpartition('/')[2]}")


def attached_to(
    backend: EC2ContainerServiceBackend, target_group: str, rules: RolloutRules
) -> Iterator[tuple[Service, Deployment, int]]:
    """Yield the deployments whose tasks are targets of a group, each with its service and container port.

    Tasks have the target group and the port of their service revision, to which a rollback returns. Source: ECS
    developer guide, "Amazon ECS service revisions".
    """
    for service in backend.services.values():
        refresh(service, rules)
        rollout = rollout_of(service)
        for deployment in (rollout.primary, *rollout.replaced) if rollout else ():
            for balancer in balancers_of(service)[deployment.revision]:
                if balancer.get("targetGroupArn") == target_group:
                    yield service, deployment, int(balancer.get("containerPort", 0))


def rollout_of(service: Any) -> Rollout | None:
    """Return the rollout of a service; None for a deleted service, or one with another deployment controller."""
    rollout = getattr(service, "standin_rollout", None)
    return rollout if isinstance(rollout, Rollout) else None


def balancers_of(service: Any) -> dict[str, list[Any]]:
    """Return the load balancers of each revision of a service."""
    found: dict[str, list[Any]] = service.standin_balancers
    return found


def begin(service: Any, backend: EC2ContainerServiceBackend, rules: RolloutRules) -> None:
    if service.deployment_controller["type"] != "ECS" or service.task_definition is None:
        return
    rollout = rollouts.begin(
        service.name,
        service.task_definition,
        desired=service.desired_count,
        failing=_must_fail(service, backend, rules),
        breaker=_breaker(service),
        now=rules.now(),
    )
    service.standin_balancers = {rollout.primary.id: service.load_balancers}
    _show(service, rollout, rules)


def change(service: Any, backend: EC2ContainerServiceBackend, rules: RolloutRules, *, redeploy: bool) -> None:
    """Apply an update to the rollout: breaker, desired count and, with `redeploy`, a new deployment."""
    rollout = rollout_of(service)
    if rollout is None:
        return
    rollout = rollouts.configure(rollout, _breaker(service))
    rollout = rollouts.scale(rollout, service.desired_count, now=rules.now(), delay=rules.delay)
    if redeploy:
        failing = _must_fail(service, backend, rules)
        rollout = rollouts.deploy(rollout, service.task_definition, failing=failing, now=rules.now())
        service.standin_balancers[rollout.primary.id] = service.load_balancers
    _show(service, rollout, rules)


def scale(service: Any, desired: int, rules: RolloutRules) -> None:
    rollout = rollout_of(service)
    service.desired_count = desired
    if rollout is not None:
        _show(service, rollouts.scale(rollout, desired, now=rules.now(), delay=rules.delay), rules)


def refresh(service: Any, rules: RolloutRules) -> None:
    """Advance a service to the current time."""
    rollout = rollout_of(service)
    if rollout is not None:
        _show(service, rollout, rules)


def refresh_all(rules: RolloutRules) -> None:
    """Advance every service to the current time, before a change of the rules that apply until now."""
    for backends in list(ecs_backends.values()):
        for backend in list(backends.values()):
            for service in backend.services.values():
                refresh(service, rules)


def end(service: Any) -> None:
    service.standin_rollout = None
    service.deployments = []
    service.running_count = service.pending_count = service.desired_count = 0


def _show(service: Any, rollout: Rollout, rules: RolloutRules) -> None:
    now = rules.now()
    rollout = rollouts.advance(rollout, now=now, delay=rules.delay)
    service.standin_rollout = rollout
    service.task_definition = rollout.primary.task_definition
    service.load_balancers = service.standin_balancers[rollout.primary.revision]
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
    if connect := getattr(service, "standin_connect", None):
        described["serviceConnectConfiguration"] = connect
    return described | ({"capacityProviderStrategy": strategy} if strategy else {"launchType": service.launch_type})


def _breaker(service: Any) -> Breaker:
    configured = (service.deployment_configuration or {}).get("deploymentCircuitBreaker") or {}
    return Breaker(enabled=bool(configured.get("enable")), rollback=bool(configured.get("rollback")))


def _must_fail(service: Any, backend: EC2ContainerServiceBackend, rules: RolloutRules) -> bool:
    definition = backend.describe_task_definition(service.task_definition)
    images = [str(container.get("image", "")) for container in definition.container_definitions]
    return rules.fails(service.cluster_name, service.name, images)
