"""Fake of `reconciler.core.ports.observer`."""

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reconciler.core.record.model import Pass, Record


@dataclass
class FakeObserver:
    """Remembers log events with their fields, and changes of records with the time of the applied commit."""

    logged: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    changes: list[tuple[Record | None, Record | None, datetime | None]] = field(default_factory=list)

    @property
    def events(self) -> Sequence[str]:
        """Return the names of the log events, in order."""
        return [event for event, _ in self.logged]

    def record_changed(self, old: Record | None, new: Record | None, *, commit_at: datetime | None) -> None:
        self.changes.append((old, new, commit_at))

    def pass_ended(self, finished: Pass) -> None: ...

    def visit_started(self, seconds: float) -> None: ...

    def phase(self, name: str, seconds: float) -> None: ...

    def crashed(self, part: str, **fields: Any) -> None:
        self.logged.append((f"{part}_crashed", {**fields, "level": "error", "traceback": traceback.format_exc()}))

    def log(self, event: str, **fields: Any) -> None:
        self.logged.append((event, fields))
