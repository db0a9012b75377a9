"""The schedule of a service whose numbers of tasks are in force, as Application Auto Scaling reports it.

A schedule's numbers stay in force until another schedule, or an apply, sets others.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from desired_state.instance import Instance
from desired_state.kinds.service.spec import ServiceSpec
from reconciler.core.environment import Environment
from reconciler.edges.aws.clients import DENIED, AwsClients, AwsFailed

_OF_A_SERVICE: Final = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}


async def schedule_in_force(
    clients: AwsClients, instance: Instance, environment: Environment, cluster: str
) -> int | None:
    """Return the place of that schedule in the manifest; None: the manifest's own numbers are, or AWS does not permit
    to ask. Raises: AwsFailed.

    The numbers of a schedule are those that AWS knows: after a change of the manifest its former numbers may still be
    in force, and the new ones then take their place."""
    if not isinstance(instance.spec, ServiceSpec) or not instance.spec.scaling.schedules:
        return None
    name = f"service/{cluster}/{instance.service_name}"
    try:
        targets = await clients.call(
            environment, "application-autoscaling", "describe_scalable_targets", ResourceIds=[name], **_OF_A_SERVICE
        )
        actions = await clients.call(
            environment, "application-autoscaling", "describe_scheduled_actions", ResourceId=name, **_OF_A_SERVICE
        )
    except AwsFailed as failure:
        if failure.code in DENIED:
            return None
        raise
    bounds = {_bounds(one) for one in targets["ScalableTargets"]}
    ours = re.compile(re.escape(f"{environment.name}-{instance.service_name}-") + r"(\d+)")
    found = {
        int(match[1]): _bounds(action["ScalableTargetAction"])
        for action in actions["ScheduledActions"]
        if (match := ours.fullmatch(action["ScheduledActionName"])) and "ScalableTargetAction" in action
    }
    known = range(len(instance.spec.scaling.schedules))
    return min((place for place, those in found.items() if place in known and those in bounds), default=None)


def _bounds(found: Mapping[str, Any]) -> tuple[int | None, int | None]:
    return found.get("MinCapacity"), found.get("MaxCapacity")
