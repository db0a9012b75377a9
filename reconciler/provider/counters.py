"""Counters of the warm provider, part of its status.

They are published as JSON; the daemon turns them into Prometheus metrics.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Counters:
    """Counters since the start.

    `calls` by method and outcome, `answers` by cached response and hit or miss, `ends` of processes by reason,
    `runs` attached, processes `started`; `seconds` has the number and the total duration of each phase."""

    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    started: int = 0
    seconds: dict[str, tuple[int, float]] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure the duration of one phase: start, schema, prepare, configure or call."""
        begin = time.monotonic()
        try:
            yield
        finally:
            count, total = self.seconds.get(name, (0, 0.0))
            self.seconds[name] = (count + 1, total + time.monotonic() - begin)

    def report(self) -> dict[str, Any]:
        """Return the counters as JSON data."""
        return {
            "runs_total": self.runs,
            "processes_started_total": self.started,
            "processes_ended_total": dict(self.ends),
            "calls_total": [{"method": m, "outcome": o, "count": n} for (m, o), n in sorted(self.calls.items())],
            "answers_total": [{"answer": a, "result": r, "count": n} for (a, r), n in sorted(self.answers.items())],
            "phase_seconds": {name: {"count": c, "sum": s} for name, (c, s) in sorted(self.seconds.items())},
        }
