"""The observer of the engine: metrics, logs and notifications."""

from datetime import datetime
from typing import Any, Protocol

from reconciler.core.record.model import Pass, Record


class Observer(Protocol):
    """Those who are told: metrics and logs. Must not raise and must not block."""

    def record_changed(self, old: Record | None, new: Record | None, *, commit_at: datetime | None) -> None:
        """A record changed (`new` None: the instance is gone)."""
        ...

    def pass_ended(self, visit: Pass) -> None:
        """A pass ended."""
        ...

    def visit_started(self, seconds: float) -> None:
        """A key that was due waited this long for a worker."""
        ...

    def phase(self, name: str, seconds: float) -> None:
        """A phase (init, plan, show, apply) of a pass took this long."""
        ...

    def log(self, event: str, **fields: Any) -> None:
        """Something worth a log line."""
        ...
