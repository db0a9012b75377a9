"""A renamed manifest takes its state along, wherever it is interrupted, and two names never own one resource."""

from dataclasses import replace
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.plan.state_file import State
from reconciler.core.ports.terraform import LockInfo
from reconciler.core.record.runs import Running
from reconciler.core.status.advance import first
from reconciler.core.status.events import Accepted, Removed
from reconciler.core.vocabulary import Reason
from reconciler.engine.passes.reconcile import reconcile
from reconciler.engine.world import World
from tests.core.instances import NOW, fold, instance
from tests.engine.fakes import fake_records, world_of
from tests.engine.renames import ORDERS, SHOP, Killed, Surroundings, of, old_record, written


def a_rename(**more: Any) -> tuple[Surroundings, World]:
    """Git said `orders` before and says `shop` now; the commit was taken in and nothing was visited yet."""
    around = Surroundings(states={ORDERS: written(7, "one")}, **more)
    renamed = fold(old_record(), Removed("it was renamed to shop, which no longer names it as `formerName`"))
    return around, world_of(around, renamed, first(of("shop", "orders"), "c2"))


def owners(around: Surroundings) -> set[Key]:
    return {key for key, text in around.states.items() if not State(text).is_empty}


async def test_the_state_moves_and_nothing_is_made_nor_destroyed() -> None:
    around, world = a_rename()
    await reconcile(ORDERS, world)
    assert (world.records[ORDERS].reason, around.planned) == (Reason.PROGRESSING, [])
    await reconcile(SHOP, world)
    assert owners(around) == {SHOP}
    assert around.planned == [(SHOP, False)]
    assert (world.records[SHOP].reason, world.records[SHOP].base is not None) == (Reason.IN_SYNC, True)
    await reconcile(ORDERS, world)
    assert set(world.records) == {SHOP}, "the old name is forgotten in a pass of its own"
    assert around.planned == [(SHOP, False)]


@pytest.mark.parametrize("steps", range(5))
async def test_a_crash_between_any_two_steps_is_taken_up_by_the_next_pass(steps: int) -> None:
    around, world = a_rename(kill_after=steps)
    try:
        await reconcile(SHOP, world)
    except Killed:
        assert around.planned == []
        await reconcile(ORDERS, world)
        assert around.planned == [], "while both may own it, neither is planned"
    around.kill_after = None
    await reconcile(SHOP, world)
    await reconcile(ORDERS, world)
    assert (owners(around), set(world.records)) == ({SHOP}, {SHOP})
    assert all(planned == (SHOP, False) for planned in around.planned)


@pytest.mark.parametrize("steps", range(5))
async def test_a_revert_in_the_middle_of_it_leaves_one_owner_and_destroys_nothing(steps: int) -> None:
    around, world = a_rename(kill_after=steps)
    try:
        await reconcile(SHOP, world)
    except Killed:
        around.kill_after = None
    await world.records.advance(SHOP, Removed(None))
    if ORDERS in world.records:
        await world.records.advance(ORDERS, Accepted(of("orders"), "c3"))
    for key in (ORDERS, SHOP, ORDERS, SHOP):
        if key in world.records:
            await reconcile(key, world)
    assert len(owners(around)) == 1
    assert all(not destroy for _, destroy in around.planned)
    if owners(around) == {SHOP}:
        assert world.records[SHOP].reason == Reason.PRUNE_CONFIRMATION_NEEDED
        assert "its former name is declared again" in world.records[SHOP].conditions["Ready"].message  # type: ignore[index]
        assert world.records[ORDERS].reason == Reason.STATE_CONFLICT


async def test_what_changes_under_the_former_name_meanwhile_is_not_lost() -> None:
    around, world = a_rename(kill_after=2)
    with pytest.raises(Killed):
        await reconcile(SHOP, world)
    around.kill_after = None
    around.states[ORDERS] = written(8, "one", "by-hand")
    await reconcile(SHOP, world)
    assert world.records[SHOP].reason == Reason.STATE_CONFLICT
    assert around.states[ORDERS] == written(8, "one", "by-hand")
    assert around.planned == []


async def test_a_name_that_has_a_state_of_its_own_takes_over_nothing() -> None:
    around, world = a_rename()
    around.states[SHOP] = written(3, "other", lineage="l2")
    await reconcile(SHOP, world)
    record = world.records[SHOP]
    assert record.reason == Reason.STATE_CONFLICT
    assert owners(around) == {ORDERS, SHOP}
    assert around.planned == []


async def test_what_an_earlier_instance_of_that_name_left_empty_is_no_obstacle() -> None:
    around, world = a_rename()
    around.states[SHOP] = written(40, lineage="l2")
    await reconcile(SHOP, world)
    assert owners(around) == {SHOP}


async def test_a_lost_store_does_not_lose_the_rename() -> None:
    around, world = a_rename()
    del fake_records(world)[ORDERS]
    await reconcile(SHOP, world)
    assert owners(around) == {SHOP}
    assert around.planned == [(SHOP, False)]


async def test_a_run_that_goes_on_under_the_former_name_is_waited_for() -> None:
    around, world = a_rename(busy={ORDERS})
    await reconcile(SHOP, world)
    assert world.records[SHOP].reason == Reason.STATE_LOCKED
    assert owners(around) == {ORDERS}
    around.busy.clear()
    await reconcile(SHOP, world)
    assert owners(around) == {SHOP}


async def test_a_lock_of_a_stranger_is_waited_for_and_one_of_our_dead_run_is_cleared() -> None:
    around, world = a_rename()
    around.locks[ORDERS] = LockInfo("id-1", "ann@laptop", "OperationTypeApply", NOW.isoformat())
    await reconcile(SHOP, world)
    assert world.records[SHOP].reason == Reason.STATE_LOCKED
    assert "reconciler unlock develop/shop --lock-id id-1" in world.records[SHOP].conditions["Ready"].message  # type: ignore[index]
    assert ORDERS in around.locks
    fake_records(world)[ORDERS] = world.records[ORDERS].replace(running=Running(around.me, NOW))
    around.locks[ORDERS] = LockInfo("id-2", around.me.who, "OperationTypeApply", NOW.isoformat())
    await reconcile(SHOP, world)
    assert owners(around) == {SHOP}


async def test_a_tombstone_is_saved_by_the_name_that_claims_it() -> None:
    around, world = a_rename()
    fake_records(world)[ORDERS] = fold(world.records[ORDERS], Removed(None)).replace(prune_confirmed=True)
    await reconcile(ORDERS, world)
    assert around.planned == []
    await reconcile(SHOP, world)
    await reconcile(ORDERS, world)
    assert (owners(around), set(world.records)) == ({SHOP}, {SHOP})


async def test_a_suspended_instance_moves_nothing() -> None:
    around, world = a_rename()
    fake_records(world)[SHOP] = world.records[SHOP].replace(suspended=True)
    await reconcile(SHOP, world)
    assert (world.records[SHOP].reason, owners(around)) == (Reason.SUSPENDED, {ORDERS})


async def test_a_service_is_not_renamed_twice_because_its_names_in_aws_stay() -> None:
    around, world = a_rename()
    service = replace(instance(needs=()), former="first")
    fake_records(world)[ORDERS] = world.records[ORDERS].replace(instance=service)
    shop = replace(service, key=SHOP, former="orders")
    fake_records(world)[SHOP] = first(shop, "c3")
    await reconcile(SHOP, world)
    assert world.records[SHOP].reason == Reason.INVALID_CONFIGURATION
    assert owners(around) == {ORDERS}


async def test_a_pass_that_waited_while_its_name_was_taken_does_nothing() -> None:
    around = Surroundings(states={ORDERS: written(7, "one")})
    world = world_of(around, old_record())
    around.when_opened = lambda: fake_records(world).setdefault(SHOP, first(of("shop", "orders"), "c2"))
    await reconcile(ORDERS, world)
    assert (world.records[ORDERS].reason, around.planned) == (Reason.INTERRUPTED, [])
