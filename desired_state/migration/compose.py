"""Services of a Compose file: one manifest each.

Source of the names: the Compose Specification, "services".
"""

import re
from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue

from desired_state.migration.compose_parts import DEPLOY, HEALTH, ULIMITS, cpus, mounts, replicas
from desired_state.migration.draft import Draft, Table, Unsaid, apply, lost, needless, to, to_checked
from desired_state.migration.fargate import capabilities
from desired_state.migration.references import image, to_image
from desired_state.migration.source import Item
from desired_state.migration.taskdefinition import complete
from desired_state.migration.values import (
    build_args,
    duration,
    environment,
    flag,
    label,
    labels,
    mebibytes,
    repository_path,
    size,
    text,
    texts,
    words,
)
from desired_state.migration.writing import Written

_NETWORK: Final = "a task has a network interface of its own in the platform's subnets"
_HOST: Final = "Fargate does not have it"
_TERMINAL: Final = "a task has no terminal: write exec: true and run a command in it"
# Ports of databases, brokers and caches, which a load balancer for HTTP does not serve.
_NOT_HTTP: Final = frozenset({1433, 1521, 2181, 3306, 5432, 5671, 5672, 6379, 9042, 9092, 11211, 27017})


def _build(item: Item, draft: Draft) -> None:
    if not isinstance(item.value, dict):
        draft.put("delivery.context", repository_path(item))
        return
    apply(_BUILD, item, draft)


_BUILD: Final[Table] = {
    "context": to("delivery.context", repository_path),
    "dockerfile": to("delivery.dockerfile", repository_path),
    "target": to("delivery.target", text),
    "args": build_args,
    "cache_from": lost("the pipeline has a cache of its own"),
    "cache_to": lost("the pipeline has a cache of its own"),
    "secrets": lost("a build gets no secrets"),
    "ssh": lost("a build gets no keys"),
    "network": lost(_NETWORK),
    "platforms": lost("write architecture: one image is built"),
    "tags": needless,
    "labels": lost("labels of an image belong into its Dockerfile"),
    "pull": needless,
}


def _variables(item: Item, draft: Draft) -> None:
    environment(_pairs(item), draft, str(draft.get("name") or "app"))


def _pairs(item: Item) -> Iterator[tuple[str, Item]]:
    yield from item.fields()
    for one in item.items():
        name, equals, value = one.text.partition("=")
        yield name, Item(value if equals else None, one.node, one.name, one.lines, one.seen)


def _ports(item: Item, draft: Draft) -> None:
    """Put the port in the container; `ports` are published, so the service is public if it speaks HTTP."""
    for index, one in enumerate(item.items()):
        target, protocol = one.get("target"), one.get("protocol")
        one.skip("published", "mode", "host_ip", "name", "app_protocol")
        written = target.text if target else one.text.rpartition(":")[2]
        port, _, suffix = written.partition("/")
        if not port.isdigit() or (protocol.text if protocol else suffix or "tcp") != "tcp":
            draft.lose(one, "a service has one TCP port")
        elif index and draft.get("port") is not None:
            draft.lose(one, "a service has one port: another one is another service, or a sidecar")
        else:
            draft.put("port", int(port))
            _publish(one, int(port), draft)


def _publish(item: Item, port: int, draft: Draft) -> None:
    if port in _NOT_HTTP:
        draft.check(item, "internal: the load balancer speaks HTTP, and this port does not")
        return
    draft.put("type", "public")
    draft.put("routing.paths", ["/*"])
    draft.check(item, "public, because the port is published: write the paths, or type: internal without routing")


def _expose(item: Item, draft: Draft) -> None:
    for one in item.items():
        port = one.text.partition("/")[0]
        if draft.get("port") is None and port.isdigit():
            draft.put("port", int(port))
        elif port != str(draft.get("port")):
            draft.lose(one, "a service has one port")


def _secrets(item: Item, draft: Draft) -> None:
    """Put each secret as a variable: ECS has no files of secrets."""
    found: dict[str, JsonValue] = {}
    for one in item.items():
        source, target = one.get("source"), one.get("target")
        name = source.text if source else one.text
        variable = re.sub(r"[^A-Z0-9]+", "_", (target.text if target else name).rpartition("/")[2].upper())
        found[re.sub(r"^([0-9])", r"_\1", variable)] = name
        draft.check(one, "a variable here, not a file: store it in Secrets Manager, and let the code read the variable")
    if found:
        known = draft.data.get("secrets")
        draft.data["secrets"] = {**known, **found} if isinstance(known, dict) else found


def _depends_on(item: Item, draft: Draft) -> None:
    names = [text(one) for one in item.items()] + [name for name, _ in item.fields()]
    draft.put("dependsOn", [label(name) for name in names])
    for _, one in item.fields():
        condition = one.get("condition")
        if condition is not None and condition.text != "service_started":
            draft.check(condition, "the other service has to be rolled out first: its health is that of its tasks")


def _platform(item: Item, draft: Draft) -> None:
    system, _, processor = text(item).partition("/")
    if system != "linux":
        raise Unsaid("services run on Linux")
    if processor.startswith(("arm64", "aarch64")):
        draft.put("architecture", "arm64")


def _root(item: Item, draft: Draft) -> None:
    if not flag(item):
        _writable(item, draft)


def _writable(item: Item, draft: Draft) -> None:
    draft.put("writableRoot", True)
    draft.check(
        item, "containers of Compose can write: name the folders in writablePaths instead, if the image allows it"
    )


_WRITE_ARN: Final = "put the file into a bucket and write its ARN in envFiles"
TABLE: Final[Table] = {
    "image": to_image("image", image),
    "build": _build,
    "command": to("command", words),
    "entrypoint": to("entryPoint", words),
    "environment": _variables,
    "env_file": lost(f"{_WRITE_ARN}, or write its variables in env"),
    "ports": _ports,
    "expose": _expose,
    "depends_on": _depends_on,
    "healthcheck": HEALTH,
    "secrets": _secrets,
    "volumes": mounts,
    "deploy": DEPLOY,
    "scale": replicas,
    "cpus": cpus,
    "mem_limit": to("memory", mebibytes),
    "mem_reservation": to("container.memoryReservation", mebibytes),
    "user": to("user", text),
    "working_dir": to("workingDirectory", text),
    "labels": to("dockerLabels", labels),
    "ulimits": ULIMITS,
    "stop_grace_period": to("stopTimeout", duration),
    "read_only": _root,
    "tmpfs": to_checked("writablePaths", texts, "these paths are on the disk of the task; /tmp is memory already"),
    "platform": _platform,
    "init": to("linux.initProcess", flag),
    "cap_add": capabilities("linux.capabilities.add"),
    "cap_drop": capabilities("linux.capabilities.drop"),
    "logging": lost("containers log to CloudWatch"),
    "configs": lost("build the file into the image, or read its content from a variable"),
    "networks": lost(_NETWORK),
    "links": lost("services reach each other by the names of the platform's Cloud Map, or by connect"),
    "network_mode": lost(_NETWORK),
    "hostname": lost(_NETWORK),
    "extra_hosts": lost(_NETWORK),
    "dns": lost(_NETWORK),
    "profiles": lost("overrides of an environment say where a service runs"),
    "extends": lost("run `docker compose config` first, which writes it out"),
    "privileged": lost(_HOST),
    "devices": lost(_HOST),
    "pid": lost(_HOST),
    "ipc": lost(_HOST),
    "shm_size": lost(_HOST),
    "sysctls": lost("kernel parameters have no field"),
    "security_opt": lost(_HOST),
    "tty": lost(_TERMINAL),
    "stdin_open": lost(_TERMINAL),
    "post_start": lost("write preDeployment for a command that runs before a deployment"),
    "container_name": needless,
    "restart": needless,
    "pull_policy": needless,
    "develop": needless,
    "attach": needless,
}


def import_(item: Item) -> tuple[Written, ...]:
    """Return a manifest for each service. Raises Unsaid if the file has none."""
    services = item.get("services")
    found = tuple(_service(name, one) for name, one in services.fields()) if services else ()
    if not found:
        raise Unsaid("the file has no services")
    return found


def _service(given: str, item: Item) -> Written:
    name = label(given)
    draft = Draft({"name": name})  # the folder of secrets that are proposed
    apply(TABLE, item, draft)
    del draft.data["name"]
    if item.get("read_only") is None:
        _writable(item, draft)
    draft.lose_unseen(item)
    cpu, memory = draft.data.get("cpu"), draft.data.get("memory")
    if cpu is None or memory is None:
        draft.assume("cpu, memory", "the file has no limits: look at what the service needs")
    size(draft, cpu if isinstance(cpu, int) else 256, memory if isinstance(memory, int) else 512)
    return complete(name, draft)
