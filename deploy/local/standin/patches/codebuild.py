"""CodeBuild: projects whose source and results are a pipeline's artifacts.

moto asks every project for a place of its source and has no way to change one. Sources: the API references of
CreateProject, UpdateProject and Project.
"""

from __future__ import annotations

import json
from typing import Any

from moto.codebuild.exceptions import ResourceNotFoundException
from moto.codebuild.models import codebuild_backends
from moto.codebuild.responses import CodeBuildResponse
from moto.core.responses import ActionResult
from moto.core.utils import unix_time

from deploy.local.standin.patches.patch import Act, Patch

PIPELINE = "CODEPIPELINE"
# Arguments of both operations that come back under the same name.
KEPT = (
    "artifacts", "cache", "concurrentBuildLimit", "description", "encryptionKey", "environment", "logsConfig",
    "queuedTimeoutInMinutes", "serviceRole", "source", "sourceVersion", "tags", "timeoutInMinutes", "vpcConfig",
)  # fmt: skip


def create_project(act: Act) -> Any:
    asked = json.loads(act.response.body)
    for part in (asked["source"], asked["artifacts"]):
        if part["type"] == PIPELINE:
            part.setdefault("location", PIPELINE)
    act.response.body = json.dumps(asked)
    answer = act.proceed()
    project = _projects(act)[asked["name"]].project_metadata
    for part in (project["source"], project["artifacts"]):
        if part.get("location") == PIPELINE:
            del part["location"]
    _keep(project, {name: asked.get(name) for name in ("encryptionKey", "concurrentBuildLimit")})
    return answer


def update_project(act: Act) -> Any:
    name = act.parameter("name")
    if name not in _projects(act):
        raise ResourceNotFoundException(f"Project cannot be found: {name}")
    project = _projects(act)[name].project_metadata
    _keep(project, {name: act.parameter(name) for name in KEPT})
    project["lastModified"] = unix_time()
    return ActionResult({"project": project})


def _keep(project: dict[str, Any], given: dict[str, Any]) -> None:
    project.update({name: value for name, value in given.items() if value is not None})


def _projects(act: Act) -> dict[str, Any]:
    projects: dict[str, Any] = codebuild_backends[act.account][act.region].codebuild_projects
    return projects


def _patch(operation: str, mend: Any, reason: str) -> Patch:
    return Patch("codebuild", operation, reason, CodeBuildResponse, mend)


PATCHES = (
    _patch("CreateProject", create_project, "sources and artifacts of a pipeline are refused, the key is dropped"),
    _patch("UpdateProject", update_project, "missing"),
)
