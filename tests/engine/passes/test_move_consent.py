"""A manifest that names another's name as its former one takes nothing without the consent that an apply needs."""

import dataclasses
from collections.abc import Mapping

import pytest

from desired_state.instance import Key
from desired_state.tenants.tenant import Tenant, Tenants
from reconciler.core.environment import Environment
from reconciler.core.floor import Floor
from reconciler.core.plan.state_file import State
from reconciler.core.record.model import Record
from reconciler.core.status.advance import first
from reconciler.core.status.events import Approved, Removed, Resumed, Suspended
from reconciler.core.vocabulary import Reason
from reconciler.engine.passes.reconcile import reconcile
from reconciler.engine.world import World
from tests.core.instances import DEVELOP, NOW, SERVICE, applied, fold, instance, with_policy
from tests.engine.fakes.world import fake_records, fake_world
from tests.engine.renames import ORDERS, SHOP, RenameTerraform, approved, named, orders_record, state_file

RENAMED = Removed("it was renamed to shop, which no longer names it as `formerName`", "shop")
NIGHTS = '{windows: [{days: [mon], from: "22:00", to: "23:00", timezone: UTC}]}'


def service(policy: str = "{}") -> Record:
    """Return the record of the service under its former name, applied with this policy."""
    text = with_policy(SERVICE, policy)
    return applied(text).replace(instance=instance(text, needs=()))


def claimant(policy: str = "{}") -> Record:
    """Return the record of a new service that names it as its former name."""
    found = instance(with_policy(SERVICE, policy), needs=())
    return first(dataclasses.replace(found, key=SHOP, former="orders"), "c2")


def a_claim(old: Record | None, new: Record, environment: Environment = DEVELOP) -> tuple[RenameTerraform, World]:
    """Return Terraform and a world in which `new` claims the state of `old`."""
    terraform = RenameTerraform(states={ORDERS: state_file(7, "one")})
    records = [new, *([old] if old else [])]
    environments: Mapping[str, Environment] = {environment.name: environment}
    return terraform, fake_world(*records, terraform=terraform, locks=terraform.locks, environments=environments)


def owners(terraform: RenameTerraform) -> set[Key]:
    """Return the keys whose state has a resource."""
    return {key for key, text in terraform.states.items() if not State(text).is_empty}


def message(world: World, key: Key = SHOP) -> str:
    """Return the message of the headline."""
    return world.records[key].conditions["Ready"].message  # type: ignore[index]  # a StrEnum's value


async def test_in_a_frozen_environment_with_the_floor_approve_a_guarded_service_keeps_its_state() -> None:
    closed = dataclasses.replace(DEVELOP, tier="prod", floor=Floor(mode="approve"))
    terraform, world = a_claim(fold(service("{prune: false}"), Removed("3 of 5 were removed")), claimant(), closed)
    await world.freezing.freeze("develop", by="ann", reason="peak season", at=NOW)
    before = dict(terraform.states)
    await reconcile(SHOP, world)
    assert (terraform.states, world.records[SHOP].move) == (before, None)
    assert world.records[SHOP].reason == Reason.AWAITING_APPROVAL
    assert "1 to move from the state of develop/orders; the mode is approve" in message(world)
    fake_records(world)[SHOP] = approved(world.records[SHOP], terraform)
    await reconcile(SHOP, world)
    assert (terraform.states, world.records[SHOP].reason) == (before, Reason.FROZEN)
    await world.freezing.lift("develop")
    await reconcile(SHOP, world)
    assert owners(terraform) == {SHOP}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (None, claimant(), "the daemon has no record of that state"),
        (fold(service(), Removed(None)), claimant(), "was not renamed to shop by the commit that removed it"),
        (fold(service(), Removed("renamed", "other")), claimant(), "was not renamed to shop"),
        (fold(service("{prune: false}"), RENAMED), claimant(), "the manifest of develop/orders said `prune: false`"),
        (fold(service("{mode: observe}"), RENAMED), claimant(), "the manifest of develop/orders said `mode: observe`"),
        (fold(service("{suspend: true}"), RENAMED), claimant(), "the manifest of develop/orders said `suspend: true`"),
        (fold(service(), RENAMED), claimant("{mode: approve}"), "the mode is approve"),
        (fold(orders_record(), RENAMED), first(named("shop", "orders"), "c2"), "the state of a Module takes another"),
    ],
)
async def test_what_a_removal_would_have_to_ask_for_a_move_asks_too(old: Record | None, new: Record, why: str) -> None:
    terraform, world = a_claim(old, new)
    before = dict(terraform.states)
    await reconcile(SHOP, world)
    assert (terraform.states, world.records[SHOP].reason) == (before, Reason.AWAITING_APPROVAL)
    assert why in message(world)
    plan = world.records[SHOP].plan
    assert plan is not None
    assert [(change.address, change.actions) for change in plan.changes] == [("a_b.one", ("move",))]
    terraform.states[ORDERS] = state_file(8, "one", "by-hand")
    fake_records(world)[SHOP] = world.records[SHOP].replace(approval=approved(new, a_claim(old, new)[0]).approval)
    await reconcile(SHOP, world)
    assert owners(terraform) == {ORDERS}, "the approval is of the state that was shown"
    await world.records.advance(SHOP, Approved(approved(new, terraform).approval))  # type: ignore[arg-type]
    await reconcile(SHOP, world)
    assert owners(terraform) == {SHOP}
    assert world.records[SHOP].approval is None, "nothing that is planned later was approved"


async def test_a_state_is_never_moved_to_another_tenant() -> None:
    terraform, world = a_claim(fold(service(), RENAMED).replace(tenant="search"), claimant().replace(tenant="payments"))
    payments = Tenant("payments", ("**",), ("develop",), names=("*",), routes=("/orders",))
    world.tenants = Tenants({"payments": payments})
    before = dict(terraform.states)
    await reconcile(SHOP, world)
    assert (terraform.states, world.records[SHOP].reason) == (before, Reason.INVALID_CONFIGURATION)
    assert "develop/orders belongs to another tenant" in message(world)


@pytest.mark.parametrize("windows", ["old", "new"])
async def test_a_move_waits_for_the_windows_of_both_names(windows: str) -> None:
    old, new = (service(NIGHTS), claimant()) if windows == "old" else (service(), claimant(NIGHTS))
    terraform, world = a_claim(fold(old, RENAMED), new)
    await reconcile(SHOP, world)
    assert (owners(terraform), world.records[SHOP].reason) == ({ORDERS}, Reason.OUTSIDE_WINDOW)


async def test_a_move_waits_while_its_former_name_is_suspended() -> None:
    terraform, world = a_claim(fold(service(), Suspended(), RENAMED), claimant())
    await reconcile(SHOP, world)
    assert (owners(terraform), world.records[SHOP].reason) == ({ORDERS}, Reason.DEPENDENCY_NOT_READY)
    assert "reconciler resume develop/orders" in message(world)
    await world.records.advance(ORDERS, Resumed())
    await reconcile(SHOP, world)
    assert owners(terraform) == {SHOP}


async def test_a_manifest_of_another_kind_takes_no_state() -> None:
    terraform, world = a_claim(fold(service(), RENAMED), first(named("shop", "orders"), "c2"))
    await reconcile(SHOP, world)
    assert (owners(terraform), world.records[SHOP].reason) == ({ORDERS}, Reason.INVALID_CONFIGURATION)
    assert "is a Service and not a Module" in message(world)


async def test_a_service_that_its_own_commit_renamed_moves_at_once() -> None:
    terraform, world = a_claim(fold(service(), RENAMED), claimant())
    await reconcile(SHOP, world)
    assert owners(terraform) == {SHOP}


async def test_a_former_name_that_never_had_a_state_holds_nothing_up() -> None:
    terraform, world = a_claim(None, first(named("shop", "orders"), "c2"))
    del terraform.states[ORDERS]
    await world.freezing.freeze("develop", by="ann", reason="peak season", at=NOW)
    await reconcile(SHOP, world)
    assert terraform.planned_creates == [SHOP]
