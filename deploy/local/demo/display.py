"""What the person in front of the demo sees: what it waits for, one line of evidence a step, a table at the end.

On a terminal the wait is a live line with the seconds; elsewhere a line every ten seconds, so that nothing seems stuck.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from rich.console import Console
from rich.table import Table

T = TypeVar("T")
_EVERY = 0.5
_LINE_EVERY = 10.0


class StepFailed(Exception):
    """A step of the story does not hold."""


@dataclass(slots=True)
class Display:
    """Progress and results."""

    console: Console = field(default_factory=lambda: Console(highlight=False))
    results: list[tuple[str, str, str, float]] = field(default_factory=list)
    _evidence: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, number: str, title: str) -> Iterator[None]:
        """Run one step; its evidence is what `shows` was told meanwhile."""
        self.console.print(f"[bold]{number}. {title}[/bold]")
        self._evidence = []
        started = time.monotonic()
        try:
            yield
        except Exception as failure:
            self.results.append((number, title, f"[red]does not hold[/red]: {failure}", time.monotonic() - started))
            raise
        self.results.append((number, title, "\n".join(self._evidence), time.monotonic() - started))

    def shows(self, evidence: str) -> None:
        """One line of evidence."""
        self._evidence.append(evidence)
        self.console.print(f"   [green]✓[/green] {evidence}")

    def wait(self, what: str, look: Callable[[], tuple[T | None, str]], *, within: float) -> T:
        """Look until there is an answer. `look` returns it, or None and what is still missing.

        Raises: StepFailed after `within` seconds.
        """
        started = time.monotonic()
        said = started
        with self.console.status(what) as status:
            while True:
                answer, missing = look()
                if answer is not None:
                    return answer
                elapsed = time.monotonic() - started
                if elapsed > within:
                    raise StepFailed(f"{what}: not within {within:.0f} s; {missing}")
                status.update(f"{what} ({elapsed:.0f} s): {missing}")
                if not self.console.is_terminal and time.monotonic() - said > _LINE_EVERY:
                    said = time.monotonic()
                    self.console.print(f"   … {what} ({elapsed:.0f} s): {missing}")
                time.sleep(_EVERY)

    @contextmanager
    def busy(self, what: str) -> Iterator[None]:
        """Show what goes on while the block runs."""
        if not self.console.is_terminal:
            self.console.print(f"   … {what}")
        with self.console.status(what):
            yield

    def summary(self) -> None:
        """The table at the end."""
        table = Table(show_lines=True)
        for heading in ("", "step", "evidence, from AWS itself", "seconds"):
            table.add_column(heading, justify="right" if heading == "seconds" else "left")
        for number, title, evidence, seconds in self.results:
            table.add_row(number, title, evidence, f"{seconds:.0f}")
        self.console.print(table)


def require(holds: bool, otherwise: str) -> None:
    """Raises: StepFailed unless it holds."""
    if not holds:
        raise StepFailed(otherwise)
