"""Fields that loosen a safe default: the configuration of an environment says which of them its services may use.

It also names the managed policies that its services may have.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from desired_state.checks.conflicts import EnvironmentFacts, ManifestFinding
from desired_state.checks.survey import Candidate
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


def _arns(spec: ServiceSpec) -> Iterator[Location]:
    for place, one in enumerate(spec.permissions):
        for index, resource in enumerate(one.resources):
            if is_arn(resource):
                yield ("permissions", place, "resources", index)


LOOSENINGS: Final[tuple[Loosening, ...]] = (
    Loosening("resource-arns", "a permission on a resource of any name or account, by its ARN", _arns),
    Loosening(
        "managed-policies",
        "a managed policy beside the permissions",
        lambda spec: (("policies", index) for index in range(len(spec.policies))),
    ),
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
