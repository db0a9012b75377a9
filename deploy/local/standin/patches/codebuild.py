"""CodeBuild: projects whose source and artifacts are those of a pipeline.

moto requires a source location of every project, has no UpdateProject, and ignores the ARN by which the AWS provider
deletes a project. Sources: the API references of CreateProject, UpdateProject and Project; the provider's
`resourceProjectDelete`, whose id of a project is its ARN.
"""

from __future__ import annotations

import json
from typing import Any

from moto.codebuild.exceptions import ResourceNotFoundException
from moto.codebuild.models import codebuild_backends
from moto.codebuild.responses import CodeBuildResponse
from moto.core.responses import ActionResult
from moto.core.utils import unix_time

from deploy.local.standin.patches.patch import Invocation, Patch

PIPELINE = "CODEPIPELINE"
# Arguments of both operations that are returned under the same name.
STORED = (
    "artifacts", "cache", "concurrentBuildLimit", "description", "encryptionKey", "environment", "logsConfig",
    "queuedTimeoutInMinutes", "serviceRole", "source", "sourceVersion", "tags", "timeoutInMinutes", "vpcConfig",
)  # fmt: skip


def create_project(invocation: Invocation) -> Any:
    asked = json.loads(invocation.response.body)
    for part in (asked["source"], asked["artifacts"]):
        if part["type"] == PIPELINE:
            part.setdefault("location", PIPELINE)
    invocation.response.body = json.dumps(asked)
    answer = invocation.proceed()
    project = _projects(invocation)[asked["name"]].project_metadata
    for part in (project["source"], project["artifacts"]):
        if part.get("location") == PIPELINE:
            del part["location"]
    _store(project, {name: asked.get(name) for name in ("encryptionKey", "concurrentBuildLimit")})
    return answer


def update_project(invocation: Invocation) -> Any:
    name = invocation.parameter("name")
    if name not in _projects(invocation):
        raise ResourceNotFoundException(f"Project cannot be found: {name}")
    project = _projects(invocation)[name].project_metadata
    _store(project, {name: invocation.parameter(name) for name in STORED})
    project["lastModified"] = unix_time()
    return ActionResult({"project": project})


def delete_project(invocation: Invocation) -> Any:
    _projects(invocation).pop(str(invocation.parameter("name")).rpartition("/")[2], None)
    return invocation.proceed()


def _store(project: dict[str, Any], given: dict[str, Any]) -> None:
    project.update({name: value for name, value in given.items() if value is not None})


def _projects(invocation: Invocation) -> dict[str, Any]:
    projects: dict[str, Any] = codebuild_backends[invocation.account][invocation.region].codebuild_projects
    return projects


def _patch(operation: str, handler: Any, reason: str) -> Patch:
    return Patch("codebuild", operation, reason, CodeBuildResponse, handler)


PATCHES = (
    _patch("CreateProject", create_project, "sources and artifacts of a pipeline are refused, the key is dropped"),
    _patch("UpdateProject", update_project, "missing"),
    _patch("DeleteProject", delete_project, "an ARN deletes nothing"),
)
