"""Deliveries: the pipeline of a service is started, and an image that cannot start is pushed past it."""

import hashlib
import io
import json
import tarfile
from typing import Any

from deploy.acceptance.account import Account
from deploy.local.evidence import MANIFEST_TYPE

BROKEN = "broken"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"


def start_pipeline(account: Account, service: str, commit: str) -> str:
    """Start the service's pipeline for a commit, as a developer does in develop. Returns the execution's id."""
    revision = {"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": commit}
    started = account.client("codepipeline").start_pipeline_execution(
        name=f"{account.environment.name}-{service}", sourceRevisions=[revision]
    )
    return str(started["pipelineExecutionId"])


def execution(account: Account, service: str, identity: str) -> str:
    """Return the status of a pipeline's execution."""
    found = account.client("codepipeline").get_pipeline_execution(
        pipelineName=f"{account.environment.name}-{service}", pipelineExecutionId=identity
    )
    return str(found["pipelineExecution"]["status"])


def has_pipeline(account: Account, service: str) -> bool:
    """Return True once the service's pipeline exists."""
    found = account.client("codepipeline").list_pipelines()["pipelines"]
    return any(pipeline["name"] == f"{account.environment.name}-{service}" for pipeline in found)


def push_broken_image(account: Account, service: str) -> None:
    """Push an image without a command, under the tag `broken`: a task that has it never starts.

    An image is a configuration and layers, uploaded as blobs, and a manifest that names them:
    https://github.com/opencontainers/image-spec/blob/main/manifest.md. ECR refuses a manifest whose blobs it does not
    have (LayersNotFoundException, API reference of PutImage).
    """
    layer = _empty_archive()
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
    ).encode()
    ecr, repository = account.client("ecr"), f"{account.environment.name}/{service}"
    for blob in (layer, config):
        _upload(ecr, repository, blob)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": _CONFIG_TYPE, "size": len(config), "digest": _digest(config)},
        "layers": [{"mediaType": _LAYER_TYPE, "size": len(layer), "digest": _digest(layer)}],
    }
    ecr.put_image(
        repositoryName=repository,
        imageManifest=json.dumps(manifest),
        imageManifestMediaType=MANIFEST_TYPE,
        imageTag=BROKEN,
    )


def _upload(ecr: Any, repository: str, blob: bytes) -> None:
    upload = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    ecr.upload_layer_part(
        repositoryName=repository, uploadId=upload, partFirstByte=0, partLastByte=len(blob) - 1, layerPartBlob=blob
    )
    try:
        ecr.complete_layer_upload(repositoryName=repository, uploadId=upload, layerDigests=[_digest(blob)])
    except ecr.exceptions.LayerAlreadyExistsException:
        return


def _empty_archive() -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w"):
        pass
    return archive.getvalue()


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"
