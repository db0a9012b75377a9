"""Probes of services, tasks and scalable targets."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

Clients = Callable[[str], Any]
Probe = Callable[[Clients], bool]

TAGS = {"Owner": "payments"}


def unique_name() -> str:
    return f"p{uuid.uuid4().hex[:10]}"


def creates_service_with_its_strategy(client: Clients) -> bool:
    connect = {"enabled": True, "namespace": "arn:aws:servicediscovery:eu-central-1:123456789012:namespace/ns-1"}
    service = running_service(client, serviceConnectConfiguration=connect)
    described = client("ecs").describe_services(cluster=service["clusterArn"], services=[service["serviceArn"]])
    stored = described["services"][0]
    strategy = [{"capacityProvider": "FARGATE", "weight": 1, "base": 1}]
    return (
        stored.get("capacityProviderStrategy") == strategy
        and stored.get("availabilityZoneRebalancing") == "ENABLED"
        and "launchType" not in stored
        and stored["deployments"][0].get("serviceConnectConfiguration") == connect
    )


def updates_service_by_a_new_deployment(client: Clients) -> bool:
    service = running_service(client)
    revision = _revision(client, service["serviceName"], "app:2")
    updated = client("ecs").update_service(
        cluster=service["clusterArn"], service=service["serviceName"], taskDefinition=revision
    )["service"]
    primary = updated["deployments"][0]
    return bool(primary["taskDefinition"] == revision and primary["id"] != service["deployments"][0]["id"])


def describes_services_whose_deployments_complete(client: Clients) -> bool:
    service = running_service(client)
    described = client("ecs").describe_services(cluster=service["clusterArn"], services=[service["serviceName"]])
    found = described["services"][0]
    return bool(
        found["deployments"][0]["rolloutState"] == "COMPLETED"
        and found["runningCount"] == found["desiredCount"]
        and "steady state" in found["events"][0]["message"]
    )


def deletes_service_with_its_deployments(client: Clients) -> bool:
    service = running_service(client)
    deleted = client("ecs").delete_service(cluster=service["clusterArn"], service=service["serviceName"], force=True)
    return bool(deleted["service"]["status"] == "INACTIVE" and not deleted["service"]["deployments"])


def describes_clusters_with_their_services(client: Clients) -> bool:
    service = running_service(client)
    cluster = client("ecs").describe_clusters(clusters=[service["clusterArn"]])["clusters"][0]
    return bool(cluster["activeServicesCount"] == 1)


def runs_tasks_whose_containers_share_memory(client: Clients) -> bool:
    name = unique_name()
    client("ecs").create_cluster(clusterName=name)
    client("ecs").register_task_definition(
        family=name, cpu="256", memory="512", containerDefinitions=[{"name": "app", "image": "app:1"}]
    )
    ran = client("ecs").run_task(cluster=name, taskDefinition=name, launchType="FARGATE")
    stored = client("ecs").describe_task_definition(taskDefinition=name)["taskDefinition"]["containerDefinitions"][0]
    return len(ran["tasks"]) == 1 and "memory" not in stored


def describes_tasks_that_end(client: Clients) -> bool:
    name = unique_name()
    client("ecs").create_cluster(clusterName=name)
    container = {"name": "app", "image": "app:1", "memory": 64}
    client("ecs").register_task_definition(family=name, containerDefinitions=[container])
    task = client("ecs").run_task(cluster=name, taskDefinition=name, launchType="FARGATE")["tasks"][0]["taskArn"]
    described = client("ecs").describe_tasks(cluster=name, tasks=[task])["tasks"][0]
    return bool((described["lastStatus"], described["containers"][0]["exitCode"]) == ("STOPPED", 0))


def registers_scalable_target_and_lifts_the_service(client: Clients) -> bool:
    service = running_service(client, desired=0)
    _target(client, service)
    described = client("ecs").describe_services(cluster=service["clusterArn"], services=[service["serviceName"]])
    return bool(described["services"][0]["desiredCount"] == 2)


def lists_tags_of_a_scalable_target(client: Clients) -> bool:
    arn = _target(client, running_service(client))
    return bool(client("application-autoscaling").list_tags_for_resource(ResourceARN=arn)["Tags"] == TAGS)


def tags_a_scalable_target(client: Clients) -> bool:
    scaling, arn = client("application-autoscaling"), _target(client, running_service(client))
    scaling.tag_resource(ResourceARN=arn, Tags={"Tier": "test"})
    return bool(scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {**TAGS, "Tier": "test"})


def untags_a_scalable_target(client: Clients) -> bool:
    scaling, arn = client("application-autoscaling"), _target(client, running_service(client))
    scaling.untag_resource(ResourceARN=arn, TagKeys=["Owner"])
    return bool(scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {})


def _revision(client: Clients, family: str, image: str) -> str:
    registered = client("ecs").register_task_definition(
        family=family,
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[{"name": "app", "image": image}],
    )
    return str(registered["taskDefinition"]["taskDefinitionArn"])


def running_service(client: Clients, *, desired: int = 2, **more: Any) -> dict[str, Any]:
    name = unique_name()
    client("ecs").create_cluster(clusterName=name)
    created: dict[str, Any] = client("ecs").create_service(
        cluster=name,
        serviceName=name,
        taskDefinition=_revision(client, name, "app:1"),
        desiredCount=desired,
        capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1, "base": 1}],
        availabilityZoneRebalancing="ENABLED",
        **more,
    )["service"]
    return created


def _target(client: Clients, service: dict[str, Any]) -> str:
    registered = client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=service["serviceArn"].rpartition(":")[2],
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=2,
        MaxCapacity=4,
        Tags=TAGS,
    )
    return str(registered["ScalableTargetARN"])
