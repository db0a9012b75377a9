"""A rename moves the state, whatever interrupts it, and two names never own one resource."""

from dataclasses import replace
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.plan.state_file import State
from reconciler.core.ports.control import Reconcile
from reconciler.core.ports.terraform import LockInfo
from reconciler.core.principal import Principal
from reconciler.core.record.runs import Running
from reconciler.core.record.state import KnownState, StateSeen
from reconciler.core.status.advance import first
from reconciler.core.status.events import Accepted, Removed
from reconciler.core.vocabulary import ConditionType, Reason
from reconciler.engine.control import EngineControl
from reconciler.engine.passes.reconcile import reconcile
from reconciler.engine.world import World
from tests.core.instances import DEVELOP, NOW, fold, instance
from tests.engine.fakes.world import FakeController, fake_records
from tests.engine.renames import (
    ORDERS,
    SHOP,
    Killed,
    RenameTerraform,
    approved,
    named,
    orders_record,
    rename_world,
    state_file,
)


def a_rename(**more: Any) -> tuple[RenameTerraform, World]:
    """Return Terraform and a world after the commit that renames `orders` to `shop`, approved, before any visit."""
    terraform = RenameTerraform(states={ORDERS: state_file(7, "one")}, **more)
    renamed = fold(orders_record(), Removed("it was renamed to shop, which no longer names it as `formerName`", "shop"))
    world = rename_world(terraform, renamed, approved(first(named("shop", "orders"), "c2"), terraform))
    known = StateSeen(world.states.place(ORDERS, DEVELOP), State(terraform.states[ORDERS]).version)
    fake_records(world)[ORDERS] = world.records[ORDERS].replace(state=KnownState(known))
    return terraform, world


def owners(terraform: RenameTerraform) -> set[Key]:
    """Return the keys whose state has a resource."""
    return {key for key, text in terraform.states.items() if not State(text).is_empty}


async def test_the_state_moves_and_nothing_is_created_or_destroyed() -> None:
    terraform, world = a_rename()
    await reconcile(ORDERS, world)
    assert (world.records[ORDERS].reason, terraform.planned) == (Reason.PROGRESSING, [])
    await reconcile(SHOP, world)
    assert owners(terraform) == {SHOP}
    assert terraform.planned == [(SHOP, False)]
    assert (world.records[SHOP].reason, world.records[SHOP].base is not None) == (Reason.IN_SYNC, True)
    await reconcile(ORDERS, world)
    assert set(world.records) == {SHOP}, "the record of the former name is deleted in its own pass"
    assert terraform.planned == [(SHOP, False)]


@pytest.mark.parametrize("steps", range(5))
async def test_the_next_pass_continues_after_a_crash_between_any_two_steps(steps: int) -> None:
    terraform, world = a_rename(kill_after=steps)
    try:
        await reconcile(SHOP, world)
    except Killed:
        assert terraform.planned == []
        await reconcile(ORDERS, world)
        assert terraform.planned == [], "while both may own it, neither is planned"
    terraform.kill_after = None
    await reconcile(SHOP, world)
    await reconcile(ORDERS, world)
    assert (owners(terraform), set(world.records)) == ({SHOP}, {SHOP})
    assert all(planned == (SHOP, False) for planned in terraform.planned)


@pytest.mark.parametrize("steps", range(5))
async def test_a_revert_during_the_move_leaves_one_owner_and_destroys_nothing(steps: int) -> None:
    terraform, world = a_rename(kill_after=steps)
    try:
        await reconcile(SHOP, world)
    except Killed:
        terraform.kill_after = None
    await world.records.advance(SHOP, Removed(None))
    if ORDERS in world.records:
        await world.records.advance(ORDERS, Accepted(named("orders"), "c3"))
    for key in (ORDERS, SHOP, ORDERS, SHOP):
        if key in world.records:
            await reconcile(key, world)
    assert len(owners(terraform)) == 1
    assert all(not destroy for _, destroy in terraform.planned)
    if owners(terraform) == {SHOP}:
        assert world.records[SHOP].reason == Reason.PRUNE_CONFIRMATION_NEEDED
        assert "its former name is declared again" in world.records[SHOP].conditions["Ready"].message  # type: ignore[index]
        assert world.records[ORDERS].reason == Reason.STATE_CONFLICT


async def test_a_change_under_the_former_name_during_the_move_is_not_lost() -> None:
    terraform, world = a_rename(kill_after=2)
    with pytest.raises(Killed):
        await reconcile(SHOP, world)
    terraform.kill_after = None
    terraform.states[ORDERS] = state_file(8, "one", "by-hand")
    await reconcile(SHOP, world)
    assert world.records[SHOP].reason == Reason.STATE_CONFLICT
    assert terraform.states[ORDERS] == state_file(8, "one", "by-hand")
    assert terraform.planned == []


async def test_a_name_with_a_state_of_its_own_takes_no_other() -> None:
    terraform, world = a_rename()
    terraform.states[SHOP] = state_file(3, "other", lineage="l2")
    await reconcile(SHOP, world)
    record = world.records[SHOP]
    assert record.reason == Reason.STATE_CONFLICT
    assert owners(terraform) == {ORDERS, SHOP}
    assert terraform.planned == []


async def test_an_empty_state_of_an_earlier_instance_is_overwritten() -> None:
    terraform, world = a_rename()
    terraform.states[SHOP] = state_file(40, lineage="l2")
    await reconcile(SHOP, world)
    assert owners(terraform) == {SHOP}


async def test_the_state_moves_without_a_record_of_the_former_name() -> None:
    terraform, world = a_rename()
    del fake_records(world)[ORDERS]
    await reconcile(SHOP, world)
    assert owners(terraform) == {SHOP}
    assert terraform.planned == [(SHOP, False)]


async def test_the_move_waits_for_a_running_terraform_of_the_former_name() -> None:
    terraform, world = a_rename(busy={ORDERS})
    await reconcile(SHOP, world)
    assert world.records[SHOP].reason == Reason.STATE_LOCKED
    assert owners(terraform) == {ORDERS}
    terraform.busy.clear()
    await reconcile(SHOP, world)
    assert owners(terraform) == {SHOP}


async def test_the_move_waits_for_a_foreign_lock_and_breaks_the_stale_lock_of_the_daemon() -> None:
    terraform, world = a_rename()
    terraform.locks.held[ORDERS] = LockInfo("id-1", "ann@laptop", "OperationTypeApply", NOW.isoformat())
    await reconcile(SHOP, world)
    assert world.records[SHOP].reason == Reason.STATE_LOCKED
    assert "reconciler unlock develop/shop --lock-id id-1" in world.records[SHOP].conditions["Ready"].message  # type: ignore[index]
    assert ORDERS in terraform.locks.held
    fake_records(world)[ORDERS] = world.records[ORDERS].replace(running=Running(terraform.locks.me, NOW))
    terraform.locks.held[ORDERS] = LockInfo("id-2", terraform.locks.me.who, "OperationTypeApply", NOW.isoformat())
    await reconcile(SHOP, world)
    assert owners(terraform) == {SHOP}


async def test_a_lost_state_of_the_former_name_is_not_taken_for_a_move_and_an_operator_decides() -> None:
    terraform, world = a_rename()
    del terraform.states[ORDERS]
    await reconcile(SHOP, world)
    shop, orders = world.records[SHOP], world.records[ORDERS]
    assert (shop.reason, orders.reason, terraform.planned) == (Reason.STATE_LOST, Reason.STATE_LOST, [])
    assert "it cannot take over its former name orders: its state" in shop.conditions[ConditionType.READY].message
    assert "--from-empty" in shop.conditions[ConditionType.READY].message
    control = EngineControl(FakeController(world))
    await control.act(ORDERS, Reconcile(from_empty="it is gone"), by=Principal("ann", "socket"))
    await reconcile(SHOP, world)
    assert terraform.planned_creates == [SHOP]


async def test_the_known_state_moves_with_its_name() -> None:
    terraform, world = a_rename()
    await reconcile(SHOP, world)
    state = world.records[SHOP].state
    assert state is not None
    assert state.seen == StateSeen(world.states.place(SHOP, DEVELOP), State(terraform.states[SHOP]).version)


async def test_a_tombstone_is_not_pruned_while_a_new_name_claims_it() -> None:
    terraform, world = a_rename()
    fake_records(world)[ORDERS] = fold(world.records[ORDERS], Removed(None)).replace(prune_confirmed=True)
    await reconcile(ORDERS, world)
    assert terraform.planned == []
    await reconcile(SHOP, world)
    await reconcile(ORDERS, world)
    assert (owners(terraform), set(world.records)) == ({SHOP}, {SHOP})


async def test_a_suspended_instance_does_not_move_the_state() -> None:
    terraform, world = a_rename()
    fake_records(world)[SHOP] = world.records[SHOP].replace(suspended=True)
    await reconcile(SHOP, world)
    assert (world.records[SHOP].reason, owners(terraform)) == (Reason.SUSPENDED, {ORDERS})


async def test_a_service_cannot_be_renamed_twice_because_its_names_in_aws_stay() -> None:
    terraform, world = a_rename()
    service = replace(instance(needs=()), former="first")
    fake_records(world)[ORDERS] = world.records[ORDERS].replace(instance=service)
    shop = replace(service, key=SHOP, former="orders")
    fake_records(world)[SHOP] = first(shop, "c3")
    await reconcile(SHOP, world)
    assert world.records[SHOP].reason == Reason.INVALID_CONFIGURATION
    assert owners(terraform) == {ORDERS}


async def test_a_pass_that_waited_while_its_name_was_claimed_does_nothing() -> None:
    terraform = RenameTerraform(states={ORDERS: state_file(7, "one")})
    world = rename_world(terraform, orders_record())
    terraform.when_opened = lambda: fake_records(world).setdefault(SHOP, first(named("shop", "orders"), "c2"))
    await reconcile(ORDERS, world)
    assert (world.records[ORDERS].reason, terraform.planned) == (Reason.INTERRUPTED, [])
