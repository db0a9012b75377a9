"""Prerequisites of a plan: resources that must exist, and a task that must succeed before a deployment.

Read from the document of `terraform show -json`, so that it is exactly what Terraform is about to use.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

_DEFINITION, _SERVICE = "aws_ecs_task_definition", "aws_ecs_service"
_OWN, _BEFORE = "this", "pre_deployment"  # names in terraform/modules/service
_TAGS = ("tags", "tags_all")
_PLACEHOLDER = ":awaiting-first-image"
_WHOLE_ARN = re.compile(r"-[A-Za-z0-9]{6}$")
_ECR = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/.+")


@dataclass(frozen=True, slots=True)
class Needs:
    """ECR images by full reference, secrets by name and roles by ARN that the tasks of a deployment refer to."""

    images: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContentHolder:
    """A registry or bucket by its type in Terraform and its name: AWS deletes it only while it holds nothing."""

    type: str
    name: str

    def __str__(self) -> str:
        return f"{'repository' if self.type == 'aws_ecr_repository' else 'bucket'} {self.name}"


@dataclass(frozen=True, slots=True)
class FirstTask:
    """A task that runs once and must succeed before a service is deployed.

    `definition` is the request of RegisterTaskDefinition; `token` differs between tasks with different content.
    """

    definition: Mapping[str, Any] = field(repr=False)  # holds environment variables
    cluster: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    token: str
    timeout: timedelta

    @property
    def family(self) -> str:
        """Return the family of its task definitions."""
        return str(self.definition["family"])

    @property
    def container(self) -> str:
        """Return the name of its one container."""
        return str(self.definition["containerDefinitions"][0]["name"])

    @property
    def logs(self) -> Mapping[str, str]:
        """Return the options of its log driver."""
        options: Mapping[str, str] = self.definition["containerDefinitions"][0]["logConfiguration"]["options"]
        return options


class Incomplete(Exception):
    """The plan itself makes the network or the roles of the task, so the task cannot run before it."""


def needs(document: Mapping[str, Any]) -> Needs:
    """Return what has to exist before this plan is applied; nothing when it neither registers a task definition nor
    starts a deployment.

    Roles that the plan itself makes are not known yet and left out.
    """
    started = [after for _, after in _created(document, _DEFINITION)]
    if not started and _deploys(document):
        started = [after for name, after in _planned(document, _DEFINITION) if name == _OWN]
    containers = [one for after in started for one in json.loads(after.get("container_definitions") or "[]")]
    secrets = [_secret_name(one["valueFrom"]) for container in containers for one in container.get("secrets") or ()]
    secrets += [
        login for one in containers if (login := one.get("repositoryCredentials", {}).get("credentialsParameter"))
    ]
    runtime_secrets = ((document.get("variables") or {}).get("runtime_secrets") or {}).get("value") or []
    images = [one["image"] for one in containers if _ECR.fullmatch(one["image"])]
    roles = [after.get(name) for after in started for name in ("execution_role_arn", "task_role_arn")]
    return Needs(
        images=_distinct(image for image in images if not image.endswith(_PLACEHOLDER)),
        secrets=_distinct([name for name in secrets if name] + (runtime_secrets if started else [])),
        roles=_distinct(role for role in roles if role),
    )


def first_task(document: Mapping[str, Any], *, timeout: timedelta) -> FirstTask | None:
    """Return the task that runs before this plan; None when the plan deploys nothing, or nothing that can run yet.

    Raises: Incomplete.
    """
    deployed = next((after for name, after in _created(document, _DEFINITION) if name == _OWN), None)
    planned = next((after for name, after in _planned(document, _DEFINITION) if name == _BEFORE), None)
    service = next((after for name, after in _planned(document, _SERVICE) if name == _OWN), None)
    if deployed is None or planned is None or _PLACEHOLDER in (planned.get("container_definitions") or _PLACEHOLDER):
        return None
    network = ((service or {}).get("network_configuration") or [{}])[0]
    cluster, groups = (service or {}).get("cluster"), network.get("security_groups")
    if not (cluster and groups and planned.get("execution_role_arn") and planned.get("task_role_arn")):
        raise Incomplete
    definition = _definition(planned)
    canonical = json.dumps(definition, sort_keys=True)
    return FirstTask(
        definition=definition,
        cluster=cluster,
        subnets=tuple(sorted(network.get("subnets") or ())),
        security_groups=tuple(sorted(groups)),
        token=hashlib.sha256(canonical.encode()).hexdigest()[:32],
        timeout=timeout,
    )


def _definition(planned: Mapping[str, Any]) -> dict[str, Any]:
    platform, storage = (planned.get("runtime_platform") or [{}])[0], planned.get("ephemeral_storage")
    return {
        "family": planned["family"],
        "networkMode": planned["network_mode"],
        "requiresCompatibilities": list(planned["requires_compatibilities"]),
        "cpu": planned["cpu"],
        "memory": planned["memory"],
        "executionRoleArn": planned["execution_role_arn"],
        "taskRoleArn": planned["task_role_arn"],
        "containerDefinitions": json.loads(planned["container_definitions"]),
        "volumes": [_volume(volume) for volume in planned.get("volume") or ()],
        "runtimePlatform": {
            "operatingSystemFamily": platform.get("operating_system_family", "LINUX"),
            "cpuArchitecture": platform.get("cpu_architecture", "X86_64"),
        },
        **({"ephemeralStorage": {"sizeInGiB": storage[0]["size_in_gib"]}} if storage else {}),
        "tags": [{"key": key, "value": value} for key, value in sorted((planned.get("tags_all") or {}).items())],
    }


def _volume(planned: Mapping[str, Any]) -> dict[str, Any]:
    """Return a volume of the request. Raises: Incomplete, while the plan itself makes its access point."""
    volume: dict[str, Any] = {"name": planned["name"]}
    for efs in planned.get("efs_volume_configuration") or ():
        authorization = (efs.get("authorization_config") or [{}])[0]
        if not authorization.get("access_point_id"):
            raise Incomplete
        volume["efsVolumeConfiguration"] = {
            "fileSystemId": efs["file_system_id"],
            "rootDirectory": efs.get("root_directory") or "/",
            "transitEncryption": efs["transit_encryption"],
            "authorizationConfig": {
                "accessPointId": authorization["access_point_id"],
                "iam": authorization.get("iam") or "DISABLED",
            },
        }
    return volume


def _deploys(document: Mapping[str, Any]) -> bool:
    """Return whether the plan creates the service or changes more of it than tags: each such change starts new tasks
    (`force_new_deployment` in terraform/modules/service).
    """
    changes = [entry["change"] for entry in document.get("resource_changes") or () if entry["type"] == _SERVICE]
    return any(change.get("after") and _untagged(change["before"]) != _untagged(change["after"]) for change in changes)


def _untagged(service: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return {name: value for name, value in (service or {}).items() if name not in _TAGS}


def _created(document: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return _planned(document, kind, only="create")


def _planned(
    document: Mapping[str, Any], kind: str, *, only: str | None = None
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for entry in document.get("resource_changes") or ():
        change = entry["change"]
        if entry["type"] == kind and change.get("after") and (only is None or only in change["actions"]):
            yield entry["name"], change["after"]


def _secret_name(source: str) -> str | None:
    """Return the name in `arn:…:secretsmanager:…:secret:name[:key:stage:version]`, or the ARN where the manifest has it
    whole: it may be another account's. None for a Systems Manager parameter.
    """
    if ":secretsmanager:" not in source:
        return None
    arn = ":".join(source.split(":")[:7])
    return arn if _WHOLE_ARN.search(arn) else arn.rpartition(":")[2]


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))
