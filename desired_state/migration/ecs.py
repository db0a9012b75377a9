"""The container definitions of ECS: one table for the service's own container, one for the others.

Source of the names: Amazon ECS API reference, ContainerDefinition.
"""

from typing import Final

from pydantic import JsonValue

from desired_state.migration.draft import Draft, Row, Table, Unsaid, apply, lost, needless, to, within
from desired_state.migration.fargate import HEALTH, LINUX, NOT_ON_FARGATE, RETRIES
from desired_state.migration.references import image, image_uri, secret, to_image
from desired_state.migration.source import Item
from desired_state.migration.values import (
    cpu_units,
    duration,
    environment,
    flag,
    label,
    labels,
    mebibytes,
    number,
    text,
    words,
)

_WRITABLE: Final = (
    "the root file system was writable: name the folders in writablePaths instead, if the image allows it"
)


def _environment(item: Item, draft: Draft) -> None:
    pairs = [(one.get("name"), one.get("value")) for one in item.items()]
    environment(((name.text, value) for name, value in pairs if name and value), draft, str(draft.get("name") or "app"))


def secrets_of(item: Item, draft: Draft) -> None:
    """Put the entries of ECS's `secrets`."""
    for one in item.items():
        name, source = one.get("name"), one.get("valueFrom")
        if name is None or source is None:
            raise Unsaid("each entry should have name and valueFrom")
        try:
            reference = secret(source)
        except Unsaid as why:
            draft.lose(source, str(why))
            continue
        found = draft.data.setdefault("secrets", {})
        if isinstance(found, dict):
            found[name.text] = reference


def _files(item: Item, draft: Draft) -> None:
    for one in item.items():
        one.skip("type")  # s3, the only one
    draft.put("envFiles", [text(value) for one in item.items() if (value := one.get("value"))])


def _ulimits(item: Item, draft: Draft) -> None:
    for one in item.items():
        name, soft, hard = one.get("name"), one.get("softLimit"), one.get("hardLimit")
        if name is None or soft is None or hard is None:
            raise Unsaid("each entry should have name, softLimit and hardLimit")
        if name.text != "nofile":
            draft.lose(one, "Fargate lets a task set nofile only")
            continue
        draft.put("ulimits.nofile", {"soft": number(soft), "hard": number(hard)})


def _order(path: str) -> Row:
    def row(item: Item, draft: Draft) -> None:
        for one in item.items():
            name, condition = one.get("containerName"), one.get("condition")
            if name and condition:
                draft.put(f"{path}.{label(name.text)}", text(condition).upper())

    return row


def _mounts(item: Item, draft: Draft) -> None:
    mounts: dict[str, JsonValue] = {}
    for one in item.items():
        volume, path, read_only = one.get("sourceVolume"), one.get("containerPath"), one.get("readOnly")
        if volume and path:
            mounts[path.text] = {"volume": label(volume.text)}
            if read_only and flag(read_only):
                mounts[path.text] = {"volume": label(volume.text), "readOnly": True}
    if mounts:
        draft.data["mounts"] = mounts


def _root(item: Item, draft: Draft) -> None:
    if not flag(item):
        draft.put("writableRoot", True)
        draft.check(item, _WRITABLE)


def _logging(item: Item, draft: Draft) -> None:
    driver, options = item.get("logDriver"), item.get("options")
    if driver is None or driver.text == "awslogs":
        item.mark_seen()  # every container logs to the group of its service
        return
    if driver.text != "awsfirelens":
        raise Unsaid(f"containers log to CloudWatch, or through FireLens; {driver.text[:40]} is neither")
    draft.put("logging.firelens.options", labels(options) if options else {})
    for one in (item.get("secretOptions"),):
        if one is not None:
            found = Draft({}, draft.notes)
            secrets_of(one, found)
            draft.put("logging.firelens.secrets", found.data.get("secrets"))


def _router(item: Item, draft: Draft) -> None:
    kind, options = item.get("type"), item.get("options")
    draft.put("firelens", {"type": text(kind)} if kind else {})
    if options:
        draft.put("firelens.options", labels(options))


# The words that every container has, whichever it is.
_EVERY: Final[Table] = {
    "command": to("command", words),
    "entryPoint": to("entryPoint", words),
    "workingDirectory": to("workingDirectory", text),
    "user": to("user", text),
    "environment": _environment,
    "secrets": secrets_of,
    "environmentFiles": _files,
    "mountPoints": _mounts,
    "ulimits": _ulimits,
    "dockerLabels": to("dockerLabels", labels),
    "linuxParameters": within(LINUX),
    "readonlyRootFilesystem": _root,
    "logConfiguration": _logging,
    "startTimeout": lost("ECS waits three minutes for what a container depends on"),
    "systemControls": lost("kernel parameters have no field"),
    "restartPolicy": lost("ECS starts a new task when a container ends"),
    "volumesFrom": lost("name one volume in the mounts of both containers"),
    "versionConsistency": lost("an image by digest is the consistent one"),
    "privileged": lost(NOT_ON_FARGATE),
    "links": lost("containers of a task reach each other over localhost"),
    "hostname": lost(NOT_ON_FARGATE),
    "extraHosts": lost(NOT_ON_FARGATE),
    "dnsServers": lost(NOT_ON_FARGATE),
    "dnsSearchDomains": lost(NOT_ON_FARGATE),
    "dockerSecurityOptions": lost(NOT_ON_FARGATE),
    "disableNetworking": lost(NOT_ON_FARGATE),
    "resourceRequirements": lost("Fargate has no GPUs"),
    "credentialSpecs": lost("there is no field for Active Directory"),
    "interactive": lost("a task has no terminal: write exec: true and run a command in it"),
    "pseudoTerminal": lost("a task has no terminal: write exec: true and run a command in it"),
}


# On Fargate the port of the host is that of the container; the protocol of the application is in routing.
_OF_PORT: Final = ("hostPort", "name", "appProtocol")


def _port(item: Item, draft: Draft) -> None:
    for index, one in enumerate(item.items()):
        found, protocol = one.get("containerPort"), one.get("protocol")
        one.skip(*_OF_PORT)
        if found is None:
            continue
        if (protocol is not None and protocol.text != "tcp") or index:
            draft.lose(one, "a service has one port, and that is TCP")
        else:
            draft.put("port", number(found))


def _ports(item: Item, draft: Draft) -> None:
    for one in item.items():
        one.skip("protocol", *_OF_PORT)
    draft.put("ports", [number(found) for one in item.items() if (found := one.get("containerPort"))])


def _pull_with(path: str) -> Row:
    def row(item: Item, draft: Draft) -> None:
        parameter = item.get("credentialsParameter")
        if parameter is not None:
            draft.put(path, secret_name(parameter))

    return row


def secret_name(item: Item) -> str:
    """Return the name of a secret from its ARN, whose end AWS appends."""
    name = text(item).rpartition(":secret:")[2]
    head, _, tail = name.rpartition("-")
    return head if len(tail) == 6 and head else name


OWN: Final[Table] = {
    **_EVERY,
    "name": needless,
    "image": to_image("image", image),
    "repositoryCredentials": _pull_with("image.credentials"),
    "portMappings": _port,
    "stopTimeout": to("stopTimeout", duration),
    "healthCheck": within(HEALTH),
    "dependsOn": _order("startsAfter"),
    "cpu": to("container.cpu", cpu_units),
    "memory": to("container.memory", mebibytes),
    "memoryReservation": to("container.memoryReservation", mebibytes),
    "essential": needless,
    "firelensConfiguration": lost("the service's own container is not a log router"),
}
SIDECAR: Final[Table] = {
    **_EVERY,
    "name": needless,
    "image": to_image("image", image_uri),
    "repositoryCredentials": _pull_with("credentials"),
    "portMappings": _ports,
    "stopTimeout": lost("only the service's own container has a time to stop of its own"),
    "healthCheck": within({**HEALTH, "retries": RETRIES}),
    "dependsOn": _order("dependsOn"),
    "cpu": to("cpu", cpu_units),
    "memory": to("memory", mebibytes),
    "memoryReservation": to("memoryReservation", mebibytes),
    "essential": to("essential", flag),
    "firelensConfiguration": _router,
}


def own_container(item: Item, draft: Draft) -> None:
    """Take the service's own container over into the spec."""
    apply(OWN, item, draft)
    _zero_is_none(draft.data.get("container"))
    if not draft.data.get("container"):
        draft.data.pop("container", None)
    _default_root(item, draft)


def sidecar(item: Item, notes: Draft) -> dict[str, JsonValue]:
    """Return another container of the task as a sidecar."""
    name = item.get("name")
    draft = Draft({"name": label(name.text if name else "sidecar")}, notes.notes)
    apply(SIDECAR, item, draft)
    _zero_is_none(draft.data)
    _default_root(item, draft)
    return draft.data


def _zero_is_none(shares: JsonValue) -> None:
    """Drop shares of 0, which ECS writes for none."""
    for name in ("cpu", "memory", "memoryReservation"):
        if isinstance(shares, dict) and shares.get(name) == 0:
            del shares[name]


def _default_root(item: Item, draft: Draft) -> None:
    """Say what ECS does by default: the root file system of a container can be written to."""
    if item.get("readonlyRootFilesystem") is None:
        draft.put("writableRoot", True)
        draft.check(item, _WRITABLE)
