"""Fields that loosen a safe default: the configuration of an environment says which of them its services may use."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from desired_state.checks.conflicts import EnvironmentFacts, ManifestFinding
from desired_state.checks.survey import Candidate
from desired_state.kinds.service.settings import ContainerSettings
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.located import Location


@dataclass(frozen=True, slots=True)
class Loosening:
    """One way to loosen a default: its name in the configuration, what it does, and the fields that ask for it."""

    name: str
    does: str
    asked_at: Callable[[ServiceSpec], Iterable[Location]]


def _image(spec: ServiceSpec) -> Iterator[Location]:
    if spec.image and spec.image.repository:
        yield ("image", "repository")


def _containers(field: str, asks: Callable[[ContainerSettings], object]) -> Callable[[ServiceSpec], Iterator[Location]]:
    """Return the places of a field in the service's own container and in sidecars that ask to loosen something."""

    def asked_at(spec: ServiceSpec) -> Iterator[Location]:
        if asks(spec):
            yield (field,)
        for index, sidecar in enumerate(spec.sidecars):
            if asks(sidecar):
                yield ("sidecars", index, field)

    return asked_at


def _traces(settings: ContainerSettings) -> bool:
    return bool(settings.linux and settings.linux.capabilities and settings.linux.capabilities.add)


def _exec(spec: ServiceSpec) -> Iterator[Location]:
    if spec.exec:
        yield ("exec",)


LOOSENINGS: Final[tuple[Loosening, ...]] = (
    Loosening("foreign-image", "an image that the service's own registry neither scanned nor keeps", _image),
    Loosening(
        "writable-root",
        "a root file system that the container can write to",
        _containers("writableRoot", lambda each: each.writable_root),
    ),
    Loosening("root-user", "a container that runs as root", _containers("user", lambda each: each.is_root)),
    Loosening("trace", "a container that can trace other processes", _containers("linux", _traces)),
    Loosening("exec", "a shell into the running tasks (ECS Exec)", _exec),
)


def check_loosened(candidates: Sequence[Candidate], facts: Mapping[str, EnvironmentFacts]) -> Iterator[ManifestFinding]:
    """Find fields that loosen what their environment does not allow to loosen."""
    for one in candidates:
        environment = one.key.environment
        if environment not in facts or not isinstance(one.spec, ServiceSpec):
            continue
        for each in LOOSENINGS:
            if facts[environment].allows(each.name):
                continue
            for path in each.asked_at(one.spec):
                message = (
                    f"{each.does} is not allowed in {environment} (tier {facts[environment].tier}): remove it, or have "
                    f"{each.name} added to environments.{environment}.allow of the daemon's configuration"
                )
                yield ManifestFinding(one.key, one.problem(path, message))
