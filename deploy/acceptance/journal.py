"""The journal of a run: a line of JSON for each thing that happened to a step, on the disk before the run goes on.

A run that was cut off reads it and goes on where it was. A last line that was cut off itself is dropped.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast

Kind = Literal["begun", "done", "failed", "teardown", "undone", "not undone", "ended"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; `step` is empty for those that concern the whole run."""

    kind: Kind
    step: str = ""
    evidence: tuple[str, ...] = ()
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))


@dataclass(slots=True)
class Journal:
    """The entries of one run, in order."""

    path: Path
    entries: list[Entry] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path) -> "Journal":
        """Read a journal, or begin one."""
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        return cls(path, [_entry(json.loads(line)) for line in lines if line.endswith("\n")])

    def write(self, kind: Kind, step: str = "", evidence: Sequence[str] = ()) -> None:
        """Add an entry, and return once it is on the disk."""
        self.entries.append(Entry(kind, step, tuple(evidence)))
        text = "".join(f"{json.dumps(asdict(entry), ensure_ascii=False)}\n" for entry in self.entries)
        partial = self.path.with_suffix(".partial")
        with partial.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.path)

    def names(self, kind: Kind) -> frozenset[str]:
        """Return the steps that have an entry of this kind."""
        return frozenset(entry.step for entry in self.entries if entry.kind == kind)

    @property
    def tearing_down(self) -> bool:
        """Return True once the teardown began: no step is done after it."""
        return any(entry.kind == "teardown" for entry in self.entries)

    @property
    def ended(self) -> bool:
        """Return True when there is nothing to go on with."""
        return any(entry.kind == "ended" for entry in self.entries)

    def to_do(self, steps: Sequence[str]) -> Iterator[str]:
        """Return the steps that are not done yet, in order; none once the teardown began."""
        done = self.names("done")
        return (step for step in steps if step not in done and not self.tearing_down)

    def to_undo(self, steps: Sequence[str]) -> Iterator[str]:
        """Return the steps that began and are not undone yet, the last one first."""
        begun, undone = self.names("begun"), self.names("undone")
        return (step for step in reversed(steps) if step in begun - undone)


def _entry(found: Mapping[str, Any]) -> Entry:
    return Entry(cast(Kind, found["kind"]), found["step"], tuple(found["evidence"]), found["at"])
