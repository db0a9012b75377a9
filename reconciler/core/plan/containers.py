"""Container definitions in a normal form: definitions with the same meaning are equal.

ECS returns them with its defaults written out and in an order of its own; so do the provider, pipelines and engineers.
The order of a command, an entry point and capability names is kept where it has a meaning.
"""

from collections.abc import Iterable, Mapping
from typing import Any

# What ECS fills in (API_ContainerDefinition, and the provider's own normalisation of it).
_DEFAULTS: Mapping[str, Any] = {
    "cpu": 0,
    "essential": True,
    "privileged": False,
    "readonlyRootFilesystem": False,
    "interactive": False,
    "pseudoTerminal": False,
    "disableNetworking": False,
    "versionConsistency": "enabled",
}
_NESTED_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "portMappings": {"protocol": "tcp"},
    "mountPoints": {"readOnly": False},
    "volumesFrom": {"readOnly": False},
    "healthCheck": {"interval": 30, "timeout": 5, "retries": 3, "startPeriod": 0},
    "linuxParameters": {"initProcessEnabled": False, "sharedMemorySize": 0},
    "dependsOn": {"condition": "START"},
}
# Lists whose order means nothing, and what tells their members apart.
_KEYS: Mapping[str, tuple[str, ...]] = {
    "environment": ("name",),
    "secrets": ("name",),
    "ulimits": ("name",),
    "systemControls": ("namespace",),
    "portMappings": ("containerPort", "protocol"),
    "mountPoints": ("containerPath",),
    "volumesFrom": ("sourceContainer",),
    "dependsOn": ("containerName",),
    "extraHosts": ("hostname", "ipAddress"),
    "environmentFiles": ("type", "value"),
    "tmpfs": ("containerPath",),
}
_NUMBERS = frozenset(
    {
        *("cpu", "memory", "memoryReservation", "containerPort", "hostPort", "startTimeout", "stopTimeout", "size"),
        *("softLimit", "hardLimit"),
    }
)
_SETS = frozenset({"mountOptions", "add", "drop"})
_NOTHING: tuple[Any, ...] = (None, "", [], {})


def normal(definitions: Any) -> Any:
    """Return containers by name, each without defaults, nulls and empty collections. Anything else is returned
    unchanged.
    """
    if not isinstance(definitions, list) or not all(_is_named(item) for item in definitions):
        return definitions
    return _keyed((item["name"], _container(item)) for item in definitions)


def _is_named(item: Any) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("name"), str)


def _container(container: Mapping[str, Any]) -> dict[str, Any]:
    read = {name: _field(name, value) for name, value in container.items() if name != "name"}
    return {name: value for name, value in read.items() if value not in _NOTHING and not _is_default(name, value)}


def _is_default(name: str, value: Any) -> bool:
    return name in _DEFAULTS and _DEFAULTS[name] == value


def _field(name: str, value: Any) -> Any:
    if name == "environment" and isinstance(value, list):
        # ECS drops a variable without a value (hashicorp/terraform-provider-aws issue 39533).
        value = [item for item in value if not isinstance(item, Mapping) or item.get("value") not in _NOTHING]
    if isinstance(value, Mapping):
        return _entry(name, value)
    return _members(name, value)


def _members(name: str, value: Any) -> Any:
    """Return a list whose order means nothing by what tells its members apart; anything else as the number it is."""
    if name in _KEYS and isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        return _keyed((_key(name, item), _entry(name, item)) for item in value)
    if name in _SETS and isinstance(value, list):
        return sorted(value, key=str)
    return _number(value) if name in _NUMBERS else value


def _keyed(pairs: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Key the members of a list. A root may give a key twice; the members of such a key are a list, in their order."""
    members: dict[str, list[dict[str, Any]]] = {}
    for key, member in pairs:
        members.setdefault(key, []).append(member)
    return {key: found[0] if len(found) == 1 else found for key, found in sorted(members.items())}


def _key(name: str, item: Mapping[str, Any]) -> str:
    return "/".join(map(str, _identity(name, item).values()))


def _identity(name: str, item: Mapping[str, Any]) -> dict[str, Any]:
    filled = {**_NESTED_DEFAULTS.get(name, {}), **item}
    return {part: _nested(part, filled.get(part)) for part in _KEYS.get(name, ())}


def _entry(name: str, item: Mapping[str, Any]) -> dict[str, Any]:
    defaults = _NESTED_DEFAULTS.get(name, {})
    told = {part: _nested(part, value) for part, value in item.items() if part not in _KEYS.get(name, ())}
    # In awsvpc mode, the only one on Fargate, the host's port is the container's.
    if told.get("hostPort") in (0, _number(item.get("containerPort"))):
        told.pop("hostPort", None)
    kept = {part: value for part, value in told.items() if value not in _NOTHING and defaults.get(part) != value}
    return kept or _identity(name, item)  # one that is all defaults is still there


def _nested(part: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _nested(name, inner) for name, inner in value.items() if inner not in _NOTHING}
    return _members(part, value)


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() else value
