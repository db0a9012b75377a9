"""One visit outside the change windows, because a person said so and why."""

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from desired_state.instance import Key
from reconciler.core.ports.control import ActionRefused, Reconcile
from reconciler.core.ports.source import Revision, SourceFailed
from reconciler.core.principal import Principal
from reconciler.core.record.model import Pass, Record
from reconciler.core.status.events import Accepted
from reconciler.core.status.promotion import with_tree
from reconciler.core.vocabulary import Reason
from reconciler.engine.control import EngineControl
from reconciler.engine.controller import Controller
from reconciler.engine.intake import Intake
from tests.core.instances import PLATFORM, fold, instance, with_policy
from tests.engine.tiers import NEW, OLD, Surroundings, moved, running, world_of

ANN = Principal("ann", "socket")
BEN = Principal("ben", "token")
CLOSED = '{windows: [{days: [sun], from: "10:00", to: "11:00", timezone: Etc/UTC}]}'  # NOW is a Monday
WHY = "a fix for the incident"


@dataclass
class Around(Surroundings):
    """A store and a log that remember, and a source that has nothing new."""

    passes: list[Pass] = field(default_factory=list)
    logged: list[Mapping[str, Any]] = field(default_factory=list)
    records: dict[Key, Record] = field(default_factory=dict)

    async def load(self) -> Mapping[Key, Record]:
        return {}

    async def append(self, finished: Pass) -> None:
        self.passes.append(finished)

    def log(self, event: str, **fields: Any) -> None:
        self.logged.append({"event": event, **fields})

    def pass_ended(self, finished: Pass) -> None: ...

    def visit_started(self, seconds: float) -> None: ...

    def uniform(self, low: float, high: float) -> float:
        return high

    async def fetch(self) -> Revision:
        raise SourceFailed("nothing new")

    async def wait(self, longest: timedelta) -> None:
        await asyncio.sleep(3600)

    def nudge(self) -> None: ...


def windowed() -> Record:
    """A platform that may only change on Sundays, of which Git wants another root tree."""
    record = running("develop", "net")
    wanted = instance(with_policy(PLATFORM, CLOSED), needs=())
    return moved(fold(record, Accepted(with_tree(dataclasses.replace(wanted, key=record.key), OLD), "c1")))


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.01)


async def test_one_visit_applies_and_the_next_change_waits_for_the_window() -> None:
    record, around = windowed(), Around()
    world = world_of(around, record)
    controller = Controller(world, cast(Any, around), Intake(world), workers=1)
    control, stop = EngineControl(controller), asyncio.Event()
    controller.ask(record.key, trigger="start")
    task = asyncio.create_task(controller.run(stop, drain=timedelta(seconds=5)))
    try:
        await until(lambda: world.records[record.key].reason == Reason.OUTSIDE_WINDOW)
        assert around.applied == []
        await control.act(record.key, Reconcile(WHY), by=ANN)
        await until(lambda: any(visit.result == "applied" for visit in around.passes))
        assert around.applied == [("develop/net", NEW)]
        assert world.records[record.key].window_override is None

        again = with_tree(world.records[record.key].instance, "sha256:3")
        await world.records.advance(record.key, Accepted(again, "c3"))
        controller.ask(record.key, trigger="git")
        await until(lambda: world.records[record.key].reason == Reason.OUTSIDE_WINDOW)
        assert len(around.applied) == 1
    finally:
        stop.set()
        await task
    (applied,) = (visit for visit in around.passes if visit.result == "applied")
    assert applied.message == f"outside its window, by ann: {WHY}"
    (told,) = (entry for entry in around.logged if entry["event"] == "window_overridden")
    assert (told["instance"], told["by"], told["reason"]) == ("develop/net", "ann", WHY)


async def test_what_has_no_windows_has_none_to_override() -> None:
    world = world_of(Around(), running("develop", "net"))
    control = EngineControl(Controller(world, cast(Any, None), Intake(world), workers=1))
    with pytest.raises(ActionRefused, match="has no change windows"):
        await control.act(Key("develop", "net"), Reconcile(WHY), by=ANN)


async def test_a_freeze_holds_all_the_same() -> None:
    record, around = windowed(), Around()
    world = world_of(around, record)
    controller = Controller(world, cast(Any, around), Intake(world), workers=1)
    control, stop = EngineControl(controller), asyncio.Event()
    await control.freeze("develop", by=BEN, reason="audit")
    await control.act(record.key, Reconcile(WHY), by=ANN)
    task = asyncio.create_task(controller.run(stop, drain=timedelta(seconds=5)))
    try:
        await until(lambda: world.records[record.key].reason == Reason.FROZEN)
    finally:
        stop.set()
        await task
    assert around.applied == []
