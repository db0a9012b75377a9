"""Services as they run: the image, the image to run next, and how the newest deployment goes.

The rule: what ECS says decides, never what was asked for. A circuit breaker's rollback ends in a service that looks
healthy on its old revision, so it is recognised by its traces: a failed deployment of a newer revision beside the
primary one, the reason, or an event since the primary exists (ECS soon drops the failed one from its answer).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from desired_state.instance import Instance, Key
from desired_state.service import ServiceSpec
from reconciler.core.environment import Environment
from reconciler.core.live import LiveService, RolloutState
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.edges.aws.clients import AwsClients, AwsFailed
from reconciler.edges.aws.ecr import PLACEHOLDER_TAG, has_tag, image_uri, newest_tag

_ROLLING_BACK = re.compile(r"(?i)rolling back|rolled back")
_SAME_MOMENT = timedelta(seconds=1)  # ECS announces a rollback and starts it as two steps


class EcsLive:
    """Implements `ports.Live` on ECS and ECR."""

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    async def service(self, instance: Instance, environment: Environment, cluster: str) -> LiveService:
        """Read one service. Raises: LiveUnavailable."""
        try:
            found = await self._describe(instance.service_name, environment, cluster)
            definition = found.get("taskDefinition") if found else None
            image = await self._image(instance.service_name, environment, definition) if definition else None
            newest = await self._newest(instance, environment, image)
        except AwsFailed as failure:
            raise LiveUnavailable(str(failure)) from failure
        if found is None:
            return LiveService(None, newest, RolloutState.ABSENT, "the service does not exist")
        state, message = rollout(found)
        return LiveService(
            image=image,
            newest=newest,
            rollout=state,
            message=message,
            running=found.get("runningCount", 0),
            desired=found.get("desiredCount", 0),
            task_definition=definition,
        )

    async def _describe(self, name: str, environment: Environment, cluster: str) -> Mapping[str, Any] | None:
        try:
            answer = await self._clients.call(environment, "ecs", "describe_services", cluster=cluster, services=[name])
        except AwsFailed as failure:
            if failure.code == "ClusterNotFoundException":
                return None
            raise
        services: Sequence[Mapping[str, Any]] = answer["services"]
        return next((service for service in services if service["status"] == "ACTIVE"), None)

    async def _image(self, name: str, environment: Environment, definition: str) -> str | None:
        answer = await self._clients.call(environment, "ecs", "describe_task_definition", taskDefinition=definition)
        containers = answer["taskDefinition"]["containerDefinitions"]
        image: str | None = next((one["image"] for one in containers if one["name"] == name), None)
        return None if image is None or image.endswith(f":{PLACEHOLDER_TAG}") else image

    async def _newest(self, instance: Instance, environment: Environment, running: str | None) -> str | None:
        spec, key = instance.spec, Key(instance.key.environment, instance.service_name)
        if isinstance(spec, ServiceSpec) and spec.image is not None:
            pushed = await has_tag(self._clients, key, environment, spec.image.tag)
            return image_uri(key, environment, spec.image.tag) if pushed else None
        if running is not None:
            return running
        tag = await newest_tag(self._clients, key, environment)
        return image_uri(key, environment, tag) if tag else None


def rollout(service: Mapping[str, Any]) -> tuple[RolloutState, str]:
    """How the newest deployment goes, and what ECS says about it. `service` is one of DescribeServices."""
    deployments: Sequence[Mapping[str, Any]] = service.get("deployments", ())
    primary = next((one for one in deployments if one.get("status") == "PRIMARY"), None)
    if primary is None:  # another deployment controller; only the counts tell
        return _by_counts(service), ""
    reason = primary.get("rolloutStateReason", "")
    undone = _undone(primary, deployments, service.get("events", ()))
    if undone is not None:
        return RolloutState.ROLLED_BACK, undone
    match primary.get("rolloutState"):
        case "COMPLETED":
            return RolloutState.COMPLETED, reason
        case "FAILED":
            return RolloutState.FAILED, reason
        case "IN_PROGRESS":
            return RolloutState.IN_PROGRESS, reason
        case _:
            return _by_counts(primary), reason


def _undone(
    primary: Mapping[str, Any], deployments: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]
) -> str | None:
    """What ECS says of the deployment that the primary one undid; None when it undid none."""
    failed = next((one for one in deployments if one is not primary and one.get("rolloutState") == "FAILED"), None)
    reason = primary.get("rolloutStateReason", "")
    newer_failed = failed is not None and _revision(failed) > _revision(primary)
    said = next((event["message"] for event in events if _announces_rollback_of(primary, event)), None)
    if not (newer_failed or _ROLLING_BACK.search(reason) or said):
        return None
    why = failed.get("rolloutStateReason") if failed else None
    return str(why or (reason if _ROLLING_BACK.search(reason) else None) or said or "the deployment was rolled back")


def _announces_rollback_of(primary: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """A rollback that was announced since the primary deployment exists led to it, or will take it away."""
    if not _ROLLING_BACK.search(event.get("message", "")) or not {"createdAt"} <= primary.keys() & event.keys():
        return False
    return bool(event["createdAt"] >= primary["createdAt"] - _SAME_MOMENT)


def _revision(deployment: Mapping[str, Any]) -> int:
    revision = str(deployment.get("taskDefinition", "")).rpartition(":")[2]
    return int(revision) if revision.isdecimal() else 0


def _by_counts(counts: Mapping[str, Any]) -> RolloutState:
    steady = counts.get("runningCount", 0) >= counts.get("desiredCount", 0) and not counts.get("pendingCount", 0)
    return RolloutState.COMPLETED if steady else RolloutState.IN_PROGRESS
