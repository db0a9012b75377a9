"""The life of the engine: accept commits, keep workers busy, schedule visits, stop in order.

The snapshot of a commit is turned into changes of records first and into visits second, so a crash in between loses
nothing. On stop no new visit starts, plans are interrupted at once, and applies are waited for.
"""

import asyncio
import contextlib
import dataclasses
import time
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from desired_state.instance import Key
from desired_state.located import MOST_LISTED
from desired_state.reading.document import Problem
from desired_state.snapshot import Snapshot
from reconciler.core.ports.control import Beat, SourceStatus
from reconciler.core.ports.source import Revision, Source, SourceFailed
from reconciler.core.ports.store import StoreConflict
from reconciler.core.record.model import Pass, Record
from reconciler.core.schedule.next_visit import first_urgency, next_visit
from reconciler.core.status.drift import unconfirmed
from reconciler.core.status.events import Failed, OverrideUsed
from reconciler.core.vocabulary import ConditionType, Reason, Sync
from reconciler.engine.intake import Intake
from reconciler.engine.pacing import DriftChecks
from reconciler.engine.passes.promotion import waiting_for
from reconciler.engine.passes.reconcile import reconcile
from reconciler.engine.passes.routes import waiting_for_rule
from reconciler.engine.queue import Closed, Queue
from reconciler.engine.upkeep import sweep_regularly
from reconciler.engine.world import World

_URGENT = {"git": 2, "request": 3, "dependency": 1}
_WAIT = timedelta(seconds=60)


class Controller:
    """Runs until told to stop. `workers` bounds the concurrent passes; Terraform runs are bounded by the world."""

    def __init__(self, world: World, source: Source, intake: Intake, *, workers: int) -> None:
        self.world = world
        self._looks = DriftChecks(world)
        self.queue = Queue(world.now, self._looks)
        self.source_status = SourceStatus(None, None, None, ())
        self.declared: frozenset[str] = frozenset()  # names of manifests that may have no instance
        self._source = source
        self._intake = intake
        self._taken: Revision | None = None
        self._problems: tuple[Problem, ...] = ()
        self._workers = workers
        self._last_turn = time.monotonic()
        self._running: dict[Key, tuple[asyncio.Task[None], float]] = {}
        self._stopping = False

    async def run(self, stop: asyncio.Event, *, drain: timedelta) -> None:
        """Work until `stop` is set, then let applies finish within `drain`."""
        await self.world.records.load()
        for key, record in self.world.records.items():
            self.ask(key, trigger="recovery" if record.intent else "start", urgency=first_urgency(record))
        tasks = [
            asyncio.create_task(self._follow(), name="source"),
            asyncio.create_task(self._beat_loop(), name="beat"),
            asyncio.create_task(sweep_regularly(self.world, lambda: self._taken is not None), name="upkeep"),
        ]
        tasks += [asyncio.create_task(self._work(), name=f"worker-{n}") for n in range(self._workers)]
        stopped = asyncio.create_task(stop.wait(), name="stop")
        try:
            done, _ = await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                task.result()
        finally:
            self._stopping = True
            self.queue.close()
            await self._wind_down(tasks, drain)
            stopped.cancel()

    def ask(self, key: Key, *, trigger: str, urgency: int | None = None) -> None:
        """Visit the key now."""
        self.queue.add(key, urgency=_URGENT.get(trigger, 0) if urgency is None else urgency, trigger=trigger)

    def beat(self) -> Beat:
        """Return the engine's liveness."""
        now = time.monotonic()
        return Beat(
            loop_age=timedelta(seconds=now - self._last_turn),
            ready=self.source_status.commit is not None and not self._stopping,
            stopping=self._stopping,
            running={key: timedelta(seconds=now - since) for key, (_, since) in self._running.items()},
            queued=self.queue.depth,
            behind=self._looks.behind(self.queue.deferred(), self.world.now()),
        )

    async def _beat_loop(self) -> None:
        while True:
            self._last_turn = time.monotonic()
            await asyncio.sleep(1)

    async def _follow(self) -> None:
        while True:
            try:
                await self._take_in(await self._source.fetch())
            except SourceFailed as failure:
                error = self._show_error(str(failure))
                self.world.observer.log("source_failed", error=error)
            except StoreConflict:
                raise
            except Exception as surprise:  # a commit that meets a defect stops no instance; it is read again
                self.world.observer.crashed("source", error=self._show_error(_words(surprise)))
            await self._source.wait(_WAIT)

    def _show_error(self, message: str) -> str:
        """Show why the source cannot be read; return the message without secrets."""
        error = self.world.redactor.text(message)
        self.source_status = dataclasses.replace(self.source_status, error=error)
        return error

    async def _take_in(self, revision: Revision) -> None:
        if revision != self._taken:
            self.world.records.remember_commit(revision.commit, revision.committed_at)
            snapshot, due = await self._intake.accept(revision)
            self._log_commit(snapshot, due)
            for key in sorted(due):
                self.ask(key, trigger="git")
            self.declared = snapshot.invalid | snapshot.former.keys()
            troubles = [Problem(setting, 1, 1, message) for setting, message in sorted(revision.troubles.items())]
            self._taken = None if self._intake.failed else revision
            self._problems = tuple(map(self._redacted, [*troubles, *snapshot.problems]))
        self.source_status = SourceStatus(revision.commit, self.world.now(), None, self._problems)

    def _redacted(self, problem: Problem) -> Problem:
        """Redact a problem, because it can quote a manifest."""
        redact = self.world.redactor.text
        return dataclasses.replace(problem, path=redact(problem.path), message=redact(problem.message))

    def _log_commit(self, snapshot: Snapshot, due: frozenset[Key]) -> None:
        """Log the commit, and its problems in one line however many its authors made."""
        log, problems = self.world.observer.log, snapshot.problems
        log("commit_accepted", commit=snapshot.commit, instances=len(snapshot.instances), due=len(due))
        if problems:
            log("manifest_problems", problems=len(problems), first=list(map(str, problems[:MOST_LISTED])))

    async def _work(self) -> None:
        with contextlib.suppress(Closed):
            while True:
                key, visit = await self.queue.take()
                self.world.observer.visit_started(max(0.0, (self.world.now() - visit.at).total_seconds()))
                task = asyncio.create_task(self._visit(key, visit.trigger), name=f"pass {key}")
                self._running[key] = (task, time.monotonic())
                try:
                    await asyncio.wait([task])
                    if not task.cancelled():
                        self._check(key, task)
                finally:
                    self._running.pop(key, None)
                    self.queue.done(key)

    def _check(self, key: Key, visit: asyncio.Task[None]) -> None:
        """Try again later when not even the failure of a pass could be recorded.

        Raises: StoreConflict, when another daemon writes the records: this one must not go on.
        """
        try:
            visit.result()
        except StoreConflict:
            raise
        except Exception:
            self.world.observer.crashed("visit", instance=str(key))
            self.queue.add(key, self.world.now() + _WAIT, trigger="interval")

    async def _visit(self, key: Key, trigger: str) -> None:
        before = self.world.records.get(key)
        if before is None:
            return
        started = self.world.now()
        try:
            await reconcile(key, self.world)
        except Exception as surprise:  # a defect in one pass must not end the daemon; it is shown, counted and retried
            self.world.observer.crashed("pass", instance=str(key))
            await self.world.records.advance(key, Failed(Reason.PLAN_FAILED, _words(surprise)))
        after = await self._expire_override(before)
        await self._note(before, after, trigger, started)
        self._wake(before, after)
        if after and (at := self._next_visit(after)):
            self.queue.add(key, at, trigger="interval")

    def _next_visit(self, record: Record) -> datetime | None:
        floor = self.world.floor(record.key.environment)
        return next_visit(record, self.world.limits.pace, now=self.world.now(), rng=self.world.rng, floor=floor)

    async def _expire_override(self, before: Record) -> Record | None:
        """Return the record after a pass, without the override that the pass began with, unless drift has yet to be
        confirmed.
        """
        after = self.world.records.get(before.key)
        if after is None or before.window_override is None or unconfirmed(after):
            return after
        return await self.world.records.advance(before.key, OverrideUsed(before.window_override))

    async def _note(self, before: Record, after: Record | None, trigger: str, started: datetime) -> None:
        ready = after.condition(ConditionType.READY) if after else None
        result = _result(before, after)
        message = ready.message if ready else "its state is empty; the instance is gone"
        finished = Pass(
            id=uuid.uuid4().hex[:12],
            key=before.key,
            trigger=trigger,
            commit=(after or before).accepted_commit,
            started=started,
            finished=self.world.now(),
            result=result,
            reason=ready.reason if ready else None,
            message=_message(before, message) if result in {"applied", "pruned"} else message,
        )
        self.world.observer.pass_ended(finished)
        if finished.result != "unchanged":
            await self.world.store.append(finished)
        await self.world.records.audit.flush()

    def _wake(self, before: Record, after: Record | None) -> None:
        """Visit the instances that wait for this one, read its outputs, are promoted after it, or get its rule."""
        records = self.world.records
        for key in (*waiting_for(before, after, self.world), *waiting_for_rule(before, after, self.world)):
            self.ask(key, trigger="dependency")
        outputs_moved = after is not None and dict(after.outputs) != dict(before.outputs)
        if after and after.move and after.move != before.move:
            self.ask(Key(after.key.environment, after.move.source), trigger="dependency")
        for key, other in records.items():
            waits = other.reason == Reason.DEPENDENCY_NOT_READY
            if before.key in other.instance.depends_on and (waits or outputs_moved):
                self.ask(key, trigger="dependency")
            if after is None and other.removed and key in before.instance.depends_on:
                self.ask(key, trigger="dependency")

    async def _wind_down(self, tasks: list[asyncio.Task[None]], drain: timedelta) -> None:
        """Interrupt plans, wait for applies, then interrupt what is left."""
        await _cancel(task for task in tasks if not task.get_name().startswith("worker"))
        await _cancel(task for key, (task, _) in self._running.items() if key not in self.world.applying)
        applying = [task for task, _ in self._running.values()]
        if applying:
            self.world.observer.log("draining", instances=sorted(map(str, self._running)))
            await asyncio.wait(applying, timeout=drain.total_seconds())
            await _cancel(task for task, _ in self._running.values())
        await _cancel(tasks)


def _words(surprise: Exception) -> str:
    return f"{type(surprise).__name__}: {surprise}"


def _message(before: Record, message: str) -> str:
    """Return the message of a pass for history: its headline, and the override that it used."""
    override = before.window_override
    return "; ".join(filter(None, (message, override.describe() if override else "")))


def _result(before: Record, after: Record | None) -> str:
    """Return the result of a pass in one word: the label of a metric."""
    if after is None:
        return "pruned"
    if after.failures and after.failures != before.failures:
        return "failed"
    if after.applied_at != before.applied_at:
        return "applied"
    if after.reason != before.reason or after.sync != before.sync:
        return "drifted" if after.sync in {Sync.DRIFTED, Sync.PENDING_AND_DRIFTED} else "moved"
    return "planned" if after.checked_at != before.checked_at else "unchanged"


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    waiting = list(tasks)
    for task in waiting:
        task.cancel()
    if waiting:
        await asyncio.wait(waiting)
