"""The condition keys that come with a call, as the service authorization reference documents them.

Only keys that follow from the call are here; one that a policy asks for and the call does not carry is absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.iam.models import iam_backends

from deploy.local.standin.guards import Place

Values = str | tuple[str, ...]


def context_of(action: str, parameters: Mapping[str, Any], place: Place) -> dict[str, Values]:
    keys: dict[str, Values] = {"aws:SecureTransport": "true"}
    if place.region:
        keys["aws:RequestedRegion"] = place.region
    keys |= _tags(parameters)
    service = action.partition(":")[0]
    own = {"cloudwatch": _cloudwatch, "ecs": _ecs, "iam": _iam, "s3": _s3, "sts": _sts}.get(service)
    return keys | own(parameters, place) if own else keys


def _tags(parameters: Mapping[str, Any]) -> dict[str, Values]:
    given = parameters.get("Tags") or parameters.get("tags") or {}
    if isinstance(given, list):
        lower = [{name.lower(): value for name, value in each.items()} for each in given]
        given = {str(each["key"]): each.get("value", "") for each in lower if "key" in each}
    if not given:
        return {}
    return {"aws:TagKeys": tuple(given), **{f"aws:RequestTag/{key}": str(value) for key, value in given.items()}}


def _cloudwatch(parameters: Mapping[str, Any], place: Place) -> dict[str, Values]:
    return {"cloudwatch:namespace": str(parameters["Namespace"])} if "Namespace" in parameters else {}


def _ecs(parameters: Mapping[str, Any], place: Place) -> dict[str, Values]:
    cluster = str(parameters.get("cluster") or "")
    if not cluster:
        return {}
    name = cluster.rpartition("/")[2]
    return {"ecs:cluster": f"arn:aws:ecs:{place.region}:{place.account}:cluster/{name}"}


def _iam(parameters: Mapping[str, Any], place: Place) -> dict[str, Values]:
    keys: dict[str, Values] = {}
    boundary = parameters.get("PermissionsBoundary") or _boundary(parameters.get("RoleName"), place)
    if boundary:
        keys["iam:PermissionsBoundary"] = str(boundary)
    for key, name in (("iam:PolicyARN", "PolicyArn"), ("iam:AWSServiceName", "AWSServiceName")):
        if name in parameters:
            keys[key] = str(parameters[name])
    return keys


def _boundary(name: Any, place: Place) -> str | None:
    roles = iam_backends[place.account]["aws"].roles.values()
    return next((role.permissions_boundary_arn for role in roles if role.name == name), None)


def _s3(parameters: Mapping[str, Any], place: Place) -> dict[str, Values]:
    keys = {
        "s3:prefix": "Prefix",
        "s3:x-amz-server-side-encryption": "ServerSideEncryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    }
    return {key: str(parameters[name]) for key, name in keys.items() if name in parameters}


def _sts(parameters: Mapping[str, Any], place: Place) -> dict[str, Values]:
    keys = {"sts:RoleSessionName": "RoleSessionName", "sts:ExternalId": "ExternalId"}
    return {key: str(parameters[name]) for key, name in keys.items() if name in parameters}
