"""Running ECS services: the image, the image to run next, and the rollout of the newest deployment.

ECS's answer decides, never what was requested. After a circuit breaker's rollback the service looks healthy on its old
revision, so the rollback is recognised by its traces: a failed deployment of a newer revision beside the primary one,
the primary's reason, or an event since the primary was created (ECS soon drops the failed one from its answer).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from desired_state.instance import Instance, Key
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.environment import Environment
from reconciler.core.inputs.service_secrets import origin_in_ecs
from reconciler.core.live import LiveService, RolloutState
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.edges.aws.clients import DENIED, AwsClients, AwsFailed
from reconciler.edges.aws.ecr import PLACEHOLDER_TAG, has_image, image_uri, newest_tag
from reconciler.edges.aws.schedules import schedule_in_force

_ROLLING_BACK = re.compile(r"(?i)rolling back|rolled back")
_SAME_MOMENT = timedelta(seconds=1)  # ECS announces a rollback and starts it in two steps


class EcsLive:
    """Implements `core.ports.aws.Live` on ECS and ECR."""

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    async def service(self, instance: Instance, environment: Environment, cluster: str) -> LiveService:
        """Read one service; its rollout is ABSENT when it does not exist. Raises: LiveUnavailable."""
        try:
            found = await self._describe(instance.service_name, environment, cluster)
            definition = found.get("taskDefinition") if found else None
            deployed = _deployed(found or {})
            definitions = {*deployed, *([definition] if definition else [])}
            containers = {one: await self._containers(environment, one) for one in definitions}
            image = _image(_own(instance.service_name, containers[definition])) if definition else None
            newest = await self._newest(instance, environment, image)
            targets = await self._healthy_targets(found, environment) if found else None
            schedule = await schedule_in_force(self._clients, instance, environment, cluster) if found else None
        except AwsFailed as failure:
            raise LiveUnavailable(str(failure)) from failure
        if found is None:
            return LiveService(None, newest, RolloutState.ABSENT, message="the service does not exist")
        state, message = rollout(found)
        return LiveService(
            image=image,
            newest=newest,
            rollout=state,
            message=message,
            running=(_primary(found) or found).get("runningCount", 0),
            desired=found.get("desiredCount", 0),
            task_definition=definition,
            targets=targets,
            ports=frozenset(port for one in deployed for port in _ports(_own(instance.service_name, containers[one]))),
            secrets=frozenset(name for one in deployed for name in _secrets(containers[one], environment)),
            schedule=schedule,
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

    async def _containers(self, environment: Environment, definition: str) -> Sequence[Mapping[str, Any]]:
        answer = await self._clients.call(environment, "ecs", "describe_task_definition", taskDefinition=definition)
        containers: Sequence[Mapping[str, Any]] = answer["taskDefinition"]["containerDefinitions"]
        return containers

    async def _newest(self, instance: Instance, environment: Environment, running: str | None) -> str | None:
        spec, key = instance.spec, Key(instance.key.environment, instance.service_name)
        if isinstance(spec, ServiceSpec) and spec.image is not None:
            if spec.image.elsewhere is not None:  # a registry that the daemon has no login for is not asked
                return spec.image.elsewhere
            wanted = image_uri(key, environment, spec.image.version)
            exists = running is not None or await has_image(self._clients, key, environment, spec.image.version)
            return wanted if exists else None
        if running is not None:
            return running
        tag = await newest_tag(self._clients, key, environment)
        return image_uri(key, environment, f":{tag}") if tag else None

    async def _healthy_targets(self, service: Mapping[str, Any], environment: Environment) -> int | None:
        """Count the healthy targets of a service, in the target group that has the fewest; None where AWS does not
        permit to ask, and without a load balancer.
        """
        groups = [one["targetGroupArn"] for one in service.get("loadBalancers", ()) if "targetGroupArn" in one]
        try:
            return min([await self._healthy(group, environment) for group in groups], default=None)
        except AwsFailed as failure:
            if failure.code in DENIED:
                return None
            raise

    async def _healthy(self, group: str, environment: Environment) -> int:
        try:
            answer = await self._clients.call(environment, "elbv2", "describe_target_health", TargetGroupArn=group)
        except AwsFailed as failure:
            if failure.code == "TargetGroupNotFound":
                return 0
            raise
        targets: Sequence[Mapping[str, Any]] = answer["TargetHealthDescriptions"]
        return sum(target["TargetHealth"]["State"] == "healthy" for target in targets)


def _own(name: str, containers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((one for one in containers if one["name"] == name), {})


def _image(container: Mapping[str, Any]) -> str | None:
    image: str | None = container.get("image")
    return None if image is None or image.endswith(f":{PLACEHOLDER_TAG}") else image


def _ports(container: Mapping[str, Any]) -> Iterator[int]:
    return (int(mapping["containerPort"]) for mapping in container.get("portMappings", ()))


def _secrets(containers: Sequence[Mapping[str, Any]], environment: Environment) -> Iterator[str]:
    """Yield what these containers read when they start: secrets of this account by name, all else by ARN."""
    for container in containers:
        if login := container.get("repositoryCredentials", {}).get("credentialsParameter"):
            yield str(login)  # a name, as the service module writes it
        for secret in container.get("secrets", ()):
            if value_from := str(secret.get("valueFrom", "")):
                yield origin_in_ecs(value_from, environment)


def _deployed(service: Mapping[str, Any]) -> frozenset[str]:
    """Return the task definitions of the deployments that have tasks, or are to have some."""
    counts = ("desiredCount", "pendingCount", "runningCount")
    deployments: Sequence[Mapping[str, Any]] = service.get("deployments", ())
    return frozenset(one["taskDefinition"] for one in deployments if any(one.get(count) for count in counts))


def rollout(service: Mapping[str, Any]) -> tuple[RolloutState, str]:
    """Return the state of the newest deployment and ECS's message about it. `service`: an entry of DescribeServices."""
    deployments: Sequence[Mapping[str, Any]] = service.get("deployments", ())
    primary = _primary(service)
    if primary is None:  # another deployment controller: only the task counts are known
        return _by_counts(service), ""
    reason = primary.get("rolloutStateReason", "")
    rollback = _rollback_message(primary, deployments, service.get("events", ()))
    if rollback is not None:
        return RolloutState.ROLLED_BACK, rollback
    match primary.get("rolloutState"):
        case "COMPLETED":
            return RolloutState.COMPLETED, reason
        case "FAILED":
            return RolloutState.FAILED, reason
        case "IN_PROGRESS":
            return RolloutState.IN_PROGRESS, reason
        case _:
            return _by_counts(primary), reason


def _primary(service: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the newest deployment. Older ones have tasks of their own, which the counts of the service include."""
    deployments: Sequence[Mapping[str, Any]] = service.get("deployments", ())
    return next((one for one in deployments if one.get("status") == "PRIMARY"), None)


def _rollback_message(
    primary: Mapping[str, Any], deployments: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]
) -> str | None:
    """Return ECS's message about the deployment that was rolled back to the primary one; None without a rollback."""
    failed = next((one for one in deployments if one is not primary and one.get("rolloutState") == "FAILED"), None)
    reason = primary.get("rolloutStateReason", "")
    newer_failed = failed is not None and _revision(failed) > _revision(primary)
    announcement = next((event["message"] for event in events if _announces_rollback_of(primary, event)), None)
    if not (newer_failed or _ROLLING_BACK.search(reason) or announcement):
        return None
    cause = failed.get("rolloutStateReason") if failed else None
    stated = reason if _ROLLING_BACK.search(reason) else None
    return str(cause or stated or announcement or "the deployment was rolled back")


def _announces_rollback_of(primary: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Return True for a rollback announced since the primary was created: it led to the primary, or will replace it."""
    if not _ROLLING_BACK.search(event.get("message", "")) or not {"createdAt"} <= primary.keys() & event.keys():
        return False
    return bool(event["createdAt"] >= primary["createdAt"] - _SAME_MOMENT)


def _revision(deployment: Mapping[str, Any]) -> int:
    revision = str(deployment.get("taskDefinition", "")).rpartition(":")[2]
    return int(revision) if revision.isdecimal() else 0


def _by_counts(counts: Mapping[str, Any]) -> RolloutState:
    steady = counts.get("runningCount", 0) >= counts.get("desiredCount", 0) and not counts.get("pendingCount", 0)
    return RolloutState.COMPLETED if steady else RolloutState.IN_PROGRESS
