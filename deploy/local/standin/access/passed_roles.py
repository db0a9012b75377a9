"""Further actions of a call: roles that it hands to a service, and service-linked roles that AWS makes with it.

docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.local.standin.guards import Place, linked_roles
from deploy.local.standin.requests import Reading

# operation: the parameter that names the role, and the service that gets it
PASSED: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("ecs", "RegisterTaskDefinition"): (
        ("taskRoleArn", "ecs-tasks.amazonaws.com"),
        ("executionRoleArn", "ecs-tasks.amazonaws.com"),
    ),
    ("codebuild", "CreateProject"): (("serviceRole", "codebuild.amazonaws.com"),),
    ("codebuild", "UpdateProject"): (("serviceRole", "codebuild.amazonaws.com"),),
    ("codepipeline", "CreatePipeline"): (("pipeline.roleArn", "codepipeline.amazonaws.com"),),
    ("codepipeline", "UpdatePipeline"): (("pipeline.roleArn", "codepipeline.amazonaws.com"),),
    ("ec2", "CreateFlowLogs"): (("DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),),
    ("cloudtrail", "CreateTrail"): (("CloudWatchLogsRoleArn", "cloudtrail.amazonaws.com"),),
    ("config", "PutConfigurationRecorder"): (("ConfigurationRecorder.roleARN", "config.amazonaws.com"),),
}


@dataclass(frozen=True, slots=True)
class Further:
    """An action that a call needs besides its own."""

    action: str
    resource: str
    context: Mapping[str, str]


def further(reading: Reading, place: Place) -> Iterator[Further]:
    for path, service in PASSED.get((reading.service, reading.operation), ()):
        role = _at(path, reading.parameters)
        if role:
            yield Further("iam:PassRole", str(role), {"iam:PassedToService": service})
    linked = linked_roles.lacking(reading.service, reading.operation, place)
    if linked is not None:
        context = {"iam:AWSServiceName": linked.principal}
        yield Further("iam:CreateServiceLinkedRole", linked.arn(place.account), context)


def _at(path: str, parameters: Mapping[str, Any]) -> Any:
    value: Any = parameters
    for part in path.split("."):
        value = (value or {}).get(part)
    return value
