"""The volumes, mounts and files of variables of a service, as its root declares them."""

from collections.abc import Iterator
from typing import Any

from desired_state.kinds.container.sidecar import Sidecar
from desired_state.kinds.service.spec import ServiceSpec


def storage_variables(spec: ServiceSpec) -> dict[str, Any]:
    """Return the variable `storage`; nothing for a service that has none, so that it keeps its desired digest."""
    containers: tuple[ServiceSpec | Sidecar, ...] = (spec, *spec.sidecars)
    found = {
        "volumes": {
            name: {"efs": volume.efs.model_dump(mode="json", by_alias=False) if volume.efs else None}
            for name, volume in spec.volumes.items()
        },
        "mounts": [mount for container in containers for mount in _mounts(container)],
        "env_files": [file for container in containers for file in _env_files(container)],
    }
    return {"storage": found} if any(found.values()) else {}


def _mounts(container: ServiceSpec | Sidecar) -> Iterator[dict[str, Any]]:
    for path, mount in sorted(container.mounts.items()):
        yield {"container": _name(container), "path": path, "volume": mount.volume, "read_only": mount.read_only}


def _env_files(container: ServiceSpec | Sidecar) -> Iterator[dict[str, Any]]:
    yield from ({"container": _name(container), "arn": arn} for arn in container.env_files)


def _name(container: ServiceSpec | Sidecar) -> str | None:
    """Return the name of a sidecar; the service's own container needs none."""
    return container.name if isinstance(container, Sidecar) else None
