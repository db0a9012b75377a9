"""Survivors that are accepted, each with its reason: `accepted.yaml`, held against what a run found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.mutation.mutants import KILLED, Change, Mutant

LIST = Path(__file__).with_name("accepted.yaml")


@dataclass(frozen=True, slots=True)
class Accepted:
    """One change of one function that no test has to notice. Without indentation, as in the report."""

    function: str
    change: tuple[str, ...]
    why: str

    def covers(self, function: str, change: Sequence[str]) -> bool:
        """Return whether a mutant is this one."""
        return (self.function, self.change) == (function, tuple(change))


def load(path: Path = LIST) -> list[Accepted]:
    """Read the list. Raises: ValueError where an entry gives no reason or is written twice."""
    found = [
        Accepted(entry["function"], tuple(entry["change"].strip().splitlines()), str(entry.get("why") or "").strip())
        for entry in yaml.safe_load(path.read_text())
    ]
    for index, entry in enumerate(found):
        if not entry.why:
            raise ValueError(f"{path.name}: {entry.function}: say why it is accepted")
        if any(entry.covers(other.function, other.change) for other in found[:index]):
            raise ValueError(f"{path.name}: {entry.function}: the same change is listed twice")
    return found


def problems(accepted: Sequence[Accepted], found: Mapping[Mutant, Change]) -> Iterator[str]:
    """Say which entries are not true: no such mutant is written any more, or a test kills it now.

    `found` holds the changes of all mutants of the listed functions, also of those that were not tried.
    """
    for entry in accepted:
        same = [mutant for mutant, change in found.items() if entry.covers(mutant.function, change.lines)]
        what = f"{LIST.name}: {entry.function}: {entry.change[-1]}"
        if not same:
            yield f"{what}: there is no such mutant; take the entry out"
        elif all(mutant.status in KILLED for mutant in same):
            yield f"{what}: a test kills it; take the entry out"
