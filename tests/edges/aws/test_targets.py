"""Tasks and targets of a service, as they are counted from the answers of ECS and of its load balancer."""

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.ports.aws import LiveUnavailable
from reconciler.edges.aws.clients import AwsClients, AwsFailed
from reconciler.edges.aws.ecs import EcsLive
from tests.core.instances import DEVELOP, instance


def deployment(revision: int, status: str, *, running: int) -> dict[str, Any]:
    definition = f"arn:aws:ecs:eu-central-1:123456789012:task-definition/develop-orders:{revision}"
    return {"status": status, "taskDefinition": definition, "rolloutState": "IN_PROGRESS", "runningCount": running}


class Answers(AwsClients):
    """A service in the middle of a rollout, whose targets have these states; an error code is a refusal."""

    def __init__(self, groups: Mapping[str, list[str] | str]) -> None:
        self.groups = groups

    async def call(self, place: Any, service: str, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        match operation:
            case "describe_services":
                old, new = deployment(1, "ACTIVE", running=2), deployment(2, "PRIMARY", running=1)
                balancers = [{"targetGroupArn": group} for group in self.groups]
                return {
                    "services": [
                        {
                            "status": "ACTIVE",
                            "taskDefinition": new["taskDefinition"],
                            "desiredCount": 2,
                            "runningCount": 3,
                            "loadBalancers": balancers,
                            "deployments": [new, old],
                        }
                    ]
                }
            case "describe_task_definition":
                return {"taskDefinition": {"containerDefinitions": [{"name": "orders", "image": "app:2"}]}}
            case "describe_target_health":
                states = self.groups[parameters["TargetGroupArn"]]
                if isinstance(states, str):
                    raise AwsFailed(states, "no", operation=operation)
                return {"TargetHealthDescriptions": [{"TargetHealth": {"State": state}} for state in states]}
            case _:
                return {"imageDetails": [{}]}


@pytest.mark.parametrize(
    ("groups", "targets", "healthy"),
    [
        ({}, None, 1),
        ({"a": ["healthy", "healthy", "draining"]}, 2, 1),
        ({"a": ["healthy"], "b": ["initial", "unhealthy", "unused"]}, 0, 0),
        ({"a": "TargetGroupNotFound"}, 0, 0),
        ({"a": "AccessDenied"}, None, 1),
    ],
)
async def test_the_tasks_of_the_newest_deployment_with_a_healthy_target_are_counted(
    groups: Mapping[str, list[str] | str], targets: int | None, healthy: int
) -> None:
    found = await EcsLive(Answers(groups)).service(instance(), DEVELOP, "c")
    assert (found.running, found.desired, found.targets, found.healthy) == (1, 2, targets, healthy)


async def test_targets_that_cannot_be_read_make_the_service_unavailable() -> None:
    with pytest.raises(LiveUnavailable, match="describe_target_health"):
        await EcsLive(Answers({"a": "Throttling"})).service(instance(), DEVELOP, "c")
