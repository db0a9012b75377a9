"""The build of a service by its pipeline. What is absent is the default of the Terraform module."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from desired_state.kinds.container.sidecar import ImageUri, PlainVariableName
from desired_state.kinds.fields import Distinct, Duration, IfSet, Strict, Text, refuse, write_duration
from desired_state.located import quote

# Source: AWS CodeBuild API reference, CreateProject, timeoutInMinutes.
# CodePipeline takes at most eight patterns of branches (user guide, "Quotas in AWS CodePipeline").
_SHORTEST, _LONGEST = timedelta(minutes=5), timedelta(hours=36)


def _by_digest(image: str) -> str:
    if not re.search(r"@sha256:[0-9a-f]{64}$", image):
        message = f"{quote(image)} has no digest, so it can become another program"
        raise refuse(f"{message}: write @sha256: and the digest after it")
    return image


def _inside(path: str) -> str:
    if ".." in path.split("/"):
        raise refuse(f"{quote(path)} leads out of the repository: write a path inside of it")
    return path.rstrip("/")


Branch = Annotated[str, Text(r"[A-Za-z0-9][A-Za-z0-9._/-]*", "the name of a branch", 255)]
BranchPattern = Annotated[str, Text(r"[A-Za-z0-9*][A-Za-z0-9*._/-]*", "a pattern of branches, such as release/*", 255)]
RepositoryPath = Annotated[
    str, Text(r"[A-Za-z0-9._-][A-Za-z0-9._/-]*", "a path in the repository", 255), AfterValidator(_inside)
]
Stage = Annotated[str, Text(r"[A-Za-z0-9][A-Za-z0-9._-]*", "the name of a stage of a Dockerfile", 64)]
BuildValue = Annotated[str, Text(r"[ -~]*", "a value of one line in ASCII", 1024)]
RuntimeVersion = Annotated[str, Text(r"[0-9]{1,2}(?:\.[0-9]{1,2})?", 'a version such as "22" or "3.13"')]
Compute = Literal["small", "medium", "large", "xlarge", "2xlarge"]


class Delivery(Strict):
    """The build of a service. `branch` is the one of a pipeline that starts without a commit, `branches` are those
    whose commits are built; `compute` is CodeBuild's size, `scanner` the image with trivy. `cache` uses the layers of
    the image that was built last."""

    branch: Annotated[Branch | None, IfSet] = None
    branches: Annotated[tuple[BranchPattern, ...], Field(max_length=8), Distinct, IfSet] = ()
    dockerfile: Annotated[RepositoryPath | None, IfSet] = None
    context: Annotated[RepositoryPath | None, IfSet] = None
    target: Annotated[Stage | None, IfSet] = None
    build_args: Annotated[dict[PlainVariableName, BuildValue], Field(max_length=50), IfSet] = Field(
        default_factory=dict
    )
    cache: Annotated[bool | None, Field(exclude_if=lambda value: value is None)] = None
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
