"""An override of the change windows applies one pass, for a reason that the history and the log keep."""

import asyncio
import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest

from desired_state.instance import Key
from reconciler.core.ports.control import ActionRefused, Reconcile
from reconciler.core.principal import Principal
from reconciler.core.record.model import Record
from reconciler.core.status.events import Accepted
from reconciler.core.status.promotion import with_tree
from reconciler.core.vocabulary import Reason
from reconciler.engine.control import EngineControl
from reconciler.engine.controller import Controller
from reconciler.engine.intake import Intake
from tests.core.instances import PLATFORM, fold, instance, with_policy
from tests.engine.fakes.observer import FakeObserver
from tests.engine.fakes.source import FakeSource
from tests.engine.fakes.store import FakeStore
from tests.engine.fakes.world import FakeController
from tests.engine.tiers import NEW, OLD, TierTerraform, running, tier_world, with_new_tree
from tests.patience import PATIENCE

ANN = Principal("ann", "socket")
BEN = Principal("ben", "token")
CLOSED = '{windows: [{days: [sun], from: "10:00", to: "11:00", timezone: Etc/UTC}]}'  # NOW is a Monday
WHY = "a fix for the incident"


def windowed() -> Record:
    """Return a platform with a change window on Sundays, for which Git asks for the new tree."""
    record = running("develop", "net")
    wanted = instance(with_policy(PLATFORM, CLOSED), needs=())
    return with_new_tree(fold(record, Accepted(with_tree(dataclasses.replace(wanted, key=record.key), OLD), "c1")))


async def until(condition: Callable[[], object]) -> None:
    """Wait until the condition is true. Raises: TimeoutError when it does not become true."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)


async def test_one_pass_applies_and_the_next_change_waits_for_the_window() -> None:
    record, terraform, store, observer = windowed(), TierTerraform(), FakeStore(), FakeObserver()
    world = tier_world(terraform, record, store=store, observer=observer)
    controller = Controller(world, FakeSource(), Intake(world), workers=1)
    control, stop = EngineControl(controller), asyncio.Event()
    controller.ask(record.key, trigger="start")
    task = asyncio.create_task(controller.run(stop, drain=timedelta(seconds=5)))
    try:
        await until(lambda: world.records[record.key].reason == Reason.OUTSIDE_WINDOW)
        assert terraform.applied == []
        await control.act(record.key, Reconcile(WHY), by=ANN)
        await until(lambda: any(finished.result == "applied" for finished in store.passes))
        assert terraform.applied == [("develop/net", NEW)]
        assert world.records[record.key].window_override is None

        again = with_tree(world.records[record.key].instance, "sha256:3")
        await world.records.advance(record.key, Accepted(again, "c3"))
        controller.ask(record.key, trigger="git")
        await until(lambda: world.records[record.key].reason == Reason.OUTSIDE_WINDOW)
        assert len(terraform.applied) == 1
    finally:
        stop.set()
        await task
    (applied,) = (finished for finished in store.passes if finished.result == "applied")
    assert applied.message == f"outside its window, by ann: {WHY}"
    (logged,) = (fields for event, fields in observer.logged if fields.get("action") == "reconcile")
    assert (logged["subject"], logged["by"], logged["reason"]) == ("develop/net", "ann", WHY)


async def test_an_override_is_refused_for_an_instance_without_windows() -> None:
    control = EngineControl(FakeController(tier_world(TierTerraform(), running("develop", "net"))))
    with pytest.raises(ActionRefused, match="has no change windows"):
        await control.act(Key("develop", "net"), Reconcile(WHY), by=ANN)


async def test_an_override_does_not_lift_a_freeze() -> None:
    record, terraform = windowed(), TierTerraform()
    world = tier_world(terraform, record)
    controller = Controller(world, FakeSource(), Intake(world), workers=1)
    control, stop = EngineControl(controller), asyncio.Event()
    await control.freeze("develop", by=BEN, reason="audit")
    await control.act(record.key, Reconcile(WHY), by=ANN)
    task = asyncio.create_task(controller.run(stop, drain=timedelta(seconds=5)))
    try:
        await until(lambda: world.records[record.key].reason == Reason.FROZEN)
    finally:
        stop.set()
        await task
    assert terraform.applied == []
