"""Fields that loosen a safe default: the configuration of an environment says which of them its services may use."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from desired_state.checks.conflicts import EnvironmentFacts, ManifestFinding
from desired_state.checks.survey import Candidate
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.located import Location


@dataclass(frozen=True, slots=True)
class Loosening:
    """One way to loosen a default: its name in the configuration, what it does, and the fields that ask for it."""

    name: str
    does: str
    asked_at: Callable[[ServiceSpec], Iterable[Location]]


def _secrets_by_arn(spec: ServiceSpec) -> Iterator[Location]:
    yield from (("secrets", name) for name, source in spec.secrets.items() if source.is_arn)
    for index, sidecar in enumerate(spec.sidecars):
        yield from (("sidecars", index, "secrets", name) for name, source in sidecar.secrets.items() if source.is_arn)


def _env_files(spec: ServiceSpec) -> Iterator[Location]:
    yield from (("envFiles", index) for index, _ in enumerate(spec.env_files))
    for number, sidecar in enumerate(spec.sidecars):
        yield from (("sidecars", number, "envFiles", index) for index, _ in enumerate(sidecar.env_files))


def _efs_without_iam(spec: ServiceSpec) -> Iterator[Location]:
    for name, volume in spec.volumes.items():
        if volume.efs is not None and not volume.efs.iam:
            yield "volumes", name, "efs", "iam"


LOOSENINGS: Final[tuple[Loosening, ...]] = (
    Loosening("secret-arns", "a secret or parameter by its ARN, which may be another account's,", _secrets_by_arn),
    Loosening("env-files", "a file of variables, which Git does not show,", _env_files),
    Loosening("efs-without-iam", "a file system that does not ask for the task's role", _efs_without_iam),
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
