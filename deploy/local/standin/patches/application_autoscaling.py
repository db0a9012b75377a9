"""Application Auto Scaling: tags of scalable targets, and limits that move a service's desired count.

The AWS provider lists a target's tags after each write and retries a 500 for minutes, so without these operations
nothing that scales can be applied. AWS brings a service inside its limits when they are registered.
"""

from __future__ import annotations

import json
from typing import Any

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError

from deploy.local.standin.patches import services
from deploy.local.standin.patches.patch import Act, Patch

DESIRED_COUNT = "ecs:service:DesiredCount"


def register_scalable_target(act: Act) -> Any:
    answer = act.proceed()
    dimension, resource = act.parameter("ScalableDimension"), act.parameter("ResourceId")
    target = applicationautoscaling_backends[act.account][act.region].targets[dimension][resource]
    _tags(target).update(act.parameter("Tags") or {})
    if dimension == DESIRED_COUNT:
        _bring_inside_limits(target, act)
    return answer


def list_tags_for_resource(act: Act) -> str:
    return json.dumps({"Tags": _tags(_target(act))})


def tag_resource(act: Act) -> str:
    _tags(_target(act)).update(act.parameter("Tags"))
    return json.dumps({})


def untag_resource(act: Act) -> str:
    tags = _tags(_target(act))
    for key in act.parameter("TagKeys"):
        tags.pop(key, None)
    return json.dumps({})


def _target(act: Act) -> Any:
    arn = act.parameter("ResourceARN")
    for targets in applicationautoscaling_backends[act.account][act.region].targets.values():
        for target in targets.values():
            if target.arn == arn:
                return target
    raise JsonRESTError("ResourceNotFoundException", f"The specified resource doesn't exist: {arn}")


def _tags(target: Any) -> dict[str, str]:
    if not hasattr(target, "tags"):
        target.tags = {}
    tags: dict[str, str] = target.tags
    return tags


def _bring_inside_limits(target: Any, act: Act) -> None:
    _, cluster, name = target.resource_id.split("/")
    service = services.find(services.backend_of(act), cluster, name)
    if service is None or service.status != "ACTIVE":
        return
    inside = min(max(service.desired_count, target.min_capacity), target.max_capacity)
    if inside != service.desired_count:
        services.scale(service, inside, act.rules)


def _patch(operation: str, mend: Any, reason: str) -> Patch:
    return Patch("application-autoscaling", operation, reason, ApplicationAutoScalingResponse, mend)


PATCHES = (
    _patch("RegisterScalableTarget", register_scalable_target, "tags are dropped, limits do not move the service"),
    _patch("ListTagsForResource", list_tags_for_resource, "missing"),
    _patch("TagResource", tag_resource, "missing"),
    _patch("UntagResource", untag_resource, "missing"),
)
