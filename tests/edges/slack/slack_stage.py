"""A stage for the notifications: records, a store for threads, and a local Slack that answers."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from deploy.local.slackline import CHANNEL, TOKEN, WEBHOOK_PATH, Workspace
from deploy.local.slackline.server import serving
from desired_state.instance import Key
from reconciler.core.plan.summary import ResourceSummary
from reconciler.core.ports.control import SourceStatus
from reconciler.core.ports.store import Threads
from reconciler.core.record.model import Drift, Pass, Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import Event
from reconciler.core.vocabulary import Reason
from reconciler.edges.slack.client import Channel, bot, webhook
from reconciler.edges.slack.delivery import Retries
from reconciler.edges.slack.notifications import Manner, Notifications, Sources
from reconciler.edges.store.sqlite import SqliteStore
from tests.core.instances import NOW, applied, fold

AT_ONCE = Retries(attempts=4, first=timedelta(0), longest=timedelta(0), jitter=timedelta(0))
EAGER = Manner(group_wait=timedelta(milliseconds=50), update_every=timedelta(hours=1), flush=timedelta(seconds=30))
PATIENCE = 60.0
OUTSIDE = ResourceSummary("aws_security_group.this", ("update",), {"ingress": ([], ["0.0.0.0/0"])})


@dataclass
class Stage:
    """The state that the notifications read, changed by the test, and the Slack that they write to."""

    threads: Threads
    slack: Workspace
    endpoint: str
    records: dict[Key, Record] = field(default_factory=dict)
    source: SourceStatus = field(default_factory=lambda: SourceStatus("c1", NOW, None, ()))
    now: datetime = NOW
    counts: Counter[str] = field(default_factory=Counter)

    @asynccontextmanager
    async def notifying(
        self,
        line: AbstractAsyncContextManager[Channel] | None = None,
        *,
        retries: Retries = AT_ONCE,
        **manner: Any,
    ) -> AsyncIterator[Notifications]:
        """Run the notifications for the length of a block; at its end all notices are delivered."""
        sources = Sources(lambda: self.records, lambda: self.source, lambda: True, lambda: self.now)
        notifications = Notifications(
            line or self.bot(),
            self.threads,
            sources,
            count=lambda result: self.counts.update([result]),
            redact=Redactor(b"a key for tests", [TOKEN]).text,
            manner=replace(EAGER, **manner),
            retries=retries,
        )
        async with notifications.running():
            self._notifications = notifications
            yield notifications

    def bot(self, *, token: str = TOKEN, channel: str = CHANNEL) -> AbstractAsyncContextManager[Channel]:
        return bot(token=token, channel=channel, api_url=f"{self.endpoint}/api/")

    def webhook(self, path: str = WEBHOOK_PATH) -> AbstractAsyncContextManager[Channel]:
        return webhook(f"{self.endpoint}{path}")

    def becomes(self, record: Record) -> None:
        """Replace the record and notify its observers."""
        old = self.records.get(record.key)
        self.records[record.key] = record
        self._notifications.record_changed(old, record)

    def happens(self, key: Key, *events: Event) -> None:
        """Apply these events to the record as one pass."""
        for event in events:
            self.becomes(fold(self.records[key], event, now=self.now))
        self._notifications.pass_ended(Pass("p1", key, "git", "c1", self.now, self.now, "moved", None, ""))

    def heads(self) -> list[str]:
        """Return the current first line of every thread."""
        return [thread["text"].splitlines()[0] for thread in self.slack.threads()]

    def replies(self, thread: int = 0) -> list[str]:
        """Return the replies below the first message."""
        return [reply["text"] for found in self.slack.threads()[thread : thread + 1] for reply in found["replies"]]


def drifted(record: Record | None = None) -> Record:
    return (record or applied()).replace(drift=Drift(Reason.OUT_OF_BAND_CHANGE, (OUTSIDE,), NOW, "heal", NOW))


@asynccontextmanager
async def stage(directory: Path) -> AsyncIterator[Stage]:
    """Run a stage whose threads are in a file, so that a second daemon can read them."""
    store, slack = SqliteStore(directory / "records.sqlite3"), Workspace()
    try:
        async with serving(slack) as endpoint:
            yield Stage(store, slack, endpoint)
    finally:
        await store.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition is true. Raises: TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)
