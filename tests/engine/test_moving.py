"""A renamed manifest takes its state along, wherever it is interrupted, and two names never own one resource."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from desired_state.instance import Instance, Key
from reconciler.core.events import Accepted, Removed
from reconciler.core.moving import State
from reconciler.core.ports import LockInfo, Run, TerraformFailed
from reconciler.core.record import Holder, Reason, Record, Running
from reconciler.core.redact import Redactor
from reconciler.core.status import first
from reconciler.engine.reconcile import reconcile
from reconciler.engine.world import Limits, World
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, NOW, applied, fold, instance

MODULE = """
apiVersion: reconciler/v1
kind: Module
metadata: {name: NAME}
spec: {environments: [develop], root: probe, inputs: {text: one}}
"""
ORDERS, SHOP = Key("develop", "orders"), Key("develop", "shop")


def written(serial: int, *names: str, lineage: str = "l1") -> str:
    resources = [{"mode": "managed", "type": "a_b", "name": name, "instances": []} for name in names]
    return json.dumps({"version": 4, "serial": serial, "lineage": lineage, "resources": resources}, indent=2)


class Killed(BaseException):
    """The daemon dies here."""


@dataclass
class Place:
    """The workspace of one name: Terraform's rules for states, and plans of what a state has and lacks."""

    key: Key
    around: "Surroundings"

    async def read_state(self) -> str:
        return self.around.states.get(self.key, "")

    async def write_state(self, state: str) -> None:
        self.around.step()
        if lock := self.around.locks.get(self.key):
            raise TerraformFailed(Reason.STATE_LOCKED, "locked", lock=lock)
        old, new = State(self.around.states.get(self.key, "")), State(state)
        if not old.is_empty and (old.lineage != new.lineage or old.serial >= new.serial):
            raise TerraformFailed(Reason.STATE_CONFLICT, "refused by Terraform")
        self.around.states[self.key] = state
        self.around.step()

    async def plan(self, *, destroy: bool) -> Mapping[str, Any]:
        self.around.planned.append((self.key, destroy))
        if State(self.around.states.get(self.key, "")).is_empty:
            return document() if destroy else document(change("a_b.one", ["create"], None, {"x": 1}))
        return document(change("a_b.one", ["delete"], {"x": 1})) if destroy else document(existing=1)

    async def is_empty(self) -> bool:
        return State(self.around.states.get(self.key, "")).is_empty

    async def unlock(self, lock_id: str) -> None:
        del self.around.locks[self.key]


@dataclass
class Surroundings:
    """Terraform, store, locks and observers in one. `kill_after` counts the steps of writing states."""

    states: dict[Key, str] = field(default_factory=dict)
    locks: dict[Key, LockInfo] = field(default_factory=dict)
    planned: list[tuple[Key, bool]] = field(default_factory=list)
    busy: set[Key] = field(default_factory=set)
    kill_after: int | None = None
    version: str = "1.11.4"
    me: Holder = field(default_factory=lambda: Holder("reconciler@host"))

    def step(self) -> None:
        if self.kill_after is not None:
            self.kill_after -= 1
            if self.kill_after < 0:
                raise Killed

    @asynccontextmanager
    async def workspace(self, run: Run) -> AsyncIterator[Place]:
        if run.key in self.busy:
            raise TerraformFailed(Reason.STATE_LOCKED, "an earlier run still works here")
        yield Place(run.key, self)

    async def save(self, record: Record) -> None: ...

    async def delete(self, record: Record) -> None: ...

    async def read(self, key: Key, environment: Any) -> LockInfo | None:
        return self.locks.get(key)

    async def is_dead(self, holder: Holder, *, certain: bool) -> bool:
        return True

    def moved(self, *_: Any, **__: Any) -> None: ...

    def log(self, *_: Any, **__: Any) -> None: ...


def of(name: str, former: str | None = None) -> Instance:
    return replace(instance(MODULE.replace("NAME", name), needs=()), former=former)


def world_of(around: Surroundings, *records: Record) -> World:
    anything = cast(Any, around)
    return World(
        terraform=anything,
        live=anything,
        prerequisites=anything,
        first_tasks=anything,
        locks=anything,
        store=anything,
        trees=anything,
        reports=anything,
        observer=anything,
        protection=anything,
        redactor=Redactor(b"a key for tests"),
        environments={"develop": DEVELOP},
        limits=Limits(),
        now=lambda: NOW,
        rng=anything,
        admission=asyncio.Semaphore(1),
        records={record.key: record for record in records},
    )


def old_record() -> Record:
    return applied(MODULE.replace("NAME", "orders")).replace(instance=of("orders"))


def a_rename(**more: Any) -> tuple[Surroundings, World]:
    """Git said `orders` before and says `shop` now; the commit was taken in and nothing was visited yet."""
    around = Surroundings(states={ORDERS: written(7, "one")}, **more)
    return around, world_of(around, old_record(), first(of("shop", "orders"), "c2"))


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
    await world.settle(SHOP, Removed(None))
    if ORDERS in world.records:
        await world.settle(ORDERS, Accepted(of("orders"), "c3"))
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
    del world.records[ORDERS]
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
    world.records[ORDERS] = world.records[ORDERS].replace(running=Running(around.me, NOW))
    around.locks[ORDERS] = LockInfo("id-2", around.me.who, "OperationTypeApply", NOW.isoformat())
    await reconcile(SHOP, world)
    assert owners(around) == {SHOP}


async def test_a_tombstone_is_saved_by_the_name_that_claims_it() -> None:
    around, world = a_rename()
    world.records[ORDERS] = fold(world.records[ORDERS], Removed(None)).replace(prune_confirmed=True)
    await reconcile(ORDERS, world)
    assert around.planned == []
    await reconcile(SHOP, world)
    await reconcile(ORDERS, world)
    assert (owners(around), set(world.records)) == ({SHOP}, {SHOP})


async def test_a_suspended_instance_moves_nothing() -> None:
    around, world = a_rename()
    world.records[SHOP] = world.records[SHOP].replace(suspended=True)
    await reconcile(SHOP, world)
    assert (world.records[SHOP].reason, owners(around)) == (Reason.SUSPENDED, {ORDERS})


async def test_a_service_is_not_renamed_twice_because_its_names_in_aws_stay() -> None:
    around, world = a_rename()
    service = replace(instance(needs=()), former="first")
    world.records[ORDERS] = world.records[ORDERS].replace(instance=service)
    shop = replace(service, key=SHOP, former="orders")
    world.records[SHOP] = first(shop, "c3")
    await reconcile(SHOP, world)
    assert world.records[SHOP].reason == Reason.INVALID_CONFIGURATION
    assert owners(around) == {ORDERS}
