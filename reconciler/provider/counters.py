"""What the warm provider did, as numbers for its status.

Counted here, in one place, and published as JSON: whoever scrapes turns them into metrics.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Counters:
    """Counters since the start; `seconds` holds count and sum for each phase."""

    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    started: int = 0
    seconds: dict[str, tuple[int, float]] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure one phase (start, schema, prepare, configure, call)."""
        begin = time.monotonic()
        try:
            yield
        finally:
            count, total = self.seconds.get(name, (0, 0.0))
            self.seconds[name] = (count + 1, total + time.monotonic() - begin)

    def report(self) -> dict[str, Any]:
        """The numbers as JSON values."""
        return {
            "runs_total": self.runs,
            "processes_started_total": self.started,
            "processes_ended_total": dict(self.ends),
            "calls_total": [{"method": m, "outcome": o, "count": n} for (m, o), n in sorted(self.calls.items())],
            "answers_total": [{"answer": a, "result": r, "count": n} for (a, r), n in sorted(self.answers.items())],
            "phase_seconds": {name: {"count": c, "sum": s} for name, (c, s) in sorted(self.seconds.items())},
        }
