"""Output of the demo and of acceptance: the current wait, lines of evidence for each step, and a table at the end.

On a terminal a wait is one updated line with the seconds; elsewhere a line every ten seconds, so that nothing seems
stuck.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from rich.console import Console
from rich.table import Table

T = TypeVar("T")
_POLL = 0.5
_LINE_EVERY = 10.0


class StepFailed(Exception):
    """A step failed."""


@dataclass(slots=True)
class Display:
    """Progress and results of the steps. A wait ends after `within` seconds: several times what the slowest takes."""

    console: Console = field(default_factory=lambda: Console(highlight=False))
    within: float = 900.0
    results: list[tuple[str, str, str, float]] = field(default_factory=list)
    _evidence: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, number: str, title: str) -> Iterator[None]:
        """Run one step as a block; its evidence is every line passed to `show` in the block."""
        self.console.print(f"[bold]{number}. {title}[/bold]")
        self._evidence = []
        started = time.monotonic()
        try:
            yield
        except Exception as failure:
            self.results.append((number, title, f"[red]failed[/red]: {failure}", time.monotonic() - started))
            raise
        self.results.append((number, title, "\n".join(self._evidence), time.monotonic() - started))

    def show(self, evidence: str) -> None:
        """Print one line of evidence and keep it for the summary."""
        self._evidence.append(evidence)
        self.console.print(f"   [green]✓[/green] {evidence}")

    def wait(self, awaited: str, poll: Callable[[], tuple[T | None, str]]) -> T:
        """Poll until there is an answer, and return it. `poll` returns it, or None and what is missing.

        `awaited` names the answer for the display. Raises: StepFailed after `within` seconds.
        """
        started = time.monotonic()
        printed = started
        title = f"waiting for {awaited}"
        with self.console.status(title) as status:
            while True:
                answer, missing = poll()
                if answer is not None:
                    return answer
                elapsed = time.monotonic() - started
                if elapsed > self.within:
                    raise StepFailed(f"{title}: timeout after {self.within:.0f} s; {missing}")
                status.update(f"{title} ({elapsed:.0f} s): {missing}")
                if not self.console.is_terminal and time.monotonic() - printed > _LINE_EVERY:
                    printed = time.monotonic()
                    self.console.print(f"   … {title} ({elapsed:.0f} s): {missing}")
                time.sleep(_POLL)

    @contextmanager
    def busy(self, activity: str) -> Iterator[None]:
        """Show an activity while the block runs."""
        if not self.console.is_terminal:
            self.console.print(f"   … {activity}")
        with self.console.status(activity):
            yield

    def summary(self) -> None:
        """Print the table of all steps with their evidence."""
        table = Table(show_lines=True)
        for heading in ("", "step", "evidence, from AWS itself", "seconds"):
            table.add_column(heading, justify="right" if heading == "seconds" else "left")
        for number, title, evidence, seconds in self.results:
            table.add_row(number, title, evidence, f"{seconds:.0f}")
        self.console.print(table)


def require(condition: bool, message: str) -> None:
    """Check a condition. Raises: StepFailed with the message when it is false."""
    if not condition:
        raise StepFailed(message)
