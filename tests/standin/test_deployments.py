"""Rollouts as a client of ECS sees them, from a service's creation to a rollback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from deploy.local.standin import StandIn


@pytest.fixture
def slow(standin: StandIn) -> Iterator[StandIn]:
    """Let deployments take an hour until a test changes the delay."""
    standin.set_rollout_delay(3600)
    yield standin
    standin.set_rollout_delay(0)
    standin.allow_deployments()


@pytest.fixture
def service(slow: StandIn, name: str) -> dict[str, Any]:
    """Create a service of two tasks at its first revision, with its rollout in progress."""
    slow.client("ecs").create_cluster(clusterName=name)
    created: dict[str, Any] = slow.client("ecs").create_service(
        cluster=name,
        serviceName=name,
        taskDefinition=register(slow, name, "app:1"),
        desiredCount=2,
        launchType="FARGATE",
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    )["service"]
    return created


def register(standin: StandIn, family: str, image: str) -> str:
    container = {"name": "app", "image": image, "memory": 128}
    registered = standin.client("ecs").register_task_definition(family=family, containerDefinitions=[container])
    return str(registered["taskDefinition"]["taskDefinitionArn"])


def see(standin: StandIn, name: str) -> dict[str, Any]:
    described: dict[str, Any] = standin.client("ecs").describe_services(cluster=name, services=[name])["services"][0]
    return described


def test_a_deployment_progresses_until_its_tasks_run(slow: StandIn, service: dict[str, Any], name: str) -> None:
    starting = see(slow, name)
    assert [deployment["rolloutState"] for deployment in starting["deployments"]] == ["IN_PROGRESS"]
    assert (starting["runningCount"], starting["pendingCount"]) == (0, 2)

    slow.set_rollout_delay(0)
    running = see(slow, name)
    assert [deployment["rolloutState"] for deployment in running["deployments"]] == ["COMPLETED"]
    assert (running["runningCount"], running["pendingCount"]) == (2, 0)
    assert running["events"][0]["message"] == f"(service {name}) has reached a steady state."


def test_a_longer_delay_does_not_undo_a_completed_deployment(slow: StandIn, service: dict[str, Any], name: str) -> None:
    slow.set_rollout_delay(0)
    slow.set_rollout_delay(3600)
    assert see(slow, name)["deployments"][0]["rolloutState"] == "COMPLETED"


def test_an_update_starts_new_tasks_while_the_old_ones_run(slow: StandIn, service: dict[str, Any], name: str) -> None:
    slow.set_rollout_delay(0)
    see(slow, name)
    slow.set_rollout_delay(3600)
    register(slow, name, "app:2")
    slow.client("ecs").update_service(cluster=name, service=name, taskDefinition=f"{name}:2")

    updating = see(slow, name)
    assert updating["taskDefinition"].endswith(f"task-definition/{name}:2")
    assert [(each["status"], each["runningCount"]) for each in updating["deployments"]] == [
        ("PRIMARY", 0),
        ("ACTIVE", 2),
    ]


def test_a_failing_image_is_rolled_back(slow: StandIn, service: dict[str, Any], name: str) -> None:
    slow.set_rollout_delay(0)
    see(slow, name)
    slow.fail_deployments(name, name, image=":2")
    slow.set_rollout_delay(3600)
    slow.client("ecs").update_service(cluster=name, service=name, taskDefinition=register(slow, name, "app:2"))
    assert see(slow, name)["taskDefinition"].endswith(":2")

    slow.set_rollout_delay(0)
    returned = see(slow, name)
    messages = [event["message"] for event in returned["events"]]
    assert returned["taskDefinition"] == service["taskDefinition"]
    assert returned["deployments"][0]["rolloutState"] == "COMPLETED"
    assert any("deployment failed: tasks failed to start." in message for message in messages)
    assert any("rolling back to deployment" in message for message in messages)


def test_another_image_of_the_same_service_succeeds(slow: StandIn, service: dict[str, Any], name: str) -> None:
    slow.fail_deployments(name, name, image=":2")
    slow.set_rollout_delay(0)
    slow.client("ecs").update_service(cluster=name, service=name, taskDefinition=register(slow, name, "app:3"))
    assert see(slow, name)["taskDefinition"].endswith(":2")  # the second revision runs the third image


def test_scaling_and_new_settings_start_no_deployment(slow: StandIn, service: dict[str, Any], name: str) -> None:
    slow.client("ecs").update_service(cluster=name, service=name, desiredCount=3, enableECSManagedTags=True)
    updated = see(slow, name)
    assert [deployment["id"] for deployment in updated["deployments"]] == [service["deployments"][0]["id"]]
    assert (updated["desiredCount"], updated["pendingCount"]) == (3, 3)


def test_a_forced_deployment_is_a_new_one(slow: StandIn, service: dict[str, Any], name: str) -> None:
    slow.client("ecs").update_service(cluster=name, service=name, forceNewDeployment=True)
    updated = see(slow, name)
    assert updated["deployments"][0]["id"] != service["deployments"][0]["id"]
    assert updated["taskDefinition"] == service["taskDefinition"]


def test_a_service_can_be_created_again_only_after_its_deletion(
    slow: StandIn, service: dict[str, Any], name: str
) -> None:
    ecs = slow.client("ecs")
    again = {"cluster": name, "serviceName": name, "taskDefinition": service["taskDefinition"], "desiredCount": 1}
    with pytest.raises(ecs.exceptions.InvalidParameterException, match="not idempotent"):
        ecs.create_service(**again)
    ecs.delete_service(cluster=name, service=name, force=True)
    with pytest.raises(ecs.exceptions.ServiceNotActiveException):
        ecs.update_service(cluster=name, service=name, desiredCount=1)
    assert ecs.create_service(**again)["service"]["status"] == "ACTIVE"


@pytest.mark.parametrize(("limits", "desired"), [((3, 5), 3), ((0, 1), 1), ((1, 4), 2)])
def test_registered_limits_bring_the_service_inside_them(
    slow: StandIn, service: dict[str, Any], name: str, limits: tuple[int, int], desired: int
) -> None:
    slow.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{name}/{name}",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=limits[0],
        MaxCapacity=limits[1],
    )
    assert see(slow, name)["desiredCount"] == desired


def test_targets_become_healthy_as_tasks_start(slow: StandIn, name: str) -> None:
    vpc = slow.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    elb, ecs = slow.client("elbv2"), slow.client("ecs")
    group = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, TargetType="ip", VpcId=vpc)
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    balancer = {"targetGroupArn": arn, "containerName": "app", "containerPort": 8080}
    ecs.create_cluster(clusterName=name)
    ecs.create_service(
        cluster=name,
        serviceName=name,
        taskDefinition=register(slow, name, "app:1"),
        desiredCount=2,
        loadBalancers=[balancer],
    )

    def states() -> list[str]:
        found = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return [target["TargetHealth"]["State"] for target in found]

    assert states() == ["initial", "initial"]
    slow.set_rollout_delay(0)
    assert states() == ["healthy", "healthy"]
    ecs.delete_service(cluster=name, service=name, force=True)
    assert states() == []


def test_an_update_keeps_what_it_does_not_name_of_the_deployment_configuration(
    slow: StandIn, service: dict[str, Any], name: str
) -> None:
    ecs, breaker = slow.client("ecs"), {"enable": True, "rollback": True}
    ecs.update_service(
        cluster=name, service=name, deploymentConfiguration={"minimumHealthyPercent": 50, "maximumPercent": 150}
    )
    ecs.update_service(cluster=name, service=name, deploymentConfiguration={"deploymentCircuitBreaker": breaker})
    assert see(slow, name)["deploymentConfiguration"] == {
        "minimumHealthyPercent": 50,
        "maximumPercent": 150,
        "deploymentCircuitBreaker": breaker,
    }


def test_tasks_keep_port_and_group_of_their_deployment_and_a_rollback_returns_to_them(slow: StandIn, name: str) -> None:
    vpc = slow.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    elb, ecs = slow.client("elbv2"), slow.client("ecs")
    group = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, TargetType="ip", VpcId=vpc)
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    old, new = ({"targetGroupArn": arn, "containerName": "app", "containerPort": port} for port in (8080, 9090))
    ecs.create_cluster(clusterName=name)
    slow.set_rollout_delay(0)
    ecs.create_service(
        cluster=name,
        serviceName=name,
        taskDefinition=register(slow, name, "app:1"),
        desiredCount=1,
        loadBalancers=[old],
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    )

    def ports() -> list[tuple[int, str]]:
        found = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return sorted((target["Target"]["Port"], target["TargetHealth"]["State"]) for target in found)

    assert ports() == [(8080, "healthy")]
    slow.set_rollout_delay(3600)
    slow.fail_deployments(name, name)
    ecs.update_service(cluster=name, service=name, taskDefinition=register(slow, name, "app:2"), loadBalancers=[new])
    assert ports() == [(8080, "healthy"), (9090, "unhealthy")]
    slow.set_rollout_delay(0)
    assert (8080, "healthy") in ports()
    assert (9090, "healthy") not in ports()
    assert see(slow, name)["loadBalancers"] == [old]
