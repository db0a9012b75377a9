"""Task definitions of ECS, as `aws ecs describe-task-definition` prints them or as they are registered.

Source of the names: Amazon ECS API reference, RegisterTaskDefinition.
"""

from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue

from desired_state.kinds.manifest import SPECS
from desired_state.migration.draft import Draft, Table, Unsaid, apply, lost, needless, to
from desired_state.migration.ecs import own_container, sidecar
from desired_state.migration.source import Item
from desired_state.migration.values import cpu_units, label, mebibytes, number, size, text
from desired_state.migration.writing import Written

_ROLE: Final = "every service gets roles of its own: say in permissions what the code does"


def _efs(item: Item) -> dict[str, JsonValue]:
    file_system = item.get("fileSystemId")
    if file_system is None:
        raise Unsaid("it should have fileSystemId")
    volume: dict[str, JsonValue] = {"fileSystem": text(file_system)}
    root, access = item.get("rootDirectory"), item.get("authorizationConfig")
    point, iam = (access.get("accessPointId"), access.get("iam")) if access else (None, None)
    if point is not None:
        volume["accessPoint"] = text(point)
    elif root is not None and root.text != "/":
        volume["rootDirectory"] = text(root)
    if iam is not None:
        volume["iam"] = iam.text == "ENABLED"
    return volume


def _volumes(item: Item, draft: Draft) -> None:
    volumes: dict[str, JsonValue] = {}
    for one in item.items():
        name, efs = one.get("name"), one.get("efsVolumeConfiguration")
        if name is None:
            raise Unsaid("each entry should have name")
        for other in ("dockerVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration", "configuredAtLaunch"):
            if found := one.get(other):
                draft.lose(found, "a service has EFS and the disk of its task, and no other volumes")
        if (host := one.get("host")) and host.get("sourcePath"):
            draft.lose(host, "a task on Fargate has no folder of a host: this is an empty volume")
        if efs is not None and (encrypted := efs.get("transitEncryption")) and encrypted.text != "ENABLED":
            draft.check(encrypted, "EFS is mounted with encryption in transit here, always")
        volumes[label(name.text)] = {"efs": _efs(efs)} if efs else {}
    if volumes:
        draft.data["volumes"] = volumes


def _platform(item: Item, draft: Draft) -> None:
    architecture, system = item.get("cpuArchitecture"), item.get("operatingSystemFamily")
    if system is not None and system.text.upper() != "LINUX":
        draft.lose(system, "services run on Linux")
    if architecture is not None and architecture.text.upper() == "ARM64":
        draft.put("architecture", "arm64")


def _disk(item: Item, draft: Draft) -> None:
    if gibibytes := item.get("sizeInGiB"):
        draft.put("ephemeralStorage", number(gibibytes))


def _later(item: Item, draft: Draft) -> None:
    """Leave the containers to `convert`."""


TASK: Final[Table] = {
    "family": needless,
    "containerDefinitions": _later,  # by `convert`, which knows which of them is the service's own
    "cpu": to("cpu", cpu_units),
    "memory": to("memory", mebibytes),
    "taskRoleArn": lost(_ROLE),
    "executionRoleArn": lost("the role that pulls images and reads secrets is made for each service"),
    "volumes": _volumes,
    "runtimePlatform": _platform,
    "ephemeralStorage": _disk,
    "networkMode": needless,
    "requiresCompatibilities": needless,
    "pidMode": lost("containers of a task share no processes"),
    "ipcMode": lost("Fargate does not have it"),
    "placementConstraints": lost("Fargate does not have it"),
    "inferenceAccelerators": lost("Fargate does not have it"),
    "proxyConfiguration": lost("App Mesh has ended: write connect, which is Service Connect"),
    "enableFaultInjection": lost("there is no field for fault injection"),
    "tags": lost("tags come from the labels of the manifest and from the platform"),
    **dict.fromkeys(
        (
            "taskDefinitionArn",
            "revision",
            "status",
            "requiresAttributes",
            "compatibilities",
            "registeredAt",
            "registeredBy",
            "deregisteredAt",
        ),
        needless,
    ),
}


def convert(item: Item, draft: Draft, own: str | None = None) -> str:
    """Take a task definition over into the spec of a service, and return its family. `own` names its container."""
    definition = item.get("taskDefinition") or item
    apply(TASK, definition, draft)
    cpu, memory = draft.data.get("cpu"), draft.data.get("memory")
    containers = list(_containers(definition))
    chosen = _own(containers, own)
    family = definition.get("family")
    name = label(family.text if family else "service")
    draft.data["name"] = name  # the folder of secrets that are proposed
    if chosen is None:
        draft.assume("image", "the task definition has no container: write an image")
    else:
        if len(containers) > 1:
            draft.check(chosen, "taken for the service's own container: the others are sidecars")
        own_container(chosen, draft)
    del draft.data["name"]
    others: list[JsonValue] = [sidecar(one, draft) for one in containers if one is not chosen]
    if others:
        draft.put("sidecars", others)
    size(draft, cpu if isinstance(cpu, int) else 256, memory if isinstance(memory, int) else 512)
    return name


def complete(name: str, draft: Draft, kind: str = "Service") -> Written:
    """Return the manifest of a spec, with what no definition of a task says filled in and noted."""
    spec = draft.data
    if kind == "Service":
        if "port" not in spec:
            draft.assume("type", "no port: a worker, so an internal service")
        spec.setdefault("type", "internal")
        if "repository" not in spec:
            spec["repository"] = f"your-organization/{name}"
            draft.assume("repository", "write the repository of the service's code")
        if spec.get("exec") and not spec.get("writableRoot"):
            spec["writableRoot"] = True
            draft.assume("writableRoot", "exec needs it: its agent writes to the root file system")
        _longer_than_its_timeout(draft)
        if "scaling" not in spec:
            spec["scaling"] = {"min": 1, "max": 1}
            draft.assume("scaling", "the source does not say how many tasks run")
    if kind == "Job" and kind in SPECS:
        known = {info.alias or name for name, info in SPECS[kind].model_fields.items()}
        for name_of_field in [one for one in spec if one not in known]:
            draft.drop(name_of_field, "a job has no such field")
    if "environments" not in spec:
        spec["environments"] = ["develop"]
        draft.assume("environments", "write those of your configuration")
    return Written(kind, name, spec, {}, tuple(draft.notes))


def _longer_than_its_timeout(draft: Draft) -> None:
    """Make the interval of the health check longer than the time limit, which it has to be for a load balancer."""
    check = draft.data.get("healthCheck")
    if not isinstance(check, dict):
        return
    interval, timeout = check.get("interval", 30), check.get("timeout", 5)
    if isinstance(interval, int) and isinstance(timeout, int) and timeout >= interval:
        if "timeout" in check:
            check["interval"] = timeout + 1
        else:
            check["timeout"] = max(interval - 1, 2)
        draft.assume("healthCheck", "the interval is longer than the time limit of a check here")


def import_(item: Item) -> tuple[Written, ...]:
    """Return the manifest of a task definition."""
    draft = Draft()
    name = convert(item, draft)
    draft.lose_unseen(item)
    if "port" in draft.data:
        draft.assume("type", "internal: write public and routing if a load balancer reaches it")
    return (complete(name, draft),)


def _containers(definition: Item) -> Iterator[Item]:
    found = definition.get("containerDefinitions")
    if found is not None:
        yield from (one for one in found.items() if isinstance(one.value, dict))


def _own(containers: list[Item], named: str | None) -> Item | None:
    """Return the container of that name; else the first essential one that has a port, else the first essential one."""
    essential = [one for one in containers if not ((found := one.get("essential")) and found.value is False)]
    routers = [one for one in containers if one.get("firelensConfiguration")]
    by_name = [one for one in containers if named and (name := one.get("name")) and name.text == named]
    with_port = [one for one in essential if (ports := one.get("portMappings")) and ports.value]
    candidates = by_name or [one for one in (*with_port, *essential, *containers) if one not in routers] or containers
    return next(iter(candidates), None)
