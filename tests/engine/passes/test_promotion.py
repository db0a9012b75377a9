"""A root change reaches instances pass by pass: what each pass runs, and what the records say meanwhile."""

import asyncio
import dataclasses

from reconciler.core.status.events import Accepted, Failed, ReconcileRequested
from reconciler.core.status.promotion import with_tree
from reconciler.core.vocabulary import Reason
from reconciler.engine.passes.promotion import waiting_for
from reconciler.engine.passes.reconcile import reconcile
from tests.core.instances import PLATFORM, fold, instance
from tests.engine.fakes import fake_records
from tests.engine.tiers import NEW, OLD, Surroundings, moved, running, world_of


async def test_develop_goes_first_and_prod_follows() -> None:
    develop, prod = moved(running("develop", "net")), moved(running("prod", "net"))
    around = Surroundings()
    world = world_of(around, develop, prod)
    await reconcile(prod.key, world)
    held = world.records[prod.key]
    assert (held.reason, around.applied) == (Reason.ROLLOUT_HELD, [])
    assert held.promoted is not None
    assert "develop/net" in str(held.promoted.held)
    before = world.records[develop.key]
    await reconcile(develop.key, world)
    assert waiting_for(before, world.records[develop.key], world) == [prod.key], "it need not wait for its next look"
    await reconcile(prod.key, world)
    assert around.applied == [("develop/net", NEW), ("prod/net", NEW)]
    assert world.records[prod.key].applied_source == world.records[prod.key].instance.source_digest


async def test_passes_at_the_same_time_do_not_take_the_same_place() -> None:
    records = [moved(running("develop", f"net{number}")) for number in range(6)]
    around = Surroundings(broken=frozenset(str(record.key) for record in records))
    world = world_of(around, *records, at_a_time=2)
    await asyncio.gather(*(reconcile(record.key, world) for record in records))
    assert len([name for name in around.planned if name[1] == NEW]) == 2


async def test_after_one_that_broke_the_others_stay_and_it_ends_when_the_ref_moves_back() -> None:
    first, second = moved(running("develop", "first")), moved(running("develop", "second"))
    around = Surroundings(broken=frozenset({"develop/first"}))
    world = world_of(around, first, second, at_a_time=5)
    await reconcile(first.key, world)
    await reconcile(second.key, world)
    assert around.applied == []
    assert "stopped: develop/first (ApplyFailed)" in str(world.records[second.key].promoted)
    fake_records(world)[second.key] = fold(
        world.records[second.key], Accepted(with_tree(world.records[second.key].instance, OLD), "c3")
    )
    assert world.records[second.key].reason == Reason.IN_SYNC


async def test_reconcile_lets_a_single_instance_through() -> None:
    first, second, third = (moved(running("develop", name)) for name in ("first", "second", "third"))
    around = Surroundings(broken=frozenset({"develop/first"}))
    world = world_of(around, first, second, third, at_a_time=5)
    await reconcile(first.key, world)
    await world.records.advance(second.key, ReconcileRequested())
    for key in (second.key, third.key):
        await reconcile(key, world)
    assert around.applied == [("develop/second", NEW)]


async def test_a_manifest_change_flows_with_the_old_tree_while_the_new_one_is_held() -> None:
    develop, prod = moved(running("develop", "net")), moved(running("prod", "net"))
    changed = dataclasses.replace(instance(PLATFORM.replace("owner: platform", "owner: others")), key=prod.key)
    prod = fold(prod, Accepted(with_tree(changed, NEW), "c3"))
    around = Surroundings()
    world = world_of(around, develop, prod)
    await reconcile(prod.key, world)
    assert around.applied == [("prod/net", OLD)]
    record = world.records[prod.key]
    assert record.applied_source == with_tree(changed, OLD).source_digest
    assert record.reason == Reason.ROLLOUT_HELD


async def test_a_failure_with_the_old_tree_stops_nobody() -> None:
    develop, prod = moved(running("develop", "net")), moved(running("prod", "net"))
    world = world_of(Surroundings(), develop, prod)
    await reconcile(prod.key, world)
    await world.records.advance(prod.key, Failed(Reason.PLAN_FAILED, "no"))
    await reconcile(develop.key, world)
    assert world.records[develop.key].reason == Reason.APPLIED
