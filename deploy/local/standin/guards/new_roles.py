"""A new role is unknown to other services for some calls; with AWS it is some seconds.

IAM is eventually consistent: docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html. Calls are counted instead of
seconds, so that a run repeats itself. The AWS provider tries again on exactly these codes and messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.iam.models import iam_backends

from deploy.local.standin.guards.guard import Guard, Place, Refused


def build(parameters: Mapping[str, Any], place: Place) -> None:
    arn = str(parameters["serviceRole"])
    message = f"CodeBuild is not authorized to perform: sts:AssumeRole on {arn}"
    _refuse_while_unseen(arn, place, "InvalidInputException", message)


def pipeline(parameters: Mapping[str, Any], place: Place) -> None:
    arn = str(parameters["pipeline"]["roleArn"])
    message = f"CodePipeline is not authorized to perform AssumeRole on role {arn}"
    _refuse_while_unseen(arn, place, "InvalidStructureException", message)


def flow_log(parameters: Mapping[str, Any], place: Place) -> None:
    arn = parameters.get("DeliverLogsPermissionArn")
    if arn:
        message = "Unable to assume given IAM role"
        _refuse_while_unseen(str(arn), place, "InvalidParameter", message)


def _refuse_while_unseen(arn: str, place: Place, code: str, message: str) -> None:
    if not place.settings.unseen_calls:
        return
    roles = place.partition_backend(iam_backends).roles.values()
    role: Any = next((each for each in roles if each.arn == arn), None)
    if role is None:
        return  # moto's own error, where it has one
    role.standin_calls = getattr(role, "standin_calls", 0) + 1
    if role.standin_calls <= place.settings.unseen_calls:
        raise Refused(code, message)


_REASON = "a role is known everywhere at once"
GUARDS = (
    Guard(
        "codebuild", "CreateProject", "InvalidInputException", _REASON,
        "github.com/hashicorp/terraform-provider-aws/issues/4233", build,
    ),
    Guard(
        "codepipeline", "CreatePipeline", "InvalidStructureException", _REASON,
        "github.com/aws/aws-cdk/issues/11353", pipeline,
    ),
    Guard(
        "ec2", "CreateFlowLogs", "InvalidParameter", _REASON,
        "the AWS provider's resource aws_flow_log, which tries again on this message", flow_log,
    ),
)  # fmt: skip
