"""The controller follows its source: a commit is read once, and its visits, problems and failures are known."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from desired_state.files.tree import SYMLINK, Unavailable
from desired_state.limits import MOST_PROBLEMS
from reconciler.core.ports.source import Revision, SourceFailed
from reconciler.core.record.model import Record
from reconciler.engine.controller import Controller
from reconciler.engine.intake import Intake
from tests.core.instances import NOW
from tests.desired_state import large
from tests.desired_state.manifests import ROOTS, platform, service, to_yaml
from tests.engine.fake_engine import ORDERS
from tests.engine.fakes.observer import FakeObserver
from tests.engine.fakes.world import fake_world
from tests.engine.running import running, until

SECRET = "AKIAIOSFODNN7EXAMPLE"
AWAY = SourceFailed(f"https://user:{SECRET}@git.example/x.git does not answer")
FILES = {
    "platform.yaml": to_yaml(platform()),
    "orders.yaml": to_yaml(service("orders")),
    "billing.yaml": to_yaml(service("billing")),
}
BROKEN = f"apiVersion: reconciler/v1\nkind: Service\nmetadata: {{name: billing}}\nspec: {{port: {SECRET}}}\n".encode()


@dataclass
class PushedSource:
    """A source that hands out what a test pushes, and then waits for more."""

    pushed: asyncio.Queue[Revision | Exception] = field(default_factory=asyncio.Queue)
    waits: asyncio.Queue[timedelta] = field(default_factory=asyncio.Queue)

    async def fetch(self) -> Revision:
        found = await self.pushed.get()
        if isinstance(found, Exception):
            raise found
        return found

    async def wait(self, longest: timedelta) -> None:
        self.waits.put_nowait(longest)

    def nudge(self) -> None: ...

    async def push(self, found: Revision | Exception) -> None:
        """Hand it out, and return once the controller has read it."""
        self.pushed.put_nowait(found)
        assert await self.waits.get() == timedelta(seconds=60)


class Follower:
    """A controller without workers on a source; `now` is its clock."""

    def __init__(self) -> None:
        self.now: datetime = NOW
        self.source, self.observer = PushedSource(), FakeObserver()
        self.world = fake_world(observer=self.observer, now=lambda: self.now)
        self.controller = Controller(self.world, self.source, Intake(self.world), workers=0)

    async def take_due(self) -> list[tuple[str, str, int]]:
        """Take all visits from the queue. Returns name, trigger and urgency of each."""
        found = []
        while self.controller.queue.depth:
            key, visit = await self.controller.queue.take()
            found.append((key.name, visit.trigger, visit.urgency))
            self.controller.queue.done(key)
        return found


def revision(commit: str, files: Mapping[str, bytes] = FILES, **more: Any) -> Revision:
    return Revision(commit, NOW, files, ROOTS, **more)


async def test_a_commit_brings_its_changed_instances_to_the_queue_once() -> None:
    engine = Follower()
    async with running(engine.controller):
        assert not engine.controller.beat().ready
        await engine.source.push(revision("c1"))
        assert engine.controller.beat().ready
        assert await engine.take_due() == [(name, "git", 2) for name in ("billing", "orders", "platform")]
        status = engine.controller.source_status
        assert (status.commit, status.fetched_at, status.error, status.problems) == ("c1", NOW, None, ())
        accepted = ("commit_accepted", {"commit": "c1", "instances": 3, "due": 3})
        assert engine.observer.logged == [accepted]

        engine.now += timedelta(minutes=1)
        await engine.source.push(revision("c1"))
        assert await engine.take_due() == []
        assert engine.observer.logged == [accepted], "it is not read again"
        assert engine.controller.source_status.fetched_at == engine.now

        await engine.source.push(revision("c2", {**FILES, "orders.yaml": to_yaml(service("orders", memory=1024))}))
        assert await engine.take_due() == [("orders", "git", 2)]
        assert engine.controller.source_status.commit == "c2"
        assert engine.observer.logged[1:] == [("commit_accepted", {"commit": "c2", "instances": 3, "due": 1})]


async def test_a_failed_fetch_is_an_error_until_the_next_one_and_leaves_the_commit() -> None:
    engine = Follower()
    async with running(engine.controller):
        await engine.source.push(AWAY)
        assert engine.controller.source_status.commit is None
        await engine.source.push(revision("c1"))
        assert engine.controller.source_status.error is None
        await engine.source.push(AWAY)
        status = engine.controller.source_status
        assert (status.commit, status.fetched_at) == ("c1", NOW)
        assert status.error is not None
        assert status.error.endswith("@git.example/x.git does not answer")
        assert SECRET not in f"{status}{engine.observer.logged}"
        assert ("source_failed", {"error": status.error}) in engine.observer.logged
        await engine.source.push(revision("c1"))
        assert engine.controller.source_status.error is None


async def test_problems_of_manifests_and_trees_are_shown_redacted_as_long_as_the_commit_stays() -> None:
    engine = Follower()
    troubles = {"terraform.source": f"the tree of {SECRET} is old", "environments.develop.source": "no tree"}
    async with running(engine.controller):
        for _ in range(2):
            await engine.source.push(revision("c1", {**FILES, "billing.yaml": BROKEN}, troubles=troubles))
            problems = engine.controller.source_status.problems
            assert [(problem.path, problem.line, problem.column) for problem in problems[:2]] == [
                ("environments.develop.source", 1, 1),
                ("terraform.source", 1, 1),
            ]
            assert problems[0].message == "no tree"
            assert problems[1].message == f"the tree of {engine.world.redactor.text(SECRET)} is old"
            assert {problem.path for problem in problems[2:]} == {"billing.yaml"}
            assert SECRET not in str(problems)
        assert engine.controller.declared == {"billing"}
        (logged,) = [fields for event, fields in engine.observer.logged if event == "manifest_problems"]
        assert logged["problems"] == len(problems) - 2
        assert all(problem.startswith("billing.yaml:") for problem in logged["first"])


async def test_a_commit_of_thousands_of_problems_is_one_line_of_the_log_and_the_loop_turns_meanwhile() -> None:
    engine = Follower()
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with running(engine.controller):
        turning = asyncio.create_task(turn())
        await engine.source.push(revision("c1", {"platform.yaml": FILES["platform.yaml"], **large.one_priority(800)}))
        turning.cancel()
    assert turns > 100, "the commit was read beside the loop"
    assert 800 <= len(engine.controller.source_status.problems) <= MOST_PROBLEMS + 1
    assert [event for event, _ in engine.observer.logged] == ["commit_accepted", "manifest_problems"]
    assert len(str(engine.observer.logged)) < 10_000


async def test_what_was_in_a_folder_that_is_a_link_now_is_unknown_and_everything_else_goes_on() -> None:
    engine = Follower()
    shop = {"shop/orders.yaml": FILES["orders.yaml"], "shop/billing.yaml": FILES["billing.yaml"]}
    rest = {"platform.yaml": FILES["platform.yaml"], "ledger.yaml": to_yaml(service("ledger"))}
    async with running(engine.controller):
        await engine.source.push(revision("c1", {**rest, **shop}))
        del rest["ledger.yaml"]
        await engine.source.push(revision("c2", {**rest, "shop": Unavailable.because(SYMLINK)}))
    records = {key.name: record for key, record in engine.world.records.items()}
    assert {name for name, record in records.items() if record.removed} == {"ledger"}
    rejected = records["orders"].rejected
    assert rejected is not None
    assert rejected.message == (
        "its manifest was shop/orders.yaml, and shop is a symlink, which is not followed: "
        "put a copy of the file in its place: nothing is removed"
    )
    assert engine.controller.source_status.problems == ()


class UnexpectedError(Exception):
    """A defect."""


async def test_an_unexpected_error_of_the_source_is_shown_and_the_next_commit_is_read() -> None:
    engine = Follower()
    async with running(engine.controller):
        await engine.source.push(revision("c1"))
        await engine.source.push(UnexpectedError(f"year 10000 in {SECRET}"))
        status = engine.controller.source_status
        assert status.commit == "c1"
        assert status.error == f"UnexpectedError: year 10000 in {engine.world.redactor.text(SECRET)}"
        assert engine.observer.events[-1] == "source_crashed"
        await engine.source.push(revision("c2"))
        assert (engine.controller.source_status.commit, engine.controller.source_status.error) == ("c2", None)


async def test_an_instance_that_cannot_be_taken_in_stops_no_other_and_is_tried_again() -> None:
    engine = Follower()
    store = engine.world.records._store
    save, broken = store.save, True

    async def saved(record: Record) -> None:
        if broken and record.key.name == "billing":
            raise UnexpectedError("'utf-8' codec can't encode character")
        await save(record)

    store.save = saved  # type: ignore[method-assign]
    async with running(engine.controller):
        for _ in range(2):
            await engine.source.push(revision("c1"))
            (problem,) = engine.controller.source_status.problems
            assert (problem.path, problem.line) == ("billing.yaml", 1)
            assert "develop/billing was not taken in, and is tried again with the next fetch: Unex" in problem.message
        assert [name for name, _, _ in await engine.take_due()] == ["orders", "platform"]
        broken = False
        await engine.source.push(revision("c1"))
        assert engine.controller.source_status.problems == ()
        assert [name for name, _, _ in await engine.take_due()] == ["billing"]


async def test_a_pass_whose_end_cannot_be_recorded_is_tried_again_and_stops_no_other() -> None:
    engine = Follower()
    engine.controller = Controller(engine.world, engine.source, Intake(engine.world), workers=1)
    store = engine.world.records._store
    save = store.save

    async def saved(record: Record) -> None:
        if record.key.name == "billing" and record.version > 1:
            raise UnexpectedError("the disk is full")
        await save(record)

    store.save = saved  # type: ignore[method-assign]
    async with running(engine.controller):
        await engine.source.push(revision("c1"))
        await until(lambda: engine.observer.events.count("visit_crashed") and engine.world.records[ORDERS].reason)
        assert engine.controller.queue.depth
