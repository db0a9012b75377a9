"""The notices of one instance over its life: records in, notices out; open incidents are kept in between."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.core.notify.notices import Act, Notice, after, of_absent, of_change, of_record
from reconciler.core.notify.problems import Open
from reconciler.core.record.model import Record
from reconciler.core.status.advance import advance
from reconciler.core.status.events import Event
from reconciler.edges.slack.markup import render
from tests.core.instances import NOW


@dataclass(frozen=True)
class Shown:
    """A notice as Slack shows it."""

    act: Act
    problem: Open
    head: str
    text: str


def show(notice: Notice) -> Shown:
    """Render a notice as Slack does."""
    return Shown(notice.act, notice.problem, render(notice.head), render(notice.text))


@dataclass
class NoticeLog:
    """Follows one instance. `notices` has every notice so far, `open` the open incidents."""

    record: Record
    now: datetime = NOW
    open: dict[str, Open] = field(default_factory=dict)
    notices: list[Shown] = field(default_factory=list)

    def run_pass(self, *events: Event) -> list[Shown]:
        """Run a pass with these events. Returns its notices."""
        before = len(self.notices)
        for event in events:
            self.change_to(advance(self.record, event, now=self.now, retry_limit=3))
        self.end_pass()
        return self.notices[before:]

    def change_to(self, record: Record) -> tuple[Shown, ...]:
        """Change the record to this one. Returns the notices."""
        if record == self.record:
            return ()
        old, self.record = self.record, record
        return self._note(of_change(old, record, self.open, now=self.now))

    def end_pass(self) -> tuple[Shown, ...]:
        """End a pass without further events. Returns the notices."""
        return self._note(of_record(self.record, self.open, now=self.now))

    def wait(self, **span: float) -> tuple[Shown, ...]:
        """Advance the clock and end a pass. Returns the notices."""
        self.now += timedelta(**span)
        return self.end_pass()

    def delete(self) -> tuple[Shown, ...]:
        """Delete the record. Returns the notices."""
        return self._note(of_absent(self.record.key, self.open, now=self.now))

    def _note(self, notices: tuple[Notice, ...]) -> tuple[Shown, ...]:
        self.open = after(self.open, notices)
        shown = tuple(map(show, notices))
        self.notices += shown
        return shown


def acts(notices: Iterable[Shown | Notice]) -> list[str]:
    """Return the notices in short: `open drift`, `close failure`."""
    return [f"{notice.act} {notice.problem.topic}" for notice in notices]


def texts(notices: Iterable[Shown]) -> str:
    """Return the whole text of these notices."""
    return "\n".join(f"{notice.head}\n{notice.text}" for notice in notices)
