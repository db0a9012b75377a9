"""Application Auto Scaling: tags of scalable targets, and limits that change a service's desired count.

The AWS provider lists a target's tags after each write and retries a 500 for minutes, so that no scalable service can
be applied without these operations. AWS brings a service inside its limits when they are registered.
"""

from __future__ import annotations

import json
from typing import Any

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError

from deploy.local.standin.patches import services
from deploy.local.standin.patches.patch import Invocation, Patch

DESIRED_COUNT = "ecs:service:DesiredCount"


def register_scalable_target(invocation: Invocation) -> Any:
    answer = invocation.proceed()
    dimension, resource = invocation.parameter("ScalableDimension"), invocation.parameter("ResourceId")
    target = applicationautoscaling_backends[invocation.account][invocation.region].targets[dimension][resource]
    _tags(target).update(invocation.parameter("Tags") or {})
    if dimension == DESIRED_COUNT:
        _bring_inside_limits(target, invocation)
    return answer


def list_tags_for_resource(invocation: Invocation) -> str:
    return json.dumps({"Tags": _tags(_target(invocation))})


def tag_resource(invocation: Invocation) -> str:
    _tags(_target(invocation)).update(invocation.parameter("Tags"))
    return json.dumps({})


def untag_resource(invocation: Invocation) -> str:
    tags = _tags(_target(invocation))
    for key in invocation.parameter("TagKeys"):
        tags.pop(key, None)
    return json.dumps({})


def _target(invocation: Invocation) -> Any:
    arn = invocation.parameter("ResourceARN")
    for targets in applicationautoscaling_backends[invocation.account][invocation.region].targets.values():
        for target in targets.values():
            if target.arn == arn:
                return target
    raise JsonRESTError("ResourceNotFoundException", f"The specified resource doesn't exist: {arn}")


def _tags(target: Any) -> dict[str, str]:
    if not hasattr(target, "tags"):
        target.tags = {}
    tags: dict[str, str] = target.tags
    return tags


def _bring_inside_limits(target: Any, invocation: Invocation) -> None:
    _, cluster, name = target.resource_id.split("/")
    service = services.find(services.backend_of(invocation), cluster, name)
    if service is None or service.status != "ACTIVE":
        return
    inside = min(max(service.desired_count, target.min_capacity), target.max_capacity)
    if inside != service.desired_count:
        services.scale(service, inside, invocation.rules)


def _patch(operation: str, handler: Any, reason: str) -> Patch:
    return Patch("application-autoscaling", operation, reason, ApplicationAutoScalingResponse, handler)


PATCHES = (
    _patch(
        "RegisterScalableTarget", register_scalable_target, "tags are dropped, limits do not change the desired count"
    ),
    _patch("ListTagsForResource", list_tags_for_resource, "missing"),
    _patch("TagResource", tag_resource, "missing"),
    _patch("UntagResource", untag_resource, "missing"),
)
