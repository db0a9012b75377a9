"""The rollout that an answer of ECS shows."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.core.live import RolloutState
from reconciler.edges.aws.ecs import rollout
from tests.edges.aws.shop import ACCOUNT

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def deployment(
    revision: int, state: str, *, status: str = "PRIMARY", reason: str = "", at: datetime = T0
) -> dict[str, Any]:
    return {
        "id": f"ecs-svc/{revision}",
        "status": status,
        "taskDefinition": f"arn:aws:ecs:eu-central-1:{ACCOUNT}:task-definition/develop-orders:{revision}",
        "rolloutState": state,
        "rolloutStateReason": reason,
        "createdAt": at,
    }


def event(message: str, *, at: datetime) -> dict[str, Any]:
    return {"message": f"(service orders) {message}", "createdAt": at}


BREAKER = "ECS deployment circuit breaker: tasks failed to start."
BACK = "rolling back to deployment ecs-svc/1."
LATER = T0 + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("service", "state", "message"),
    [
        ({"deployments": [deployment(2, "COMPLETED", reason="done")]}, RolloutState.COMPLETED, "done"),
        ({"deployments": [deployment(2, "IN_PROGRESS")]}, RolloutState.IN_PROGRESS, ""),
        ({"deployments": [deployment(2, "FAILED", reason=BREAKER)]}, RolloutState.FAILED, BREAKER),
        (
            {"deployments": [deployment(1, "IN_PROGRESS"), deployment(2, "FAILED", status="ACTIVE", reason=BREAKER)]},
            RolloutState.ROLLED_BACK,
            BREAKER,
        ),
        (
            {"deployments": [deployment(1, "IN_PROGRESS", reason="circuit breaker: rolling back to deploymentId x")]},
            RolloutState.ROLLED_BACK,
            "circuit breaker: rolling back to deploymentId x",
        ),
        (
            {"deployments": [deployment(1, "COMPLETED")], "events": [event(BACK, at=LATER)]},
            RolloutState.ROLLED_BACK,
            f"(service orders) {BACK}",
        ),
        (
            {"deployments": [deployment(3, "COMPLETED", at=LATER)], "events": [event(BACK, at=T0)]},
            RolloutState.COMPLETED,
            "",
        ),
        (
            {"deployments": [deployment(3, "IN_PROGRESS"), deployment(2, "FAILED", status="ACTIVE", reason=BREAKER)]},
            RolloutState.IN_PROGRESS,
            "",
        ),
        ({"deployments": [], "runningCount": 2, "desiredCount": 2}, RolloutState.COMPLETED, ""),
        ({"deployments": [], "runningCount": 1, "desiredCount": 2}, RolloutState.IN_PROGRESS, ""),
    ],
    ids=[
        "completed", "in progress", "failed",
        "the primary is older than the failed one beside it",
        "the reason announces a rollback",
        "only an event is left",
        "an event from before the deployment",
        "a fix in progress beside the failed deployment",
        "other controller, steady", "other controller, moving",
    ],
)  # fmt: skip
def test_rollout_state_and_message_of_an_answer(service: Mapping[str, Any], state: RolloutState, message: str) -> None:
    assert rollout(service) == (state, message)
