"""The observer of the engine: metrics, logs and notifications."""

from datetime import datetime
from typing import Any, Protocol

from reconciler.core.record.model import Pass, Record


class Observer(Protocol):
    """An observer: metrics, logs, notifications. Must not raise and must not block."""

    def record_changed(self, old: Record | None, new: Record | None, *, commit_at: datetime | None) -> None:
        """Take note of a changed record (`new` None: the instance is gone)."""
        ...

    def pass_ended(self, finished: Pass) -> None:
        """Take note of a pass that ended."""
        ...

    def visit_started(self, seconds: float) -> None:
        """Take note of how long, in seconds, a key that was due waited for a worker."""
        ...

    def phase(self, name: str, seconds: float) -> None:
        """Take note of how long, in seconds, a phase (init, plan, show, apply) of a pass took."""
        ...

    def crashed(self, part: str, **fields: Any) -> None:
        """Count and log the unexpected error that is handled now, of one part.

        Parts are `source`, `intake`, `pass`, `visit`, `upkeep` and `audit`.
        """
        ...

    def log(self, event: str, **fields: Any) -> None:
        """Log an event."""
        ...
