"""The build of a service by its pipeline. What is absent is the default of the Terraform module."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, field_validator

from desired_state.kinds.fields import Duration, IfSet, Strict, Text, refuse, write_duration
from desired_state.kinds.service.container import ImageUri
from desired_state.located import quote

# Source: AWS CodeBuild API reference, CreateProject, timeoutInMinutes.
_SHORTEST, _LONGEST = timedelta(minutes=5), timedelta(hours=36)


def _by_digest(image: str) -> str:
    if not re.search(r"@sha256:[0-9a-f]{64}$", image):
        message = f"{quote(image)} has no digest, so it can become another program"
        raise refuse(f"{message}: write @sha256: and the digest after it")
    return image


Branch = Annotated[str, Text(r"[A-Za-z0-9][A-Za-z0-9._/-]*", "the name of a branch", 255)]
RuntimeVersion = Annotated[str, Text(r"[0-9]{1,2}(?:\.[0-9]{1,2})?", 'a version such as "22" or "3.13"')]
Compute = Literal["small", "medium", "large", "xlarge", "2xlarge"]


class Delivery(Strict):
    """The build of a service. `branch` is the one of a pipeline that starts without a commit; `compute` is CodeBuild's
    size, `scanner` the image with trivy."""

    branch: Annotated[Branch | None, IfSet] = None
    timeout: Annotated[Duration | None, IfSet] = None
    compute: Annotated[Compute | None, IfSet] = None
    scanner: Annotated[Annotated[ImageUri, AfterValidator(_by_digest)] | None, IfSet] = None
    runtime_version: Annotated[RuntimeVersion | None, IfSet] = None

    @field_validator("timeout")
    @classmethod
    def _limits_of_codebuild(cls, timeout: timedelta | None) -> timedelta | None:
        if timeout is not None and (not _SHORTEST <= timeout <= _LONGEST or timeout % timedelta(minutes=1)):
            bounds = f"{write_duration(_SHORTEST)} to {write_duration(_LONGEST)}"
            raise refuse(f"timeout {write_duration(timeout)} is no time for a build: write whole minutes, {bounds}")
        return timeout
