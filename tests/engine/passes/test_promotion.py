"""Promotion of a changed root pass by pass: the runs of each pass, and the records meanwhile."""

import asyncio
import dataclasses

from reconciler.core.status.events import Accepted, Failed, ReconcileRequested
from reconciler.core.status.promotion import with_tree
from reconciler.core.vocabulary import Reason
from reconciler.engine.passes.promotion import waiting_for
from reconciler.engine.passes.reconcile import reconcile
from tests.core.instances import PLATFORM, fold, instance
from tests.engine.fakes.world import fake_records
from tests.engine.tiers import NEW, OLD, TierTerraform, running, tier_world, with_new_tree


async def test_develop_goes_first_and_prod_follows() -> None:
    develop, prod = with_new_tree(running("develop", "net")), with_new_tree(running("prod", "net"))
    terraform = TierTerraform()
    world = tier_world(terraform, develop, prod)
    await reconcile(prod.key, world)
    held = world.records[prod.key]
    assert (held.reason, terraform.applied) == (Reason.ROLLOUT_HELD, [])
    assert held.promoted is not None
    assert "develop/net" in str(held.promoted.held)
    before = world.records[develop.key]
    await reconcile(develop.key, world)
    assert waiting_for(before, world.records[develop.key], world) == [prod.key], (
        "it need not wait for its next drift check"
    )
    await reconcile(prod.key, world)
    assert terraform.applied == [("develop/net", NEW), ("prod/net", NEW)]
    assert world.records[prod.key].applied_source == world.records[prod.key].instance.source_digest


async def test_concurrent_passes_do_not_exceed_the_limit_in_flight() -> None:
    records = [with_new_tree(running("develop", f"net{number}")) for number in range(6)]
    terraform = TierTerraform(broken=frozenset(str(record.key) for record in records))
    world = tier_world(terraform, *records, max_in_flight=2)
    await asyncio.gather(*(reconcile(record.key, world) for record in records))
    assert len([name for name in terraform.planned if name[1] == NEW]) == 2


async def test_a_failed_instance_stops_the_promotion_until_the_ref_moves_back() -> None:
    first, second = with_new_tree(running("develop", "first")), with_new_tree(running("develop", "second"))
    terraform = TierTerraform(broken=frozenset({"develop/first"}))
    world = tier_world(terraform, first, second, max_in_flight=5)
    await reconcile(first.key, world)
    await reconcile(second.key, world)
    assert terraform.applied == []
    assert "stopped: develop/first (ApplyFailed)" in str(world.records[second.key].promoted)
    fake_records(world)[second.key] = fold(
        world.records[second.key], Accepted(with_tree(world.records[second.key].instance, OLD), "c3")
    )
    assert world.records[second.key].reason == Reason.IN_SYNC


async def test_a_reconcile_request_promotes_a_single_instance() -> None:
    first, second, third = (with_new_tree(running("develop", name)) for name in ("first", "second", "third"))
    terraform = TierTerraform(broken=frozenset({"develop/first"}))
    world = tier_world(terraform, first, second, third, max_in_flight=5)
    await reconcile(first.key, world)
    await world.records.advance(second.key, ReconcileRequested())
    for key in (second.key, third.key):
        await reconcile(key, world)
    assert terraform.applied == [("develop/second", NEW)]


async def test_a_manifest_change_is_applied_with_the_old_tree_while_the_new_one_is_held() -> None:
    develop, prod = with_new_tree(running("develop", "net")), with_new_tree(running("prod", "net"))
    changed = dataclasses.replace(instance(PLATFORM.replace("owner: platform", "owner: others")), key=prod.key)
    prod = fold(prod, Accepted(with_tree(changed, NEW), "c3"))
    terraform = TierTerraform()
    world = tier_world(terraform, develop, prod)
    await reconcile(prod.key, world)
    assert terraform.applied == [("prod/net", OLD)]
    record = world.records[prod.key]
    assert record.applied_source == with_tree(changed, OLD).source_digest
    assert record.reason == Reason.ROLLOUT_HELD


async def test_a_failure_with_the_old_tree_does_not_stop_the_promotion() -> None:
    develop, prod = with_new_tree(running("develop", "net")), with_new_tree(running("prod", "net"))
    world = tier_world(TierTerraform(), develop, prod)
    await reconcile(prod.key, world)
    await world.records.advance(prod.key, Failed(Reason.PLAN_FAILED, "no"))
    await reconcile(develop.key, world)
    assert world.records[develop.key].reason == Reason.APPLIED
