"""A build system for the stand-in, whose pipelines run nothing: it builds and deploys what is started."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from deploy.local.evidence import MANIFEST_TYPE
from deploy.local.standin import StandIn

_OWN = ("family", "networkMode", "cpu", "memory", "executionRoleArn", "taskRoleArn", "containerDefinitions", "volumes",
        "requiresCompatibilities", "runtimePlatform")  # fmt: skip


@contextmanager
def building(aws: StandIn, commits: Sequence[str]) -> Iterator[None]:
    """Build the next of these commits for each new execution of a pipeline, in a thread."""
    ended = threading.Event()
    thread = threading.Thread(target=_build, args=(aws, commits, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _build(aws: StandIn, commits: Sequence[str], ended: threading.Event) -> None:
    pipelines, seen = aws.client("codepipeline"), set[str]()
    while not ended.wait(0.5):
        for name in [each["name"] for each in pipelines.list_pipelines()["pipelines"]]:
            try:
                listed = pipelines.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
                for execution in reversed(listed):
                    if execution["pipelineExecutionId"] not in seen:
                        seen.add(execution["pipelineExecutionId"])
                        cluster, _, service = name.partition("-")
                        _run(aws, cluster, service, commits)
            except ClientError:
                continue  # it is being removed


def _run(aws: StandIn, cluster: str, service: str, commits: Sequence[str]) -> None:
    ecr, repository = aws.client("ecr"), f"{cluster}/{service}"
    there = {image.get("imageTag") for image in ecr.list_images(repositoryName=repository)["imageIds"]}
    commit = next((commit for commit in commits if commit not in there), commits[-1])
    if commit not in there:
        config = {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 2, "digest": _digest(commit)}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": []}
        for tag in (commit, f"{cluster}-{commit}", f"latest-{commit}"):
            ecr.put_image(
                repositoryName=repository,
                imageManifest=json.dumps(manifest),
                imageManifestMediaType=MANIFEST_TYPE,
                imageTag=tag,
            )
    _deploy(aws.client("ecs"), cluster, service, commit)


def _deploy(ecs: Any, cluster: str, service: str, commit: str) -> None:
    found = ecs.describe_services(cluster=cluster, services=[service])["services"]
    if not found or found[0]["status"] != "ACTIVE":
        return
    current = ecs.describe_task_definition(taskDefinition=found[0]["taskDefinition"], include=["TAGS"])
    again = {name: current["taskDefinition"][name] for name in _OWN if current["taskDefinition"].get(name)}
    container = next(each for each in again["containerDefinitions"] if each["name"] == service)
    container["image"] = f"{container['image'].rpartition(':')[0]}:{commit}"
    made = ecs.register_task_definition(**again, tags=current.get("tags", []))["taskDefinition"]
    ecs.update_service(cluster=cluster, service=service, taskDefinition=made["taskDefinitionArn"])


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
