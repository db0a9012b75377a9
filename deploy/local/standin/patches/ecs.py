"""ECS: services that store all their arguments, and deployments that progress.

moto stores a service's first deployment and never advances it, drops several arguments of CreateService, and stores a
task definition under the name of the request. Sources: the API references of CreateService, UpdateService and
Deployment, and the deployment circuit breaker's page in the ECS developer guide.

UpdateService keeps what a request leaves out of `deploymentConfiguration`: the AWS provider sends a changed circuit
breaker without the percentages of tasks, and the other way round (`resourceServiceUpdate` in its
`internal/service/ecs/service.go`), and neither changes the other.
"""

from __future__ import annotations

from typing import Any

from moto.core.utils import camelcase_to_underscores
from moto.ecs.exceptions import ECSException
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse

from deploy.local.standin.patches import services
from deploy.local.standin.patches.patch import Invocation, Patch

# Arguments of CreateService that DescribeServices returns and moto drops.
STORED = (
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
# A change of one of these attributes starts a deployment; a change of the desired count or the breaker does not.
REDEPLOYING = (
    "capacity_provider_strategy",
    "load_balancers",
    "network_configuration",
    "platform_version",
    "service_registries",
    "standin_connect",
    "task_definition",
)


def create_service(invocation: Invocation) -> Any:
    backend = services.backend_of(invocation)
    cluster, name = invocation.parameter("cluster", "default"), invocation.parameter("serviceName")
    existing = services.find(backend, cluster, name)
    if existing is not None and existing.status == "ACTIVE":
        raise ECSException("InvalidParameterException", "Creation of service was not idempotent.")
    network = (invocation.parameter("networkConfiguration") or {}).get("awsvpcConfiguration")
    if network:
        network.setdefault("securityGroups", [])  # moto fails without them; AWS uses the VPC's default group
    answer = invocation.proceed()
    service = services.find(backend, cluster, name)
    _store(service, invocation)
    services.begin(service, backend, invocation.rules)
    return answer


def update_service(invocation: Invocation) -> Any:
    backend = services.backend_of(invocation)
    service = services.find(backend, invocation.parameter("cluster", "default"), invocation.parameter("service"))
    if service is None:
        return invocation.proceed()  # moto's own error
    if service.status != "ACTIVE":
        raise ECSException("ServiceNotActiveException", "Service was not ACTIVE.")
    services.refresh(service, invocation.rules)
    before = _redeploying(service)
    named = invocation.parameter("deploymentConfiguration") or {}
    merged = (getattr(service, "deployment_configuration", None) or {}) | named
    answer = invocation.proceed()
    setattr(service, "deployment_configuration", merged)  # noqa: B010 - `_store` adds the attribute
    if service.task_definition is not None:
        service.task_definition = backend.describe_task_definition(service.task_definition).arn
    if invocation.parameter("capacityProviderStrategy"):
        service.launch_type = None
    if connect := invocation.parameter("serviceConnectConfiguration"):
        # What a deployment has of Service Connect is not shown once that is off.
        setattr(service, "standin_connect", connect if connect.get("enabled") else None)  # noqa: B010 - as above
    redeploy = bool(invocation.parameter("forceNewDeployment")) or before != _redeploying(service)
    services.change(service, backend, invocation.rules, redeploy=redeploy)
    return answer


def describe_services(invocation: Invocation) -> Any:
    backend = services.backend_of(invocation)
    for name in invocation.parameter("services", []):
        service = services.find(backend, invocation.parameter("cluster", "default"), name)
        services.refresh(service, invocation.rules)
    return invocation.proceed()


def delete_service(invocation: Invocation) -> Any:
    backend = services.backend_of(invocation)
    service = services.find(backend, invocation.parameter("cluster", "default"), invocation.parameter("service"))
    answer = invocation.proceed()
    services.end(service)
    return answer


def describe_clusters(invocation: Invocation) -> Any:
    backend = services.backend_of(invocation)
    for cluster in backend.clusters.values():
        _count(cluster, backend, invocation)
    return invocation.proceed()


def _store(service: Any, invocation: Invocation) -> None:
    service.standin_connect = invocation.parameter("serviceConnectConfiguration")
    for name in STORED:
        setattr(service, camelcase_to_underscores(name), invocation.parameter(name))
    service.created_at = invocation.rules.now()
    service.network_configuration = service.network_configuration or None  # the provider crashes on an empty one
    service.availability_zone_rebalancing = service.availability_zone_rebalancing or "DISABLED"
    service.deployment_configuration = DEPLOYMENT_DEFAULTS | (service.deployment_configuration or {})
    if not invocation.parameter("launchType"):
        default = services.backend_of(invocation).clusters[service.cluster_name].default_capacity_provider_strategy
        service.capacity_provider_strategy = service.capacity_provider_strategy or default
    if service.capacity_provider_strategy:
        service.launch_type = None
    if service.launch_type != "EC2":
        service.platform_version = service.platform_version or "LATEST"


def _redeploying(service: Any) -> list[Any]:
    return [getattr(service, name, None) for name in REDEPLOYING]


def _count(cluster: Any, backend: EC2ContainerServiceBackend, invocation: Invocation) -> None:
    """Recount services and tasks: moto counts them incrementally, which the rollouts would make wrong."""
    active = [
        each for each in backend.services.values() if (each.cluster_name, each.status) == (cluster.name, "ACTIVE")
    ]
    for service in active:
        services.refresh(service, invocation.rules)
    cluster.active_services_count = len(active)
    cluster.running_tasks_count = sum(service.running_count for service in active)
    cluster.pending_tasks_count = sum(service.pending_count for service in active)


def _patch(operation: str, handler: Any, reason: str) -> Patch:
    return Patch("ecs", operation, reason, EC2ContainerServiceResponse, handler)


PATCHES = (
    _patch("CreateService", create_service, "capacity provider strategy, Service Connect and more are dropped"),
    _patch("UpdateService", update_service, "a change starts no deployment and replaces the deployment configuration"),
    _patch("DescribeServices", describe_services, "deployments never progress, fail or roll back"),
    _patch("DeleteService", delete_service, "a deleted service keeps its deployments"),
    _patch("DescribeClusters", describe_clusters, "services are not counted"),
)
