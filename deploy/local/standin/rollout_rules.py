"""Rules for rollouts, set by tests and the demo: duration, and deployments that fail.

The server owns them, `/standin/ecs/…` changes them, the ECS patches read them. A rule applies to one service of one
cluster (in any account) and, with `image`, only to deployments whose image contains that text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that makes deployments of a service fail."""

    cluster: str
    service: str
    image: str | None = None

    def concerns(self, cluster: str, service: str, images: Sequence[str]) -> bool:
        same = (self.cluster, self.service) == (cluster, service)
        return same and (self.image is None or any(self.image in image for image in images))


@dataclass(slots=True)
class RolloutRules:
    delay: timedelta = timedelta(seconds=3)
    failures: list[Failure] = field(default_factory=list)
    now: Callable[[], datetime] = utc_now

    def fails(self, cluster: str, service: str, images: Sequence[str]) -> bool:
        return any(failure.concerns(cluster, service, images) for failure in self.failures)

    def forget(self, *, cluster: str | None = None, service: str | None = None) -> None:
        """Remove the failures of one service, of one cluster, or all of them."""
        self.failures = [
            failure
            for failure in self.failures
            if (cluster and failure.cluster != cluster) or (service and failure.service != service)
        ]
