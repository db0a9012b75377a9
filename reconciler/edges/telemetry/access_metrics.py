"""Metrics of access: refused credentials by cause, and the last use of each token."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from reconciler.core.access.refusals import CAUSES, Cause

_FAILURES = "Refused credentials and requests."
_LAST_USE = "Time of the last use of a token; absent before the first."


class AccessMetrics:
    """Counts and times that the API adds to."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._failures = Counter("reconciler_authentication_failures", _FAILURES, ("reason",), registry=registry)
        self._last_use = Gauge(
            "reconciler_token_last_use_timestamp_seconds", _LAST_USE, ("person", "token"), registry=registry
        )
        for cause in CAUSES:
            self._failures.labels(cause)

    def failed(self, cause: Cause) -> None:
        """Count a refused credential or request by its cause."""
        self._failures.labels(cause).inc()

    def token_used(self, person: str, token: str) -> None:
        """Remember when a token was last used."""
        self._last_use.labels(person, token).set_to_current_time()
