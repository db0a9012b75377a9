"""The parts of Copilot's manifests that are about containers: image, storage, network, logs, sidecars."""

from typing import Final

from pydantic import JsonValue

from desired_state.migration.draft import Draft, Row, Table, Unsaid, apply, lost, needless, to, within
from desired_state.migration.ecs import secret_name
from desired_state.migration.fargate import INTERVAL, RETRIES, START_PERIOD, THRESHOLD, TIMEOUT, security_groups
from desired_state.migration.references import image, image_uri, to_image
from desired_state.migration.source import Item
from desired_state.migration.values import build_args, flag, label, labels, number, repository_path, text, texts, words

_PLACE: Final = "the platform has the subnets: tasks run in the private ones"
_WRITABLE: Final = (
    "the root file system was writable: name the folders in writablePaths instead, if the image allows it"
)


def platform(item: Item, draft: Draft) -> None:
    """Put the architecture of `linux/arm64` or of a mapping."""
    architecture, system = item.get("architecture"), item.get("osfamily")
    written = item.text or f"{system.text if system else 'linux'}/{architecture.text if architecture else ''}"
    family, _, processor = written.lower().partition("/")
    if family != "linux":
        raise Unsaid("services run on Linux")
    if processor.startswith("arm"):
        draft.put("architecture", "arm64")


PLATFORM: Final[Row] = platform
SIDECAR_HEALTH: Final[Table] = {
    "command": to("healthCheck.command", words),
    "interval": INTERVAL,
    "timeout": TIMEOUT,
    "retries": RETRIES,
    "start_period": START_PERIOD,
}
HEALTH: Final[Table] = {**SIDECAR_HEALTH, "retries": THRESHOLD}


def _build(item: Item, draft: Draft) -> None:
    """Put how the pipeline builds the image; a text is the path of the Dockerfile."""
    if not isinstance(item.value, dict):
        draft.put("delivery.dockerfile", repository_path(item))
        return
    apply(_BUILD, item, draft)


_BUILD: Final[Table] = {
    "dockerfile": to("delivery.dockerfile", repository_path),
    "context": to("delivery.context", repository_path),
    "target": to("delivery.target", text),
    "args": build_args,
    "cache_from": lost("the pipeline has a cache of its own"),
}


def depends_on(path: str) -> Row:
    """Return the row of `depends_on`: containers by name, with a condition each."""

    def row(item: Item, draft: Draft) -> None:
        for name, one in item.fields():
            draft.put(f"{path}.{label(name)}", text(one).upper())

    return row


def image_table(*, is_job: bool) -> Table:
    """Return the row of `image`. A job has no pipeline that builds."""
    build = (
        lost("a job runs the image of a service (image.service) or of a repository: none is built for it")
        if is_job
        else _build
    )
    table: Table = {
        "build": build,
        "location": to_image("image", image),
        "credentials": _credentials,
        "labels": to("dockerLabels", labels),
        "port": to("port", number),
        "depends_on": depends_on("startsAfter"),
        "healthcheck": within(HEALTH),
    }
    return {"image": within(table)}


def _credentials(item: Item, draft: Draft) -> None:
    draft.put("image.credentials", secret_name(item))


def _volumes(item: Item, draft: Draft) -> None:
    volumes: dict[str, JsonValue] = {}
    mounts: dict[str, JsonValue] = {}
    for name, one in item.fields():
        path, read_only, efs = one.get("path"), one.get("read_only"), one.get("efs")
        try:
            volumes[label(name)] = {"efs": _efs(efs)} if efs is not None and efs.value is not False else {}
        except Unsaid as why:
            volumes[label(name)] = {}
            draft.lose(efs or one, f"{why}; until then the volume is empty in every new task")
        if path is not None:
            mounts[text(path)] = {"volume": label(name)}
            if (efs is not None and read_only is None) or (read_only is not None and flag(read_only)):
                mounts[text(path)] = {"volume": label(name), "readOnly": True}
    draft.data["volumes"] = volumes
    if mounts:
        draft.data["mounts"] = mounts


def _efs(item: Item) -> dict[str, JsonValue]:
    """Return the file system. Copilot could make one of its own, which a manifest cannot."""
    found, root, access = item.get("id"), item.get("root_dir"), item.get("auth")
    if found is None:
        raise Unsaid("Copilot made the file system: write its id as fileSystem")
    volume: dict[str, JsonValue] = {"fileSystem": text(found)}
    point, iam = (access.get("access_point_id"), access.get("iam")) if access else (None, None)
    if point is not None:
        volume["accessPoint"] = text(point)
    elif root is not None and root.text != "/":
        volume["rootDirectory"] = text(root)
    if iam is not None:
        volume["iam"] = flag(iam)
    return volume


def _read_only(item: Item, draft: Draft) -> None:
    if not flag(item):
        draft.put("writableRoot", True)
        draft.check(item, _WRITABLE)


STORAGE: Final[Table] = {
    "ephemeral": to("ephemeralStorage", number),
    "readonly_fs": _read_only,
    "volumes": _volumes,
}


def _connect(item: Item, draft: Draft) -> None:
    alias = item.get("alias")
    if alias is not None:
        draft.put("connect.alias", label(text(alias)))
    elif flag(item):
        draft.put("connect", {"alias": draft.get("name")} if draft.get("name") else {})


def _groups(item: Item, draft: Draft) -> None:
    inner = item.get("groups") or item
    security_groups(texts(inner), item, draft)


NETWORK: Final[Table] = {
    "connect": _connect,
    "vpc": within({"placement": lost(_PLACE), "security_groups": _groups}),
}


def logging(item: Item, draft: Draft) -> None:
    """Put the log router: Copilot runs FireLens beside the service."""
    apply(_LOGGING, item, draft)


_LOGGING: Final[Table] = {
    "destination": to("logging.firelens.options", labels),
    "image": to("logging.firelens.image", image_uri),
    "configFilePath": to("logging.firelens.configFile", text),
    "enableMetadata": needless,
    "retention": lost("the tier of the environment says how long logs are kept"),
    "secretOptions": lost("write the secrets in logging.firelens.secrets"),
    "variables": lost("write a sidecar for a log router with variables"),
    "secrets": lost("write a sidecar for a log router with secrets"),
    "envFile": lost("write a sidecar for a log router with a file of variables"),
}


def _mount_points(item: Item, draft: Draft) -> None:
    mounts: dict[str, JsonValue] = {}
    for one in item.items():
        volume, path, read_only = one.get("source_volume"), one.get("path"), one.get("read_only")
        if volume is not None and path is not None:
            mounts[text(path)] = {"volume": label(volume.text)}
            if read_only is not None and flag(read_only):
                mounts[text(path)] = {"volume": label(volume.text), "readOnly": True}
    if mounts:
        draft.data["mounts"] = mounts


def _image(item: Item, draft: Draft) -> None:
    if isinstance(item.value, dict):
        raise Unsaid("a sidecar is not built: push its image, and write the image's address")
    to_image("image", image_uri)(item, draft)


def _pull_with(item: Item, draft: Draft) -> None:
    draft.put("credentials", secret_name(item))


def _port(item: Item, draft: Draft) -> None:
    draft.put("ports", [int(text(item).partition("/")[0])] if text(item).partition("/")[0].isdigit() else [])


def sidecars(variables: Row, secrets: Row) -> Row:
    """Return the row of `sidecars`, which share the rows of variables and secrets with the service."""
    table: Table = {
        "port": _port,
        "image": _image,
        "essential": to("essential", flag),
        "credentialsParameter": _pull_with,
        "variables": variables,
        "secrets": secrets,
        "envFile": lost("Copilot uploaded the file: put it into a bucket and write its ARN in envFiles"),
        "mount_points": _mount_points,
        "labels": to("dockerLabels", labels),
        "depends_on": depends_on("dependsOn"),
        "entrypoint": to("entryPoint", words),
        "command": to("command", words),
        "healthcheck": within(SIDECAR_HEALTH),
    }

    def row(item: Item, draft: Draft) -> None:
        found: list[JsonValue] = []
        for name, one in item.fields():
            beside = draft.part()
            beside.data["name"] = label(name)
            apply(table, one, beside)
            beside.put("writableRoot", True)
            found.append(beside.data)
        draft.data["sidecars"] = found

    return row
