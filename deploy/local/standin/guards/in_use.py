"""Things that are not deleted while something uses them, where moto deletes them.

moto itself refuses to delete a repository with images, and a target group that a listener or rule forwards to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends
from moto.servicediscovery.models import servicediscovery_backends

from deploy.local.standin.guards.guard import Guard, Place, Refused

OF_A_TASK = "moto ECS"  # moto keeps the interface of a task that has ended, where AWS deletes it
CLOUD_MAP = "docs.aws.amazon.com/cloud-map/latest/api"


def cloud_map_service(parameters: Mapping[str, Any], place: Place) -> None:
    """Refuse to delete a service with instances: its own, or the tasks that ECS registers."""
    service = place.backend(servicediscovery_backends).services.get(str(parameters["Id"]).rpartition("/")[2])
    if service is not None and (service.instances or service.arn in set(_registries(place))):
        raise Refused("ResourceInUse", "Service contains registered instances; delete the instances before the service")


def cloud_map_namespace(parameters: Mapping[str, Any], place: Place) -> None:
    backend, wanted = place.backend(servicediscovery_backends), str(parameters["Id"]).rpartition("/")[2]
    if any(service.namespace_id == wanted for service in backend.services.values()):
        raise Refused("ResourceInUse", "Namespace has associated services; delete the services before the namespace")


def security_group(parameters: Mapping[str, Any], place: Place) -> None:
    """Refuse to delete a group that an interface has, or that a rule of another group refers to."""
    wanted = parameters.get("GroupId")
    if wanted in set(_groups_in_use(place)) or wanted in set(_groups_referred_to(wanted, place)):
        raise Refused("DependencyViolation", f"resource {wanted} has a dependent object")


def _registries(place: Place) -> Iterator[str]:
    for service in place.backend(ecs_backends).services.values():
        if service.status == "ACTIVE":
            yield from (str(each.get("registryArn")) for each in service.service_registries or ())


def _groups_in_use(place: Place) -> Iterator[str]:
    """Yield the groups of load balancers, endpoints, tasks and other interfaces."""
    ec2 = place.backend(ec2_backends)
    for balancer in place.backend(elbv2_backends).load_balancers.values():
        yield from balancer.security_groups or ()
    for endpoint in ec2.vpc_end_points.values():
        yield from endpoint.security_group_ids if endpoint.state != "deleted" else ()
    for interface in ec2.enis.values():
        if interface.description != OF_A_TASK:
            yield from (group.id for group in interface.group_set or ())
    for service in place.backend(ecs_backends).services.values():
        if service.status == "ACTIVE":
            network = (service.network_configuration or {}).get("awsvpcConfiguration") or {}
            yield from network.get("securityGroups") or ()


def _groups_referred_to(wanted: Any, place: Place) -> Iterator[str]:
    for groups in place.backend(ec2_backends).groups.values():
        for group in groups.values():
            if group.id != wanted:
                rules = (*group.ingress_rules, *group.egress_rules)
                yield from (rule.source_group.get("GroupId", "") for rule in rules if rule.source_group)


GUARDS = (
    Guard(
        "servicediscovery", "DeleteService", "ResourceInUse", "a service with instances is deleted",
        f"{CLOUD_MAP}/API_DeleteService.html", cloud_map_service,
    ),
    Guard(
        "servicediscovery", "DeleteNamespace", "ResourceInUse", "a namespace with services is deleted",
        f"{CLOUD_MAP}/API_DeleteNamespace.html", cloud_map_namespace,
    ),
    Guard(
        "ec2", "DeleteSecurityGroup", "DependencyViolation", "a group in use is deleted",
        "docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html", security_group,
    ),
)  # fmt: skip
