"""A pass of the controller: its entry in history and metrics, a defect in it, and its end when the daemon stops."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.ports.terraform import Run, TerraformFailed, Workspace
from reconciler.core.record.consent import WindowOverride
from reconciler.core.record.model import Pass, Record
from reconciler.core.record.runs import Intent
from reconciler.core.vocabulary import ConditionType, Reason
from reconciler.engine.controller import Controller
from reconciler.engine.intake import Intake
from tests.core.documents import change
from tests.core.instances import DEVELOP, NOW
from tests.engine.fake_engine import ORDERS, Change, FakeEngine, ServiceTerraform, platform
from tests.engine.fakes.observer import FakeObserver
from tests.engine.fakes.source import FakeSource
from tests.engine.fakes.store import FakeStore
from tests.engine.running import running, until

CREATE = change("aws_ecs_service.this", ["create"], None, {"name": "orders"})
UPDATE = change("aws_ecs_service.this", ["update"], {"name": "a"}, {"name": "b"})
OVERRIDE = WindowOverride("ann", "an incident", NOW)


@dataclass
class MeteredObserver(FakeObserver):
    """Remembers passes, and how long each visit waited."""

    passes: list[Pass] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)

    def pass_ended(self, finished: Pass) -> None:
        self.passes.append(finished)

    def visit_started(self, seconds: float) -> None:
        self.waited.append(seconds)


@dataclass
class PassTerraform(ServiceTerraform):
    """Terraform that takes a minute of the engine's clock, raises `surprise`, or hangs until `released`."""

    surprise: Exception | None = None
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event | None = None
    clock: Callable[[], None] = lambda: None

    async def open(self, run: Run) -> Workspace:
        self.opened.set()
        if self.surprise:
            raise self.surprise
        if self.released:
            await self.released.wait()
        self.clock()
        return self


class Engine:
    """An engine of one service under its controller; its platform is suspended."""

    def __init__(self, planned: Sequence[Change] = (), terraform: PassTerraform | None = None) -> None:
        self.observer, self.terraform = MeteredObserver(), terraform or PassTerraform()
        self.terraform.planned, self.terraform.clock = planned, self.take_a_minute
        self.fake = FakeEngine(self.terraform, observer=self.observer)
        self.fake.add(platform().replace(suspended=True))
        self.controller = self.make_controller()

    def make_controller(self) -> Controller:
        return Controller(self.fake.world, FakeSource(), Intake(self.fake.world), workers=1)

    def take_a_minute(self) -> None:
        self.fake.now += timedelta(minutes=1)

    @property
    def orders(self) -> Record:
        return self.fake.orders

    @property
    def passes(self) -> Sequence[Pass]:
        """Return the passes of the service."""
        return [finished for finished in self.observer.passes if finished.key == ORDERS]

    @property
    def store(self) -> FakeStore:
        store = self.fake.world.store
        assert isinstance(store, FakeStore)
        return store

    def replace(self, **changes: Any) -> None:
        """Change the service's record, as an earlier process would have."""
        self.store.records[ORDERS] = self.orders.replace(**changes)
        self.fake.add(self.store.records[ORDERS])

    async def run_pass(self) -> Pass:
        """Run a controller until the service's next pass has ended. Returns that pass."""
        before = len(self.passes)
        self.controller = self.make_controller()
        async with running(self.controller):
            await until(lambda: len(self.passes) > before)
        return self.passes[before]


async def test_a_pass_with_an_apply_is_stored_with_its_commit_times_and_headline() -> None:
    engine = Engine([CREATE])
    found = await engine.run_pass()
    assert (found.key, found.trigger, found.commit, found.result) == (ORDERS, "start", "c1", "applied")
    assert (found.started, found.finished) == (NOW, NOW + timedelta(minutes=1))
    assert (found.reason, found.message) == (Reason.APPLIED, engine.orders.conditions[ConditionType.READY].message)
    assert len(found.id) == 12
    assert found in engine.store.passes
    assert len({one.id for one in engine.observer.passes}) == len(engine.observer.passes)
    assert all(seconds >= 0 for seconds in engine.observer.waited)


async def test_an_unchanged_pass_is_observed_and_not_stored() -> None:
    engine = Engine()
    first = await engine.run_pass()
    assert (first.result, first in engine.store.passes) == ("applied", True)
    again = await engine.run_pass()
    assert (again.result, again in engine.store.passes) == ("unchanged", False)
    engine.replace(checked_at=None)
    planned = await engine.run_pass()
    assert (planned.result, planned in engine.store.passes) == ("planned", True)


async def test_drift_and_failures_have_results_of_their_own() -> None:
    engine = Engine()
    await engine.run_pass()
    engine.terraform.planned = [UPDATE]
    engine.replace(checked_at=None)
    assert (await engine.run_pass()).result == "drifted"
    engine.terraform.surprise = TerraformFailed(Reason.PLAN_FAILED, "no")
    engine.replace(checked_at=None)
    assert ((await engine.run_pass()).result, engine.observer.passes[-1].reason) == ("failed", Reason.PLAN_FAILED)
    engine.terraform.surprise, engine.terraform.planned = None, ()
    assert (await engine.run_pass()).result not in {"failed", "drifted"}


async def test_an_apply_outside_the_windows_names_the_override_and_uses_it_up() -> None:
    engine = Engine([CREATE])
    engine.replace(window_override=OVERRIDE)
    found = await engine.run_pass()
    assert found.result == "applied"
    assert found.message.endswith("; outside its window, by ann: an incident")
    assert engine.orders.window_override is None


async def test_a_pass_without_an_apply_uses_the_override_up_and_does_not_name_it() -> None:
    engine = Engine(terraform=PassTerraform(surprise=TerraformFailed(Reason.PLAN_FAILED, "no")))
    engine.replace(window_override=OVERRIDE)
    found = await engine.run_pass()
    assert (found.result, found.message) == ("failed", "no")
    assert engine.orders.window_override is None


async def test_an_override_outlasts_a_first_drift_check() -> None:
    engine = Engine()
    await engine.run_pass()
    engine.terraform.planned = [UPDATE]
    engine.replace(checked_at=None, window_override=OVERRIDE)
    await engine.run_pass()
    assert engine.orders.drift is not None
    assert engine.orders.drift.confirmed is None
    assert engine.orders.window_override == OVERRIDE


async def test_the_pass_of_a_pruned_instance_says_so() -> None:
    engine = Engine()
    engine.replace(removed=NOW, prune_confirmed=True, window_override=OVERRIDE)
    found = await engine.run_pass()
    assert (found.result, found.reason, found.commit) == ("pruned", None, "c1")
    assert found.message == "its state is empty; the instance is gone; outside its window, by ann: an incident"
    assert ORDERS not in engine.fake.records


async def test_a_defect_in_a_pass_is_logged_with_its_traceback_shown_and_retried() -> None:
    engine = Engine(terraform=PassTerraform(surprise=ZeroDivisionError("a defect")))
    found = await engine.run_pass()
    assert (found.result, found.reason, found.message) == ("failed", Reason.PLAN_FAILED, "ZeroDivisionError: a defect")
    (crash,) = (fields for event, fields in engine.observer.logged if event == "pass_crashed")
    assert (crash["instance"], crash["level"]) == ("develop/orders", "error")
    assert "ZeroDivisionError: a defect" in crash["traceback"]
    assert "Traceback" in crash["traceback"]


@pytest.mark.parametrize(("intent", "trigger"), [(None, "start"), (Intent("p", "d1", "p", False, NOW), "recovery")])
async def test_a_start_visits_every_record_and_marks_recoveries(intent: Intent | None, trigger: str) -> None:
    engine = Engine()
    engine.replace(intent=intent)
    assert (await engine.run_pass()).trigger == trigger


async def test_a_key_without_a_record_has_no_pass() -> None:
    engine = Engine()
    engine.controller.ask(Key("develop", "unknown"), trigger="request", urgency=9)
    async with running(engine.controller):
        await until(lambda: engine.passes)
    assert {one.key.name for one in engine.observer.passes} == {"orders", "platform"}
    assert len(engine.observer.waited) == 3


async def test_the_next_visit_is_an_interval_away_unless_the_instance_is_suspended() -> None:
    engine = Engine()
    async with running(engine.controller):
        await until(lambda: len(engine.observer.passes) == 2 and not engine.controller.beat().running)
        assert engine.controller.beat().queued == 1
        for step, passes in ((0.89, 1), (0.11, 2)):
            engine.fake.now += engine.orders.instance.policy.interval * step
            engine.controller.ask(Key("develop", "unknown"), trigger="request", urgency=-1)  # the queue looks again
            await until(lambda: engine.controller.beat().queued <= 1 and not engine.controller.beat().running)
            await until(partial(lambda wanted: len(engine.passes) >= wanted, passes))
            assert len(engine.passes) == passes
    assert [one.trigger for one in engine.passes] == ["start", "interval"]
    assert len(engine.observer.passes) == 3, "the platform is suspended"


async def test_the_beat_shows_running_and_queued_visits_and_the_stop() -> None:
    engine = Engine(terraform=PassTerraform(released=asyncio.Event()))
    beat = engine.controller.beat()
    assert (beat.ready, beat.stopping, beat.running, beat.queued) == (False, False, {}, 0)
    async with running(engine.controller, drain=timedelta(minutes=1)) as stop:
        await engine.terraform.opened.wait()
        engine.controller.ask(Key("develop", "later"), trigger="interval")
        beat = engine.controller.beat()
        assert set(beat.running) == {ORDERS}
        assert min(beat.running[ORDERS], beat.loop_age) >= timedelta(0)
        assert beat.queued >= 1
        assert set(beat.behind) == {DEVELOP.account}
        stop.set()
        await until(lambda: engine.controller.beat().stopping)
    assert not engine.controller.beat().ready
    assert engine.controller.beat().running == {}


@dataclass
class SlowTerraform(PassTerraform):
    """Terraform whose applies last until they may `finish`, or are interrupted."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    finish: asyncio.Event = field(default_factory=asyncio.Event)
    interrupted: bool = False

    async def apply(self) -> Mapping[str, Any]:
        self.begun.set()
        try:
            await self.finish.wait()
        except asyncio.CancelledError:
            self.interrupted = True
            raise
        return await super().apply()


async def test_a_stop_waits_for_an_apply_and_logs_the_wait() -> None:
    terraform = SlowTerraform()
    engine = Engine([CREATE], terraform)
    async with running(engine.controller, drain=timedelta(minutes=1)) as stop:
        await terraform.begun.wait()
        stop.set()
        await until(lambda: "draining" in engine.observer.events)
        assert ("draining", {"instances": ["develop/orders"]}) in engine.observer.logged
        terraform.finish.set()
    assert not terraform.interrupted
    assert engine.orders.applied_at is not None


async def test_an_apply_that_outlasts_the_drain_is_interrupted_and_keeps_its_intent() -> None:
    terraform = SlowTerraform()
    engine = Engine([CREATE], terraform)
    async with running(engine.controller, drain=timedelta(milliseconds=10)) as stop:
        await terraform.begun.wait()
        stop.set()
    assert terraform.interrupted
    assert engine.orders.intent is not None


async def test_a_stop_interrupts_a_plan_without_a_wait() -> None:
    engine = Engine(terraform=PassTerraform(released=asyncio.Event()))
    async with running(engine.controller, drain=timedelta(hours=1)) as stop:
        await engine.terraform.opened.wait()
        stop.set()
    assert engine.passes == []
    assert "draining" not in engine.observer.events
