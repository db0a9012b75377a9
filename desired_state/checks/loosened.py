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


def _groups(spec: ServiceSpec) -> Iterator[Location]:
    yield from (("security", "groups", index) for index, _ in enumerate(spec.security.groups if spec.security else ()))


def _public_egress(spec: ServiceSpec) -> Iterator[Location]:
    for index, way in enumerate(spec.security.egress if spec.security else ()):
        if way.is_public:
            yield "security", "egress", index


LOOSENINGS: Final[tuple[Loosening, ...]] = (
    Loosening("security-groups", "a security group whose rules are not checked here", _groups),
    Loosening("public-egress", "a way out to public addresses beside HTTPS", _public_egress),
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
