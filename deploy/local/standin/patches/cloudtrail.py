"""CloudTrail: a trail is deleted by its ARN too.

`Name` of DeleteTrail is "the name or the CloudTrail ARN of the trail":
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteTrail.html. The AWS provider sends the ARN, and
moto ignores a name that it does not know, so that a destroyed trail stays.
"""

from __future__ import annotations

from typing import Any

from moto.cloudtrail.responses import CloudTrailResponse

from deploy.local.standin.patches.patch import Invocation, Patch


def delete_trail(invocation: Invocation) -> Any:
    name = str(invocation.parameter("Name"))
    invocation.response.cloudtrail_backend.delete_trail(name.rpartition("/")[2])
    return "{}"


PATCHES = (Patch("cloudtrail", "DeleteTrail", "an ARN deletes nothing", CloudTrailResponse, delete_trail),)
