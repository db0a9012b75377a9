"""The variables of containers and of the task around them: what the manifest sets; the defaults are the module's."""

from collections.abc import Iterable, Mapping
from typing import Any

from desired_state.kinds.container.settings import ContainerSettings
from desired_state.kinds.container.sidecar import Sidecar
from desired_state.kinds.service.spec import ServiceSpec

_ARCHITECTURES = {"x86_64": "X86_64", "arm64": "ARM64"}


def own_settings(spec: ServiceSpec) -> dict[str, Any]:
    """Return the settings of the service's own container, and of its tasks; without any, neither variable is there."""
    share = spec.container
    container = _set(
        {
            **_settings(spec),
            "command": list(spec.command),
            "cpu": share.cpu if share else None,
            "memory": share.memory if share else None,
            "memory_reservation": share.memory_reservation if share else None,
            "starts_after": dict(spec.starts_after),
        }
    )
    task = _set(
        {
            "architecture": _ARCHITECTURES[spec.architecture] if spec.architecture else None,
            "ephemeral_storage": spec.ephemeral_storage,
            "exec": spec.exec,
        }
    )
    return _set({"container": container, "task": task})


def sidecar_settings(sidecar: Sidecar, own_name: str, names: Iterable[str]) -> dict[str, Any]:
    """Return the settings of a sidecar, as one key or none. `own_name` is the service's own container in AWS, which a
    manifest names by the service's present name."""
    known = set(names)
    check = sidecar.health_check.model_dump(mode="json", by_alias=False) if sidecar.health_check else None
    settings = _set(
        {
            **_settings(sidecar),
            "cpu": sidecar.cpu,
            "memory_reservation": sidecar.memory_reservation,
            "ports": list(sidecar.ports),
            "health_check": check,
            "starts_after": {
                name if name in known else own_name: condition for name, condition in sidecar.depends_on.items()
            },
        }
    )
    return _set({"settings": settings})


def _settings(container: ContainerSettings) -> dict[str, Any]:
    linux, limits = container.linux, container.ulimits
    capabilities = linux.capabilities if linux else None
    return {
        "entry_point": list(container.entry_point),
        "working_directory": container.working_directory,
        "user": container.user,
        "open_files": limits.nofile.model_dump(mode="json") if limits else None,
        "labels": dict(container.docker_labels),
        "without_init": bool(linux and not linux.init_process),
        "capabilities": capabilities.model_dump(mode="json") if capabilities else None,
        "writable_root": container.writable_root,
        "writable_paths": list(container.writable_paths),
    }


def _set(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
