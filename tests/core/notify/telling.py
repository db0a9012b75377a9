"""A life of an instance as those who are told of it see it: records in, notices out, what is open kept between."""

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
class Said:
    """A notice as Slack shows it."""

    act: Act
    problem: Open
    head: str
    text: str


def said(notice: Notice) -> Said:
    return Said(notice.act, notice.problem, render(notice.head), render(notice.text))


@dataclass
class NoticeLog:
    """Follows one instance. `said` is all that was ever said of it, `open` what is open now."""

    record: Record
    now: datetime = NOW
    open: dict[str, Open] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)

    def happens(self, *events: Event) -> list[Said]:
        """A pass with these events; returns what was said in it."""
        before = len(self.said)
        for event in events:
            self.becomes(advance(self.record, event, now=self.now, retry_limit=3))
        self.pass_ends()
        return self.said[before:]

    def becomes(self, record: Record) -> tuple[Said, ...]:
        """The record changes to this one."""
        if record == self.record:
            return ()
        old, self.record = self.record, record
        return self._note(of_change(old, record, self.open, now=self.now))

    def pass_ends(self) -> tuple[Said, ...]:
        """Nothing more comes of this visit."""
        return self._note(of_record(self.record, self.open, now=self.now))

    def later(self, **span: float) -> tuple[Said, ...]:
        """Time passes, and the record is looked at again."""
        self.now += timedelta(**span)
        return self.pass_ends()

    def goes(self) -> tuple[Said, ...]:
        """The instance is gone."""
        return self._note(of_absent(self.record.key, self.open, now=self.now))

    def _note(self, notices: tuple[Notice, ...]) -> tuple[Said, ...]:
        self.open = after(self.open, notices)
        shown = tuple(map(said, notices))
        self.said += shown
        return shown


def acts(notices: Iterable[Said | Notice]) -> list[str]:
    """The notices in short: `open drift`, `close failure`."""
    return [f"{notice.act} {notice.problem.topic}" for notice in notices]


def texts(notices: Iterable[Said]) -> str:
    """All words of these notices."""
    return "\n".join(f"{notice.head}\n{notice.text}" for notice in notices)
