"""The results of the faults, kind by kind: a table for readers, JSON for machines."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.chaos.schedule import KINDS, Fault

HEADERS = (
    "kind",
    "injected",
    "alone",
    "a person",
    "state lost",
    "duplicated",
    "locks broken",
    "conditions that said so",
)


@dataclass(slots=True)
class Outcome:
    """The result of one fault. `needs`: the conditions that asked an operator; none when it recovered without help.

    `everywhere`: a condition with which it makes every instance ask.
    """

    fault: Fault
    note: str = ""
    injected: bool = False
    seconds: float = 0.0
    converged: bool = False
    needs: list[str] = field(default_factory=list)
    everywhere: str | None = None
    state_lost: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    broken: bool = False

    @property
    def harmless(self) -> bool:
        """True when it was done, everything came to be as it had to, and nothing was lost on the way."""
        return self.injected and self.converged and not (self.state_lost or self.duplicated or self.broken)


@dataclass(frozen=True, slots=True)
class Results:
    """A whole run. `trouble`: why it ended early; `left`: processes that survived the daemon."""

    seed: int
    asked: int
    outcomes: Sequence[Outcome]
    left_out: Mapping[str, str]
    seconds: float
    restarts: int
    trouble: str | None = None
    left: int = 0

    @property
    def passed(self) -> bool:
        """True when all faults were injected, all was recovered, and nothing lost, made twice, broken or left."""
        whole = len(self.outcomes) == self.asked and self.trouble is None and not self.left
        return whole and all(outcome.harmless for outcome in self.outcomes)

    def as_json(self) -> dict[str, Any]:
        """For `chaos.json`."""
        return {
            "seed": self.seed,
            "asked": self.asked,
            "passed": self.passed,
            "seconds": round(self.seconds, 1),
            "restarts": self.restarts,
            "trouble": self.trouble,
            "processes_left": self.left,
            "left_out": dict(self.left_out),
            "kinds": {row[0]: dict(zip(HEADERS[1:], row[1:], strict=True)) for row in rows(self.outcomes)},
            "faults": [_as_json(outcome) for outcome in self.outcomes],
        }


def rows(outcomes: Iterable[Outcome]) -> list[tuple[str, ...]]:
    """One row a kind, in the order of the kinds, and the sum."""
    found = list(outcomes)
    by_kind = {kind.name: [one for one in found if one.fault.kind == kind] for kind in KINDS}
    return [_row(name, some) for name, some in by_kind.items() if some] + [_row("all", found)]


def _row(name: str, some: Sequence[Outcome]) -> tuple[str, ...]:
    counts = (
        sum(one.injected for one in some),
        sum(one.injected and one.converged and not one.needs for one in some),
        sum(bool(one.needs) for one in some),
        sum(bool(one.state_lost) for one in some),
        sum(bool(one.duplicated) for one in some),
        sum(one.broken for one in some),
    )
    said = Counter(need for one in some for need in one.needs)
    return (name, *map(str, counts), ", ".join(f"{need} {count}" for need, count in sorted(said.items())))


def text(results: Results) -> str:
    """The table, and what has to be said beside it."""
    lines = [HEADERS, *rows(results.outcomes)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADERS))]
    table = [_line(line, widths) for line in lines]
    rule = "-" * len(table[0])
    said = [f"left out: {kind} ({why})" for kind, why in results.left_out.items()]
    said += [f"ended early: {results.trouble}"] if results.trouble else []
    said += [f"{results.left} processes were left behind"] if results.left else []
    said.append(
        f"seed {results.seed}: {len(results.outcomes)} of {results.asked} faults in {results.seconds / 60:.1f} minutes,"
        f" the daemon was started again {results.restarts} times: {'passed' if results.passed else 'FAILED'}"
    )
    return "\n".join([table[0], rule, *table[1:-1], rule, table[-1], *said])


def _line(line: Sequence[str], widths: Sequence[int]) -> str:
    first, *middle, last = zip(line, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(value.rjust(width) for value, width in middle), last[0]]).rstrip()


def _as_json(outcome: Outcome) -> dict[str, Any]:
    fault = outcome.fault
    said = {key: value for key, value in asdict(outcome).items() if key != "fault"}
    named = {"number": fault.number, "kind": fault.kind.name, "phase": fault.phase, "target": fault.target}
    return named | said | {"seconds": round(outcome.seconds, 1)}
