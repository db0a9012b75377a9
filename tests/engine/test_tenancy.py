"""Tenants at intake and at a visit: a record keeps its tenant, and stays as it is once that one may not have it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from desired_state.instance import Key
from desired_state.tenants.tenant import Tenant, Tenants
from reconciler.core.ports.source import Revision
from reconciler.core.ports.terraform import Run, Workspace
from reconciler.core.vocabulary import ConditionType, Reason
from reconciler.engine.intake import Intake
from reconciler.engine.passes.reconcile import reconcile
from reconciler.engine.world import World
from tests.core.instances import NOW
from tests.desired_state.manifests import FOUR, service, to_yaml
from tests.desired_state.tenants import (
    BASKET,
    FILE,
    INTRUDER,
    ORDERS,
    PLATFORM,
    ROOTS_OF_ALL,
    SHOP,
    TENANTS,
    VICTIMS,
    orders,
    own,
)
from tests.engine.fakes.terraform import FakeTerraform
from tests.engine.fakes.world import fake_world
from tests.engine.tiers import ENVIRONMENTS

MINE = Key("develop", "intruder")


@dataclass
class NoTerraform(FakeTerraform):
    """Terraform that must not be started."""

    async def open(self, run: Run) -> Workspace:
        raise AssertionError(f"{run.key} was planned")


def world_of(tenants: Tenants | None = TENANTS) -> World:
    world = fake_world(terraform=NoTerraform(), environments=ENVIRONMENTS)
    world.tenants = tenants
    return world


async def accept(world: World, files: Mapping[str, bytes]) -> list[str]:
    """Accept a commit. Returns its problems."""
    snapshot, _ = await Intake(world).accept(Revision("c", NOW, files, ROOTS_OF_ALL))
    return list(map(str, snapshot.problems))


def only(*tenants: Tenant) -> Tenants:
    """Return the tenancy of some of the tenants."""
    return Tenants({one.name: one for one in (SHOP, INTRUDER, PLATFORM) if one in tenants}, frozenset(FOUR))


def said(world: World, key: Key, kind: ConditionType = ConditionType.READY) -> str:
    found = world.records[key].condition(kind)
    return f"{found.reason}: {found.message}" if found else ""


async def test_a_record_keeps_the_tenant_of_its_manifest() -> None:
    world = world_of()
    await accept(world, VICTIMS | {FILE: to_yaml(own())})
    assert {str(key): record.tenant for key, record in world.records.items()} == {
        "develop/basket": "shop",
        "develop/intruder": "intruder",
        "develop/orders": "shop",
        "develop/platform": "platform",
        "prod/platform": "platform",
    }


async def test_a_record_without_a_tenant_gets_the_one_of_its_file() -> None:
    world = world_of(None)
    await accept(world, VICTIMS)
    assert world.records[ORDERS].tenant is None
    world.tenants = TENANTS
    await accept(world, VICTIMS | {FILE: to_yaml(own("orders"))})
    assert world.records[ORDERS].tenant == "shop"
    assert world.records[ORDERS].instance.path == "teams/shop/orders.yaml"


async def test_the_records_of_others_do_not_change_by_an_attempt() -> None:
    world = world_of()
    await accept(world, VICTIMS)
    before = dict(world.records)
    problems = await accept(world, VICTIMS | {FILE: to_yaml(own("orders"), own("basket"), own("platform"))})
    assert [problem.split(":")[0] for problem in problems] == [FILE] * 3
    assert dict(world.records) == before


@pytest.mark.parametrize(
    ("shop", "message"),
    [
        (replace(SHOP, environments=("prod",)), "may not deploy to develop, only prod"),
        (replace(SHOP, names=("basket",)), 'may not use the name "orders", only basket'),
        (replace(SHOP, kinds=("Module",)), "may not declare a Service, only Module"),
    ],
)
async def test_an_instance_that_its_tenant_may_no_longer_have_is_left_as_it_is(shop: Tenant, message: str) -> None:
    world = world_of()
    await accept(world, VICTIMS)
    world.tenants = Tenants({"shop": shop, "platform": PLATFORM})
    problems = await accept(world, VICTIMS)
    assert any(message in problem and "teams/shop/orders.yaml:" in problem for problem in problems)
    assert world.records[ORDERS].removed is None
    assert message in said(world, ORDERS, ConditionType.STALLED)
    await reconcile(ORDERS, world)
    assert world.records[ORDERS].reason is Reason.TENANT_DENIED
    assert message in said(world, ORDERS)


async def test_an_instance_that_asks_for_too_much_by_now_is_left_as_it_is() -> None:
    world = world_of()
    await accept(world, VICTIMS | {"teams/shop/orders.yaml": to_yaml(orders(scaling={"max": 20}))})
    world.tenants = Tenants({**TENANTS.by_name, "shop": replace(SHOP, tasks=10)})
    await reconcile(ORDERS, world)
    assert said(world, ORDERS) == (
        "TenantDenied: nothing is planned, and nothing is removed: "
        "scaling.max is 20, but 10 tasks are the limit of shop"
    )


async def test_an_instance_of_a_tenant_that_is_gone_is_left_as_it_is() -> None:
    world = world_of()
    await accept(world, VICTIMS)
    world.tenants = only(PLATFORM)
    await accept(world, VICTIMS)
    await reconcile(ORDERS, world)
    assert world.records[ORDERS].removed is None
    assert said(world, ORDERS) == (
        "TenantDenied: nothing is planned, and nothing is removed: its tenant shop is not in the configuration"
    )


@pytest.mark.parametrize("path", ["basket.yaml", FILE])
async def test_a_file_that_moves_to_another_folder_removes_nothing_without_a_confirmation(path: str) -> None:
    world = world_of()
    await accept(world, VICTIMS)
    moved = {path: content for path, content in VICTIMS.items() if path != "teams/shop/basket.yaml"}
    await accept(world, moved | {path: VICTIMS["teams/shop/basket.yaml"]})
    assert world.records[BASKET].prune_guard == (
        f"its manifest is gone, and {path}:5:11 has its name without being allowed to"
    )


@pytest.mark.parametrize(
    "content",
    [b"metadata: {labels: [\n", to_yaml(service("intruder", colour="red")), to_yaml(own(dependsOn=["basket"]))],
)
async def test_a_removal_is_not_held_up_by_files_of_another_tenant(content: bytes) -> None:
    world = world_of()
    await accept(world, VICTIMS)
    rest = {path: content for path, content in VICTIMS.items() if path != "teams/shop/basket.yaml"}
    await accept(world, rest | {FILE: content})
    assert world.records[BASKET].removed
    assert world.records[BASKET].prune_guard is None


async def test_a_tenant_may_take_over_what_no_other_may_have() -> None:
    world = world_of()
    await accept(world, VICTIMS)
    intruder = replace(INTRUDER, names=("intruder", "basket"))
    world.tenants = Tenants({"shop": replace(SHOP, names=("orders",)), "intruder": intruder, "platform": PLATFORM})
    moved = {path: content for path, content in VICTIMS.items() if path != "teams/shop/basket.yaml"}
    basket = to_yaml(service("basket", repository="acme/intruder"))
    assert await accept(world, moved | {"teams/intruder/basket.yaml": basket}) == []
    assert world.records[BASKET].tenant == "intruder"


async def test_a_name_in_removal_still_belongs_to_its_tenant() -> None:
    world = world_of()
    await accept(world, VICTIMS)
    rest = {path: content for path, content in VICTIMS.items() if path != "teams/shop/basket.yaml"}
    await accept(world, rest)
    both = Tenants({**TENANTS.by_name, "intruder": replace(INTRUDER, names=("basket",))})
    world.tenants = both
    basket = to_yaml(service("basket", repository="acme/basket"))
    (problem,) = await accept(world, rest | {"teams/intruder/basket.yaml": basket})
    assert "develop/basket belongs to the tenant shop: intruder may not take its name" in problem
