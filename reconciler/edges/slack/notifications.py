"""Notifications in Slack of what `core.notify.notices` decides, without ever delaying the engine.

`record_changed` and `pass_ended` only decide and put notices into a queue, in memory; a task delivers them. What could
not be delivered is taken back, so that the next update reports it as it is then; what Slack refused, somewhat later.
Threads are stored: a restart goes on in the same ones. A crash between a post and its note in the store can repeat a
message, but never loses one.
"""

import asyncio
import contextlib
import traceback
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

from desired_state.instance import Key
from reconciler.core.notify import notices
from reconciler.core.notify.notices import Act, Notice, Opened
from reconciler.core.ports.control import SourceStatus
from reconciler.core.ports.store import Threads
from reconciler.core.record.model import Pass, Record
from reconciler.edges.slack.client import Channel
from reconciler.edges.slack.delivery import Delivery, Outcome, Retries
from reconciler.edges.slack.refusals import Refusals
from reconciler.edges.telemetry.logs import log

QUEUED_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources of the present: in memory, answered at once. `ready` is true once records and manifests were read."""

    records: Callable[[], Mapping[Key, Record]]
    source: Callable[[], SourceStatus]
    ready: Callable[[], bool]
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Manner:
    """Settings of the notifications.

    `environments` (None: all), `reminders`, `group_wait` for further incidents, `group_over`: how many may open alone,
    `update_every`: the time between two looks at everything, `flush`: how long delivery goes on at the stop.
    """

    environments: frozenset[str] | None = None
    reminders: bool = True
    group_wait: timedelta = timedelta(seconds=30)
    group_over: int = 5
    update_every: timedelta = timedelta(seconds=5)
    flush: timedelta = timedelta(seconds=5)


class Notifications:
    """The notifications. `count` gets `sent`, `retried`, `failed` or `dropped` for each notice."""

    def __init__(
        self,
        channel: AbstractAsyncContextManager[Channel],
        threads: Threads,
        sources: Sources,
        *,
        count: Callable[[str], None],
        redact: Callable[[str], str],
        manner: Manner = Manner(),
        retries: Retries = Retries(),  # noqa: B008 - frozen
    ) -> None:
        self._channel = channel
        self._threads = threads
        self._sources = sources
        self._count = count
        self._redact = redact
        self._manner = manner
        self._retries = retries
        self._started = sources.now()
        self._delivery: Delivery | None = None
        self._open: Opened = {}
        self._queue: deque[Notice] = deque()
        self._batch: deque[Notice] = deque()
        self._mid_pass: set[Key] = set()
        self._arrived = asyncio.Event()
        self._stopping = asyncio.Event()
        self._refusals = Refusals(sources.now)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver for the length of a block, and the rest for a few seconds more."""
        async with self._channel as channel:
            self._delivery = Delivery(channel, self._threads, self._retries, count=self._count, redact=self._redact)
            self._open = await self._delivery.remember()
            looking = asyncio.create_task(self._update_regularly(), name="notifications-look")
            telling = asyncio.create_task(self._deliver_until_stopped(self._delivery), name="notifications-tell")
            try:
                yield
            finally:
                looking.cancel()
                self._stopping.set()
                self._arrived.set()
                await asyncio.wait([telling], timeout=self._manner.flush.total_seconds())
                telling.cancel()
                await asyncio.gather(looking, telling, return_exceptions=True)
                self._drop_notices([*self._batch, *self._queue], "the daemon stopped")

    def record_changed(self, old: Record | None, new: Record | None) -> None:
        """Decide the notices of a changed record."""
        record = new or old
        if record is None or not self._is_ours(record.key):
            return
        if notices.is_being_judged(old, new):
            self._mid_pass.add(record.key)
        else:
            self._mid_pass.discard(record.key)
        self._enqueue(lambda: notices.of_change(old, new, self._open, now=self._sources.now()))

    def pass_ended(self, finished: Pass) -> None:
        """Decide the notices of a pass that ended: what its record shows is final for now."""
        self._mid_pass.discard(finished.key)
        record = self._sources.records().get(finished.key)
        if record and self._is_ours(finished.key):
            self._enqueue(lambda: notices.of_record(record, self._open, now=self._sources.now()))

    def update_all(self) -> None:
        """Decide the notices of everything: incidents that came or went unnoticed, and reminders."""
        now, status = self._sources.now(), self._sources.source()
        self._take_back(self._refusals.due() - {notice.problem.name for notice in (*self._batch, *self._queue)})
        self._enqueue(lambda: notices.of_source(status, self._open, since=self._started, now=now))
        if self._sources.ready():
            records = self._sources.records()
            self._enqueue(lambda: notices.of_all(self._settled(records), records.keys(), self._open, now=now))

    def _settled(self, records: Mapping[Key, Record]) -> Iterable[Record]:
        return (record for key, record in records.items() if self._is_ours(key) and key not in self._mid_pass)

    def _is_ours(self, key: Key) -> bool:
        return self._manner.environments is None or key.environment in self._manner.environments

    def _enqueue(self, decide: Callable[[], Iterable[Notice]]) -> None:
        try:
            said = [notice for notice in decide() if self._manner.reminders or notice.act is not Act.REMIND]
        except Exception:  # a defect here must not stop the engine, which is what calls
            log("notices_crashed", level="error", traceback=traceback.format_exc())
            return
        if not said:
            return
        self._open = notices.after(self._open, said)
        self._queue.extend(said)
        if (surplus := len(self._queue) - QUEUED_AT_MOST) > 0:
            oldest = [self._queue.popleft() for _ in range(surplus)]
            self._drop_notices(oldest, "too many wait")
            self._take_back(notice.problem.name for notice in oldest)
        self._arrived.set()

    def _drop_notices(self, lost: Iterable[Notice], why: str) -> None:
        names = [notice.problem.name for notice in lost]
        for _ in names:
            self._count("dropped")
        if names:
            log("notifications_dropped", level="warning", why=why, count=len(names), oldest=names[0])

    async def _update_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._manner.update_every.total_seconds())
            self.update_all()

    async def _deliver_until_stopped(self, delivery: Delivery) -> None:
        """Deliver until the stop, and then what is left."""
        while not (self._stopping.is_set() and not self._queue):
            await self._arrived.wait()
            if any(notice.act is Act.OPEN for notice in self._queue):
                await self._wait_for_company()
            self._arrived.clear()
            self._batch, self._queue = self._queue, deque()
            await self._deliver(delivery)

    async def _wait_for_company(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._manner.group_wait.total_seconds()):
                await self._stopping.wait()

    async def _deliver(self, delivery: Delivery) -> None:
        opened = [notice for notice in self._batch if notice.act is Act.OPEN]
        if len(opened) > self._manner.group_over:
            self._ended(await delivery.deliver_burst(opened), opened)
            self._batch = deque(notice for notice in self._batch if notice.act is not Act.OPEN)
        while self._batch:
            self._ended(await delivery.deliver(self._batch[0]), [self._batch[0]])
            self._batch.popleft()

    def _ended(self, outcome: Outcome, said: Iterable[Notice]) -> None:
        names = {notice.problem.name for notice in said}
        if outcome is Outcome.SENT:
            self._refusals.remove(names)
        elif outcome is Outcome.REFUSED:
            self._refusals.add(names)
        else:
            self._take_back(names)

    def _take_back(self, untold: Iterable[str]) -> None:
        """Return to what the channel knows, so that the next update reports what is new by then."""
        names = set(untold)
        known = {name: self._delivery.known(name) if self._delivery else None for name in names}
        kept = {name: problem for name, problem in self._open.items() if name not in names}
        self._open = kept | {name: problem for name, problem in known.items() if problem}
