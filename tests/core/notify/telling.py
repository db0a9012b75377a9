"""A life of an instance as those who are told of it see it: records in, notices out, what is open kept between."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.core.notify.notices import Notice, after, of_absent, of_change, of_record
from reconciler.core.notify.problems import Open
from reconciler.core.record.model import Record
from reconciler.core.status.advance import advance
from reconciler.core.status.events import Event
from tests.core.instances import NOW


@dataclass
class NoticeLog:
    """Follows one instance. `said` is all that was ever said of it, `open` what is open now."""

    record: Record
    now: datetime = NOW
    open: dict[str, Open] = field(default_factory=dict)
    said: list[Notice] = field(default_factory=list)

    def happens(self, *events: Event) -> list[Notice]:
        """A pass with these events; returns what was said in it."""
        before = len(self.said)
        for event in events:
            self.becomes(advance(self.record, event, now=self.now, retry_limit=3))
        self.pass_ends()
        return self.said[before:]

    def becomes(self, record: Record) -> tuple[Notice, ...]:
        """The record changes to this one."""
        if record == self.record:
            return ()
        old, self.record = self.record, record
        return self._note(of_change(old, record, self.open, now=self.now))

    def pass_ends(self) -> tuple[Notice, ...]:
        """Nothing more comes of this visit."""
        return self._note(of_record(self.record, self.open, now=self.now))

    def later(self, **span: float) -> tuple[Notice, ...]:
        """Time passes, and the record is looked at again."""
        self.now += timedelta(**span)
        return self.pass_ends()

    def goes(self) -> tuple[Notice, ...]:
        """The instance is gone."""
        return self._note(of_absent(self.record.key, self.open, now=self.now))

    def _note(self, notices: tuple[Notice, ...]) -> tuple[Notice, ...]:
        self.open = after(self.open, notices)
        self.said += notices
        return notices


def acts(notices: list[Notice] | tuple[Notice, ...]) -> list[str]:
    """The notices in short: `open drift`, `close failure`."""
    return [f"{notice.act} {notice.problem.topic}" for notice in notices]


def texts(notices: list[Notice] | tuple[Notice, ...]) -> str:
    """All words of these notices."""
    return "\n".join(f"{notice.head}\n{notice.text}" for notice in notices)
