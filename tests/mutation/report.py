"""A report of a run: a table per folder, and each survivor with file, line, difference and the reason it may stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from tests.mutation.accepted import Accepted
from tests.mutation.mutants import KILLED, SURVIVED, Change, Mutant

FLOOR = 85.0
PACKAGES = ("desired_state", "reconciler/core", "reconciler/engine")
_ROW = "{:<30}{:>9}{:>9}{:>11}{:>10}{:>10}\n"


def table(mutants: Sequence[Mutant]) -> str:
    """Return mutants, killed, timed out, survived and the part killed, per folder and per package."""
    by_folder: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        by_folder.setdefault(str(PurePosixPath(mutant.path).parent), []).append(mutant)
    lines = [_ROW.format("folder", "mutants", "killed", "timed out", "survived", "killed %")]
    lines += [_line(folder, of_it) for folder, of_it in sorted(by_folder.items())]
    lines += [_line(f"all of {package}", of_it) for package, of_it in _by_package(mutants)]
    return "".join(lines)


def problems(mutants: Sequence[Mutant]) -> Iterator[str]:
    """Say which package stays under the floor, and which mutants have no verdict."""
    for package, of_it in _by_package(mutants):
        if (part := _killed(of_it)) < FLOOR:
            yield f"{package}: {part:.1f} % of the mutants were killed, {FLOOR:g} % are wanted"
    for mutant in mutants:
        if mutant.status not in KILLED | SURVIVED:
            yield f"{mutant.name}: {mutant.status}; run it again"


def survivors(changes: Mapping[Mutant, Change], accepted: Sequence[Accepted]) -> str:
    """Return the survivors as Markdown, those without a reason first."""
    why = {mutant: _why(mutant, change, accepted) for mutant, change in changes.items()}
    parts = [f"# {len(why)} survivors\n"]
    for mutant in sorted(why, key=lambda mutant: (why[mutant] != "", mutant.path, changes[mutant].line)):
        change = changes[mutant]
        reason = why[mutant] or ("no fast test reaches it" if mutant.status == "no tests" else "open")
        lines = "\n".join(change.lines)
        parts.append(f"## {mutant.path}:{change.line}\n\n`{mutant.name}`: {reason}\n\n```diff\n{lines}\n```\n")
    return "\n".join(parts)


def _why(mutant: Mutant, change: Change, accepted: Sequence[Accepted]) -> str:
    return next((entry.why for entry in accepted if entry.covers(mutant.function, change.lines)), "")


def _by_package(mutants: Sequence[Mutant]) -> Iterator[tuple[str, list[Mutant]]]:
    for package in PACKAGES:
        if of_it := [mutant for mutant in mutants if mutant.path.startswith(f"{package}/")]:
            yield package, of_it


def _line(name: str, mutants: Sequence[Mutant]) -> str:
    status = Counter(mutant.status for mutant in mutants)
    survived = sum(status[word] for word in SURVIVED)
    return _ROW.format(name, len(mutants), status["killed"], status["timeout"], survived, f"{_killed(mutants):.1f}")


def _killed(mutants: Sequence[Mutant]) -> float:
    return 100 * sum(mutant.status in KILLED for mutant in mutants) / len(mutants)
