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


def _other_branches(spec: ServiceSpec) -> Iterable[Location]:
    return [("delivery", "branches")] if spec.delivery is not None and spec.delivery.branches else []


LOOSENINGS: Final[tuple[Loosening, ...]] = (
    Loosening("fewer-tasks-while-deploying", "a rollout that stops tasks before new ones run", _fewer_tasks),
    Loosening("no-circuit-breaker", "a rollout that is not taken back when it fails", _no_circuit_breaker),
    Loosening("no-tasks", "a service without a task at times", _no_tasks),
    Loosening("spot", "Fargate Spot, whose tasks AWS may stop at any time,", _spot),
    Loosening("other-branches", "a build of other branches than those of the tier", _other_branches),
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
