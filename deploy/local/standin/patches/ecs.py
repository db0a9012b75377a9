"""ECS: services that keep what they are given, and deployments that take their course.

moto stores a service's first deployment and never moves it, forgets several arguments of CreateService, and takes a
task definition by whatever name it came under. Sources: the API references of CreateService, UpdateService and
Deployment, and the deployment circuit breaker's page in the ECS developer guide.
"""

from __future__ import annotations

from typing import Any

from moto.core.utils import camelcase_to_underscores
from moto.ecs.exceptions import ECSException
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from deploy.local.standin.patches import services
from deploy.local.standin.patches.patch import Act, Patch

# What CreateService takes, DescribeServices returns and moto drops in between.
KEPT = (
    "availabilityZoneRebalancing",
    "capacityProviderStrategy",
    "deploymentConfiguration",
    "enableECSManagedTags",
    "enableExecuteCommand",
    "healthCheckGracePeriodSeconds",
    "placementConstraints",
    "placementStrategy",
)
DEPLOYMENT_DEFAULTS = {
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
}
# A change of one of these replaces the tasks; a change of the desired count or of the breaker does not.
REDEPLOYING = ("capacity_provider_strategy", "load_balancers", "network_configuration", "platform_version")
REDEPLOYING_TOO = ("service_registries", "task_definition")


def create_service(act: Act) -> Any:
    backend = services.backend_of(act)
    cluster, name = act.parameter("cluster", "default"), act.parameter("serviceName")
    existing = services.find(backend, cluster, name)
    if existing is not None and existing.status == "ACTIVE":
        raise ECSException("InvalidParameterException", "Creation of service was not idempotent.")
    network = (act.parameter("networkConfiguration") or {}).get("awsvpcConfiguration")
    if network:
        network.setdefault("securityGroups", [])  # moto fails without; AWS takes the VPC's default group
    answer = act.proceed()
    service = services.find(backend, cluster, name)
    _keep(service, act)
    services.begin(service, backend, act.rules)
    return answer


def update_service(act: Act) -> Any:
    backend = services.backend_of(act)
    service = services.find(backend, act.parameter("cluster", "default"), act.parameter("service"))
    if service is None:
        return act.proceed()  # moto's own error
    if service.status != "ACTIVE":
        raise ECSException("ServiceNotActiveException", "Service was not ACTIVE.")
    services.look(service, act.rules)
    before = _replacing(service)
    answer = act.proceed()
    if service.task_definition is not None:
        service.task_definition = backend.describe_task_definition(service.task_definition).arn
    if act.parameter("capacityProviderStrategy"):
        service.launch_type = None
    redeploy = bool(act.parameter("forceNewDeployment")) or before != _replacing(service)
    services.change(service, backend, act.rules, redeploy=redeploy)
    return answer


def describe_services(act: Act) -> Any:
    backend = services.backend_of(act)
    for name in act.parameter("services", []):
        service = services.find(backend, act.parameter("cluster", "default"), name)
        services.look(service, act.rules)
    return act.proceed()


def delete_service(act: Act) -> Any:
    backend = services.backend_of(act)
    service = services.find(backend, act.parameter("cluster", "default"), act.parameter("service"))
    answer = act.proceed()
    services.end(service)
    return answer


def describe_clusters(act: Act) -> Any:
    backend = services.backend_of(act)
    for cluster in backend.clusters.values():
        _count(cluster, backend, act)
    return act.proceed()


def _keep(service: Any, act: Act) -> None:
    for name in KEPT:
        setattr(service, camelcase_to_underscores(name), act.parameter(name))
    service.created_at = act.rules.now()
    service.network_configuration = service.network_configuration or None  # the provider crashes on an empty one
    service.availability_zone_rebalancing = service.availability_zone_rebalancing or "DISABLED"
    service.deployment_configuration = DEPLOYMENT_DEFAULTS | (service.deployment_configuration or {})
    if not act.parameter("launchType"):
        default = services.backend_of(act).clusters[service.cluster_name].default_capacity_provider_strategy
        service.capacity_provider_strategy = service.capacity_provider_strategy or default
    if service.capacity_provider_strategy:
        service.launch_type = None
    if service.launch_type != "EC2":
        service.platform_version = service.platform_version or "LATEST"


def _replacing(service: Any) -> list[Any]:
    return [getattr(service, name, None) for name in (*REDEPLOYING, *REDEPLOYING_TOO)]


def _count(cluster: Any, backend: EC2ContainerServiceBackend, act: Act) -> None:
    """moto keeps these counts by differences, which the rollouts would put out of step."""
    active = [
        each for each in backend.services.values() if (each.cluster_name, each.status) == (cluster.name, "ACTIVE")
    ]
    for service in active:
        services.look(service, act.rules)
    cluster.active_services_count = len(active)
    cluster.running_tasks_count = sum(service.running_count for service in active)
    cluster.pending_tasks_count = sum(service.pending_count for service in active)


def _patch(operation: str, mend: Any, reason: str) -> Patch:
    return Patch("ecs", operation, reason, EC2ContainerServiceResponse, mend)


PATCHES = (
    _patch("CreateService", create_service, "capacity provider strategy, zone rebalancing and more are dropped"),
    _patch("UpdateService", update_service, "a change starts no deployment"),
    _patch("DescribeServices", describe_services, "deployments never progress, fail or roll back"),
    _patch("DeleteService", delete_service, "a deleted service keeps its deployments"),
    _patch("DescribeClusters", describe_clusters, "services are not counted"),
)
