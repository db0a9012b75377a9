"""A lock in a pass: recorded while an apply holds it, cleared on two proofs only, else told with its holder."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.terraform import LockInfo, TerraformFailed
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Holder, Intent, Running
from reconciler.core.vocabulary import Reason
from reconciler.engine.passes import locks
from reconciler.engine.world import World
from tests.core.instances import DEVELOP, NOW, applied
from tests.engine.fakes.observer import FakeObserver
from tests.engine.fakes.terraform import FakeWorkspace
from tests.engine.fakes.world import fake_world
from tests.patience import PATIENCE

ME, OTHER = Holder("reconciler@host", "task-1"), Holder("reconciler@other", "task-0")
LOCK = LockInfo("lock-1", "reconciler@host", "OperationTypeApply", "2026-03-02T09:00:00Z")
THEIRS = LockInfo("lock-2", "ann@laptop", "OperationTypePlan", "2026-03-02T08:00:00Z")
HELD = applied().replace(intent=Intent("p", "d1", "p", False, NOW, OTHER, "lock-1"))
KEY = HELD.key


@dataclass
class Place(FakeWorkspace, FakeObserver):
    """A workspace, the lock of its state and the log. Plans fail on the lock while it is `found`.

    After an unlock `next` is found. `checked` has the holders and ids that were asked for or unlocked, in order.
    """

    found: LockInfo | None = None
    next: LockInfo | None = None
    unavailable: bool = False
    dead: bool = True
    me: Holder = ME
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    checked: list[tuple[Any, ...]] = field(default_factory=list)
    plans: int = 0

    async def read(self, key: Key, environment: Environment) -> LockInfo | None:
        assert (key, environment) == (KEY, DEVELOP)
        if self.unavailable:
            raise LiveUnavailable("S3 does not answer")
        return self.found

    async def is_dead(self, holder: Holder, *, certain: bool) -> bool:
        self.checked.append((holder, certain))
        return self.dead

    async def unlock(self, lock_id: str) -> None:
        self.checked.append(("unlock", lock_id))
        self.found = self.next

    def has_begun(self) -> bool:
        return self.begun.is_set()

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        self.plans += 1
        if self.found:
            raise TerraformFailed(Reason.STATE_LOCKED, "locked", lock=self.found)
        return {"destroy": destroy}


def world_of(place: Place, record: Record) -> World:
    return fake_world(record, locks=place, observer=place)


async def plan(place: Place, record: Record, *, destroy: bool = False) -> tuple[Mapping[str, Any], Record]:
    world = world_of(place, record)
    found = await locks.plan(record, place, DEVELOP, world, destroy=destroy)
    return found, world.records[KEY]


@pytest.mark.parametrize("destroy", [False, True])
async def test_a_plan_of_a_free_state_notes_the_run_and_looks_at_no_lock(destroy: bool) -> None:
    place = Place()
    found, after = await plan(place, applied(), destroy=destroy)
    assert (found, place.plans, place.checked) == ({"destroy": destroy}, 1, [])
    assert after.running == Running(ME, NOW)


OURS: dict[str, tuple[Record, LockInfo, Sequence[Any]]] = {
    "its id was recorded": (HELD, LOCK, [(OTHER, True), ("unlock", "lock-1")]),
    "name and time fit": (applied().replace(running=Running(ME, NOW)), LOCK, [(ME, False), ("unlock", "lock-1")]),
    "an operator named it": (applied().replace(unlock="lock-2"), THEIRS, [("unlock", "lock-2")]),
}


@pytest.mark.parametrize("name", OURS)
async def test_a_lock_that_is_proven_to_be_stale_is_cleared_and_the_run_repeated(name: str) -> None:
    record, lock, asked = OURS[name]
    place = Place(found=lock)
    found, after = await plan(place, record)
    assert (found, place.plans, place.checked) == ({"destroy": False}, 2, list(asked))
    told = {"instance": "develop/orders", "lock": lock.id, "who": lock.who, "operation": lock.operation}
    assert place.logged == [("lock_cleared", told)]
    assert after.running == Running(ME, NOW)


STAYS: dict[str, tuple[dict[str, Any], Reason, str]] = {
    "of another": ({"found": THEIRS}, Reason.STATE_LOCKED, "by ann@laptop .*the daemon did not take it"),
    "holder may be alive": ({"found": LOCK, "dead": False}, Reason.LOCK_ORPHANED, "may still be running"),
    "still there": ({"found": LOCK, "next": LOCK}, Reason.LOCK_ORPHANED, "may still be running.*lock-1"),
    "taken meanwhile": ({"found": LOCK, "next": THEIRS}, Reason.LOCK_ORPHANED, "did not take it.*lock-2"),
}


@pytest.mark.parametrize("name", STAYS)
async def test_a_lock_that_stays_is_reported_with_its_holder_and_no_plan_is_repeated(name: str) -> None:
    fields, reason, words = STAYS[name]
    place = Place(**fields)
    with pytest.raises(TerraformFailed, match=words) as failed:
        await plan(place, HELD)
    assert (failed.value.reason, failed.value.lock, place.plans) == (reason, place.found, 1)
    assert "lock_cleared" not in place.events
    assert (("unlock", LOCK.id) in place.checked) is (place.next is not None)


async def test_a_lock_of_which_aws_does_not_say_whether_it_is_gone_counts_as_there() -> None:
    place = Place(found=LOCK)

    async def unlock(lock_id: str) -> None:
        place.unavailable = True

    place.unlock = unlock  # type: ignore[method-assign]
    with pytest.raises(TerraformFailed, match="whether the lock is gone is not known: S3 does not answer") as failed:
        await plan(place, HELD)
    assert (failed.value.reason, failed.value.lock, place.logged) == (Reason.LOCK_ORPHANED, None, [])


@pytest.mark.parametrize("before", [None, Running(OTHER, NOW)])
async def test_a_run_that_never_had_the_lock_leaves_the_note_of_the_one_before(before: Running | None) -> None:
    place = Place(found=THEIRS)
    record = applied().replace(running=before)
    world = world_of(place, record)
    with pytest.raises(TerraformFailed):
        await locks.with_run_noted(KEY, before, world, lambda: place.plan(destroy=False))
    assert world.records[KEY].running == before


async def test_a_run_that_failed_otherwise_may_have_had_the_lock() -> None:
    place = Place()
    world = world_of(place, applied())

    async def fails() -> None:
        raise TerraformFailed(Reason.PLAN_FAILED, "no")

    with pytest.raises(TerraformFailed):
        await locks.with_stale_lock_cleared(
            KEY, applied(), place, DEVELOP, world, lambda: locks.with_run_noted(KEY, None, world, fails)
        )
    assert world.records[KEY].running == Running(ME, NOW)


async def test_a_state_that_nothing_is_written_to_is_freed_of_a_stale_lock_only() -> None:
    for found, asked in ((None, []), (LOCK, [(OTHER, True), ("unlock", "lock-1")])):
        place = Place(found=found)
        await locks.clear_stale_lock(KEY, HELD, place, DEVELOP, world_of(place, HELD))
        assert place.checked == asked
    place = Place(found=THEIRS)
    with pytest.raises(TerraformFailed, match="ann@laptop"):
        await locks.clear_stale_lock(KEY, HELD, place, DEVELOP, world_of(place, HELD))


async def recorded(place: Place) -> Record:
    """Return the record after an apply that lasts until its lock was looked at."""
    world = world_of(place, applied().replace(intent=Intent("p", "d1", "p", False, NOW, ME)))
    async with asyncio.timeout(PATIENCE), locks.recording_lock(KEY, place, DEVELOP, world):
        (looking,) = (task for task in asyncio.all_tasks() if task.get_name() == "lock of develop/orders")
        await asyncio.sleep(0)
        assert not looking.done(), "Terraform has not begun"
        place.begun.set()
        await asyncio.wait([looking])
    return world.records[KEY]


@pytest.mark.parametrize(("found", "lock_id"), [(LOCK, "lock-1"), (THEIRS, None), (None, None)])
async def test_an_apply_has_its_own_lock_recorded_and_no_other(found: LockInfo | None, lock_id: str | None) -> None:
    place = Place(found=found)
    after = await recorded(place)
    assert after.intent is not None
    assert (after.intent.lock_id, place.logged) == (lock_id, [])


async def test_a_lock_that_cannot_be_read_is_logged_and_the_apply_goes_on() -> None:
    place = Place(unavailable=True)
    after = await recorded(place)
    assert after.intent is not None
    assert after.intent.lock_id is None
    assert place.logged == [("lock_not_seen", {"instance": "develop/orders", "why": "S3 does not answer"})]


async def test_the_watch_of_an_apply_that_never_began_ends_with_it() -> None:
    place = Place(found=LOCK)
    world = world_of(place, HELD)
    async with locks.recording_lock(KEY, place, DEVELOP, world):
        pass
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("lock of")]
    assert world.records[KEY] == HELD
