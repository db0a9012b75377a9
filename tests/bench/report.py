"""Measured figures as a table for readers and as JSON for machines; the targets stand beside the ratios.

A ratio is plain over warm, of medians. The CPU ratio counts what the kernel charges to the run; beside it stands the
ratio with what the warm provider spent on it added, which is the honest price of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reconciler.provider.processes.memory import cores
from tests.bench.measure import Cost, Summary
from tests.bench.sweep import Sweep

MIB = 1024 * 1024
# The least ratios that are promised, by case and figure.
TARGETS: Mapping[str, Mapping[str, float]] = {
    "init": {"wall": 10},
    "no-op plan": {"wall": 5, "cpu": 10, "rss": 7},
    "empty root": {"wall": 20},
    "drift sweep": {"wall": 7},
}
HEADERS = ("case", "side", "wall s", "spread", "CPU s", "shared CPU s", "peak MiB")


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that was measured."""

    cases: Mapping[str, Mapping[str, Sequence[Cost]]]
    sweep: Mapping[str, Sweep]

    def summaries(self) -> dict[str, dict[str, Summary]]:
        """Each case's medians by side; the sweep is one of them."""
        found = {case: {side: Summary.of(costs) for side, costs in sides.items()} for case, sides in self.cases.items()}
        if self.sweep:
            found["drift sweep"] = {side: _as_summary(sweep) for side, sweep in self.sweep.items()}
        return found

    def as_json(self) -> dict[str, Any]:
        """For `bench.json`."""
        summaries = self.summaries()
        return {
            "cases": {case: {side: asdict(s) for side, s in sides.items()} for case, sides in summaries.items()},
            "ratios": {case: ratios(sides["plain"], sides["warm"]) for case, sides in summaries.items()},
            "targets": TARGETS,
            "missed": list(missed(summaries)),
            "sweep": {side: asdict(sweep) for side, sweep in self.sweep.items()},
        }


def ratios(plain: Summary, warm: Summary) -> dict[str, float]:
    """Return how many times cheaper warm is, figure by figure."""
    return {
        "wall": plain.wall / warm.wall,
        "cpu": plain.cpu / warm.cpu,
        "cpu with shared": plain.cpu / (warm.cpu + warm.shared),
        "rss": plain.rss / warm.rss,
    }


def missed(summaries: Mapping[str, Mapping[str, Summary]]) -> Iterator[str]:
    """The targets that were not reached, as lines."""
    for case, sides in summaries.items():
        reached = ratios(sides["plain"], sides["warm"])
        for figure, target in TARGETS.get(case, {}).items():
            if reached[figure] < target:
                yield f"{case}: {figure} is {reached[figure]:.1f} times cheaper, the target is {target:g}"


def table(results: Results) -> list[str]:
    """The lines to print."""
    summaries = results.summaries()
    rows = [HEADERS, *(row for case, sides in summaries.items() for row in _rows(case, sides))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADERS))]
    lines = [_line(row, widths) for row in rows]
    lines += ["", "plain over warm (target)"]
    for case, sides in summaries.items():
        lines.append(f"  {case:<24}" + "   ".join(_ratios(case, ratios(sides["plain"], sides["warm"]))))
    for side, sweep in results.sweep.items():
        lines.append(
            f"sweep of {sweep.instances}, {side}: {sweep.at_once} at once; "
            f"the stand-in was answering for {100 * sweep.answering:.0f} % of the time"
        )
        lines.append(
            f"  CPU seconds: terraform {sweep.cpu:.0f}, warm provider {sweep.shared:.0f}, "
            f"stand-in {sweep.answering * sweep.wall:.0f}; {cores()} cores had {cores() * sweep.wall:.0f}"
        )
    return [*lines, *(f"MISSED {line}" for line in missed(summaries))]


def _rows(case: str, sides: Mapping[str, Summary]) -> Iterator[tuple[str, ...]]:
    for side, figures in sides.items():
        spread = f"{figures.least:.2f}-{figures.most:.2f}" if figures.rounds > 1 else ""
        wall, cpu, shared = f"{figures.wall:.2f}", f"{figures.cpu:.2f}", f"{figures.shared:.2f}"
        yield (case, side, wall, spread, cpu, shared, f"{figures.rss / MIB:.0f}")


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.ljust(w) if n < 2 else cell.rjust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))]
    return "  ".join(cells).rstrip()


def _ratios(case: str, reached: Mapping[str, float]) -> Iterator[str]:
    targets = TARGETS.get(case, {})
    for figure, ratio in reached.items():
        yield f"{figure} {ratio:.1f}" + (f" ({targets[figure]:g})" if figure in targets else "")


def _as_summary(sweep: Sweep) -> Summary:
    return Summary(sweep.wall, sweep.cpu, sweep.rss, sweep.shared, sweep.wall, sweep.wall, 1)
