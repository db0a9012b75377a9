"""What a test or the demo asks of rollouts: how long they take and which of them fail.

Held by the server, changed through `/standin/ecs/…`, read by the ECS patches. A rule belongs to one service of one
cluster (in whatever account) and, where `image` is given, to the deployments that run an image with that text in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Failure:
    """Deployments of this service are to fail."""

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
        """Drop the failures of one service, of one cluster, or all of them."""
        self.failures = [
            failure
            for failure in self.failures
            if (cluster and failure.cluster != cluster) or (service and failure.service != service)
        ]
