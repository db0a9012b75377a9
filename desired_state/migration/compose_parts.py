"""The parts of a service in a Compose file that are mappings of their own: health, limits, volumes, deployment."""

import re
from typing import Final

from pydantic import JsonValue

from desired_state.migration.draft import Draft, Row, Table, Unsaid, apply, lost, to, within
from desired_state.migration.fargate import INTERVAL, START_PERIOD, THRESHOLD, TIMEOUT
from desired_state.migration.source import Item
from desired_state.migration.values import flag, label, labels, mebibytes, number, text, words


def _command(item: Item, draft: Draft) -> None:
    """Put the command; a single text runs in a shell."""
    draft.put("healthCheck.command", words(item) if isinstance(item.value, list) else ["CMD-SHELL", text(item)])


def _health(item: Item, draft: Draft) -> None:
    disabled = item.get("disable")
    if disabled is None or not flag(disabled):
        apply(_HEALTH, item, draft)


_HEALTH: Final[Table] = {
    "test": _command,
    "interval": INTERVAL,
    "timeout": TIMEOUT,
    "retries": THRESHOLD,
    "start_period": START_PERIOD,
    "start_interval": lost("a container is checked at one interval"),
}
HEALTH: Final[Row] = _health


def _ulimits(item: Item, draft: Draft) -> None:
    for name, one in item.fields():
        if name != "nofile":
            draft.lose(one, "Fargate lets a task set nofile only")
            continue
        soft, hard = one.get("soft") or one, one.get("hard") or one
        draft.put("ulimits.nofile", {"soft": number(soft), "hard": number(hard)})


ULIMITS: Final[Row] = _ulimits


def mounts(item: Item, draft: Draft) -> None:
    """Put named volumes, as empty ones of the task; a folder of the host has no counterpart."""
    found: dict[str, JsonValue] = {}
    for one in item.items():
        source, path, read_only = _mount(one)
        source = source or path.rpartition("/")[2]  # a volume without a name
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", source):
            draft.lose(one, "a task has no folder of a host: build the files into the image, or use EFS")
            continue
        found[path] = {"volume": label(source), "readOnly": True} if read_only else {"volume": label(source)}
        draft.put(f"volumes.{label(source)}", {})
        draft.check(one, "empty in every new task: write efs for what has to stay")
    if found:
        draft.data["mounts"] = found


def _mount(item: Item) -> tuple[str, str, bool]:
    if isinstance(item.value, dict):
        source, target, read_only = item.get("source"), item.get("target"), item.get("read_only")
        kind = item.get("type")
        if target is None:
            raise Unsaid("each entry should have target")
        named = source.text if source and (kind is None or kind.text == "volume") else ""
        if not named and source is not None:
            return source.text, text(target), False
        return named, text(target), read_only is not None and flag(read_only)
    source_, _, rest = text(item).partition(":")
    path, _, mode = rest.partition(":")
    return (source_, path, "ro" in mode.split(",")) if path else ("", source_, False)


def replicas(item: Item, draft: Draft) -> None:
    """Put a fixed number of tasks, at least one."""
    tasks = max(number(item), 1)
    draft.put("scaling", {"min": tasks, "max": tasks})


def cpus(item: Item, draft: Draft) -> None:
    """Put CPU units from a number of CPUs."""
    if not re.fullmatch(r"\d{1,3}(?:\.\d{1,3})?|\.\d{1,3}", text(item)):
        raise Unsaid("it should be a number of CPUs")
    draft.put("cpu", round(float(item.text) * 1024))


_LIMITS: Final[Table] = {
    "cpus": cpus,
    "memory": to("memory", mebibytes),
    "pids": lost("Fargate limits them itself"),
    "devices": lost("Fargate has no GPUs"),
}
_RESERVATIONS: Final[Table] = {
    "cpus": lost("a task has what it reserves: see cpu"),
    "memory": to("container.memoryReservation", mebibytes),
    "devices": lost("Fargate has no GPUs"),
}
_DEPLOY: Final[Table] = {
    "replicas": replicas,
    "mode": lost("a service has a number of tasks, not one on each host"),
    "resources": within({"limits": within(_LIMITS), "reservations": within(_RESERVATIONS)}),
    "labels": to("dockerLabels", labels),
    "update_config": lost("write deployment: ECS counts in percent"),
    "rollback_config": lost("write deployment: ECS counts in percent"),
    "restart_policy": lost("ECS starts a new task when a container ends"),
    "placement": lost("Fargate does not have it"),
    "endpoint_mode": lost("services reach each other by the names of the platform's Cloud Map, or by connect"),
}
DEPLOY: Final[Row] = within(_DEPLOY)
