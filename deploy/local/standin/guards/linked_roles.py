"""Service-linked roles: AWS makes them with the first call that needs one, in the name of the caller.

A caller without `iam:CreateServiceLinkedRole` is refused there, once the stand-in enforces its role. Config is told the
role by its ARN and makes none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.iam.models import iam_backends

from deploy.local.standin.guards.guard import Guard, Place, Refused


@dataclass(frozen=True, slots=True)
class LinkedRole:
    """A service-linked role, and the page that says which call makes it."""

    principal: str
    name: str
    source: str

    def arn(self, account: str) -> str:
        return f"arn:aws:iam::{account}:role/aws-service-role/{self.principal}/{self.name}"


_DOCS = "docs.aws.amazon.com"
_ECS = LinkedRole(
    "ecs.amazonaws.com", "AWSServiceRoleForECS",
    f"{_DOCS}/AmazonECS/latest/developerguide/using-service-linked-roles.html",
)  # fmt: skip
ROLES: Mapping[tuple[str, str], LinkedRole] = {
    ("ecs", "CreateCluster"): _ECS,
    ("ecs", "CreateService"): _ECS,
    ("elbv2", "CreateLoadBalancer"): LinkedRole(
        "elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing",
        f"{_DOCS}/elasticloadbalancing/latest/userguide/elb-service-linked-roles.html",
    ),
    ("application-autoscaling", "RegisterScalableTarget"): LinkedRole(
        "ecs.application-autoscaling.amazonaws.com", "AWSServiceRoleForApplicationAutoScaling_ECSService",
        f"{_DOCS}/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html",
    ),
    ("wafv2", "PutLoggingConfiguration"): LinkedRole(
        "wafv2.amazonaws.com", "AWSServiceRoleForWAFV2Logging",
        f"{_DOCS}/waf/latest/developerguide/using-service-linked-roles.html",
    ),
    ("codestar-notifications", "CreateNotificationRule"): LinkedRole(
        "codestar-notifications.amazonaws.com", "AWSServiceRoleForCodeStarNotifications",
        f"{_DOCS}/dtconsole/latest/userguide/using-service-linked-roles.html",
    ),
}  # fmt: skip


def lacking(service: str, operation: str, place: Place) -> LinkedRole | None:
    """Return the role that a call would make; None when it exists or none is needed."""
    role = ROLES.get((service, operation))
    return None if role is None or _exists(role.arn(place.account), place) else role


def make(role: LinkedRole, place: Place) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": role.principal}, "Action": "sts:AssumeRole"}
    place.partition_backend(iam_backends).create_role(
        role_name=role.name,
        assume_role_policy_document=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        path=f"/aws-service-role/{role.principal}/",
        permissions_boundary=None,
        description="",
        tags=[],
        max_session_duration="3600",
        linked_service=role.principal,
    )


def recorder(parameters: Mapping[str, Any], place: Place) -> None:
    """Refuse a recorder whose service-linked role does not exist."""
    arn = str(parameters["ConfigurationRecorder"].get("roleARN", ""))
    if "/aws-service-role/" in arn and not _exists(arn, place):
        raise Refused("InvalidRoleException", f"The role {arn} does not exist")


def _exists(arn: str, place: Place) -> bool:
    return any(role.arn == arn for role in place.partition_backend(iam_backends).roles.values())


def _made_by(service: str, operation: str) -> Guard:
    role = ROLES[service, operation]

    def check(_: Mapping[str, Any], place: Place) -> None:
        if lacking(service, operation, place):
            make(role, place)

    return Guard(service, operation, "", "no service-linked role is made", role.source, check)


GUARDS = (
    *(_made_by(*call) for call in ROLES),
    Guard(
        "config", "PutConfigurationRecorder", "InvalidRoleException", "a role that does not exist is accepted",
        f"{_DOCS}/config/latest/APIReference/API_PutConfigurationRecorder.html", recorder,
    ),
)  # fmt: skip
