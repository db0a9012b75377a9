"""Fields that loosen a safe default: the configuration of an environment says which of them its services may use.

It also names the managed policies that its services may have.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from desired_state.checks.conflicts import EnvironmentFacts, ManifestFinding
from desired_state.checks.survey import Candidate
from desired_state.kinds.container.settings import ContainerSettings
from desired_state.kinds.job import JobSpec
from desired_state.kinds.manifest import Spec
from desired_state.kinds.service.permissions import is_arn
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.located import MOST_LISTED, Location, quote
from desired_state.reading.suggestion import suggest


@dataclass(frozen=True, slots=True)
class Loosening:
    """One way to loosen a default: its name in the configuration, what it does, and the fields that ask for it."""

    name: str
    does: str
    asked_at: Callable[[ServiceSpec], Iterable[Location]]
    asked_by_job: Callable[[JobSpec], Iterable[Location]] = lambda _: ()


def _image(spec: ServiceSpec) -> Iterator[Location]:
    if spec.image and spec.image.repository:
        yield ("image", "repository")


def _image_of_job(spec: JobSpec) -> Iterator[Location]:
    if spec.image.repository:
        yield ("image", "repository")


def _secrets_by_arn(spec: ServiceSpec) -> Iterator[Location]:
    yield from (("secrets", name) for name, source in spec.secrets.items() if source.is_arn)
    for index, sidecar in enumerate(spec.sidecars):
        yield from (("sidecars", index, "secrets", name) for name, source in sidecar.secrets.items() if source.is_arn)


def _fewer_tasks(spec: ServiceSpec) -> Iterable[Location]:
    least = spec.deployment.minimum_healthy_percent if spec.deployment else None
    return [("deployment", "minimumHealthyPercent")] if least is not None and least < 100 else []


def _no_circuit_breaker(spec: ServiceSpec) -> Iterable[Location]:
    off = spec.deployment is not None and spec.deployment.circuit_breaker is False
    return [("deployment", "circuitBreaker")] if off else []


def _no_tasks(spec: ServiceSpec) -> Iterable[Location]:
    return [path for path, fewest in spec.scaling.bounds() if fewest == 0]


def _spot(spec: ServiceSpec) -> Iterable[Location]:
    return [("spot",)] if spec.spot is not None and spec.spot.share > 0 else []


def _groups(spec: ServiceSpec) -> Iterator[Location]:
    yield from (("security", "groups", index) for index, _ in enumerate(spec.security.groups if spec.security else ()))


def _public_egress(spec: ServiceSpec) -> Iterator[Location]:
    for index, way in enumerate(spec.security.egress if spec.security else ()):
        if way.is_public:
            yield "security", "egress", index


def _arns(spec: ServiceSpec) -> Iterator[Location]:
    for place, one in enumerate(spec.permissions):
        for index, resource in enumerate(one.resources):
            if is_arn(resource):
                yield ("permissions", place, "resources", index)


def _env_files(spec: ServiceSpec) -> Iterator[Location]:
    yield from (("envFiles", index) for index, _ in enumerate(spec.env_files))
    for number, sidecar in enumerate(spec.sidecars):
        yield from (("sidecars", number, "envFiles", index) for index, _ in enumerate(sidecar.env_files))


def _efs_without_iam(spec: ServiceSpec) -> Iterator[Location]:
    for name, volume in spec.volumes.items():
        if volume.efs is not None and not volume.efs.iam:
            yield "volumes", name, "efs", "iam"


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


def _other_branches(spec: ServiceSpec) -> Iterable[Location]:
    return [("delivery", "branches")] if spec.delivery is not None and spec.delivery.branches else []


LOOSENINGS: Final[tuple[Loosening, ...]] = (
    Loosening(
        "foreign-image", "an image that the service's own registry neither scanned nor keeps", _image, _image_of_job
    ),
    Loosening("secret-arns", "a secret or parameter by its ARN, which may be another account's,", _secrets_by_arn),
    Loosening("fewer-tasks-while-deploying", "a rollout that stops tasks before new ones run", _fewer_tasks),
    Loosening("no-circuit-breaker", "a rollout that is not taken back when it fails", _no_circuit_breaker),
    Loosening("no-tasks", "a service without a task at times", _no_tasks),
    Loosening("spot", "Fargate Spot, whose tasks AWS may stop at any time,", _spot),
    Loosening("security-groups", "a security group whose rules are not checked here", _groups),
    Loosening("public-egress", "a way out to public addresses beside HTTPS", _public_egress),
    Loosening("resource-arns", "a permission on a resource of any name or account, by its ARN", _arns),
    Loosening(
        "managed-policies",
        "a managed policy beside the permissions",
        lambda spec: (("policies", index) for index in range(len(spec.policies))),
    ),
    Loosening("env-files", "a file of variables, which Git does not show,", _env_files),
    Loosening("efs-without-iam", "a file system that does not ask for the task's role", _efs_without_iam),
    Loosening(
        "writable-root",
        "a root file system that the container can write to",
        _containers("writableRoot", lambda each: each.writable_root),
    ),
    Loosening("root-user", "a container that runs as root", _containers("user", lambda each: each.is_root)),
    Loosening("trace", "a container that can trace other processes", _containers("linux", _traces)),
    Loosening("exec", "a shell into the running tasks (ECS Exec)", _exec),
    Loosening("other-branches", "a build of other branches than those of the tier", _other_branches),
)


def check_loosened(candidates: Sequence[Candidate], facts: Mapping[str, EnvironmentFacts]) -> Iterator[ManifestFinding]:
    """Find fields that loosen what their environment does not allow to loosen."""
    for one in candidates:
        environment = one.key.environment
        if environment not in facts:
            continue
        for each in LOOSENINGS:
            if facts[environment].allows(each.name):
                continue
            for path in _asked_at(each, one.spec):
                message = (
                    f"{each.does} is not allowed in {environment} (tier {facts[environment].tier}): remove it, or have "
                    f"{each.name} added to environments.{environment}.allow of the daemon's configuration"
                )
                yield ManifestFinding(one.key, one.problem(path, message))


def check_policies(candidates: Sequence[Candidate], facts: Mapping[str, EnvironmentFacts]) -> Iterator[ManifestFinding]:
    """Find managed policies that the configuration does not list for their environment."""
    for one in candidates:
        environment = one.key.environment
        if environment not in facts or not isinstance(one.spec, ServiceSpec):
            continue
        known = facts[environment].policies
        for index, name in enumerate(one.spec.policies):
            if name not in known:
                message = (
                    f"{quote(name)} is no policy of {environment}: {suggest(name, known, most=MOST_LISTED)}; others "
                    f"are added to environments.{environment}.policies of the daemon's configuration"
                )
                yield ManifestFinding(one.key, one.problem(("policies", index), message))


def _asked_at(loosening: Loosening, spec: Spec) -> Iterable[Location]:
    match spec:
        case ServiceSpec():
            return loosening.asked_at(spec)
        case JobSpec():
            return loosening.asked_by_job(spec)
    return ()
