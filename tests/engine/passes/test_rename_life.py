"""Renames, reverts, crashes and passes in any order: nothing is created twice, and nothing is destroyed."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from desired_state.instance import Instance, Key
from reconciler.core.decide.renames import claims
from reconciler.core.plan.state_file import State
from reconciler.core.status.advance import first
from reconciler.core.status.events import Accepted, Approved, Removed
from reconciler.engine.passes.reconcile import reconcile
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


class RenameMachine(RuleBasedStateMachine):
    """The model: one resource, which exists from the start, and the name that Git gives it now."""

    def __init__(self) -> None:
        super().__init__()
        self.terraform = RenameTerraform(states={ORDERS: state_file(7, "one")})
        self.world = rename_world(self.terraform, orders_record())
        self.name = ORDERS

    @property
    def owners(self) -> set[Key]:
        return {key for key, text in self.terraform.states.items() if not State(text).is_empty}

    @rule(name=st.sampled_from([ORDERS, SHOP]))
    def a_commit_sets_its_name(self, name: Key) -> None:
        """Change the records in the order of the intake: first the declared name, then the removed one."""
        wanted = named("orders") if name == ORDERS else named("shop", "orders")
        asyncio.run(self._accept(name, wanted))
        self.name = name

    async def _accept(self, name: Key, wanted: Instance) -> None:
        if name in self.world.records:
            await self.world.records.advance(name, Accepted(wanted, "c"))
        else:
            await self.world.records.begin(first(wanted, "c"))
        other = SHOP if name == ORDERS else ORDERS
        if other in self.world.records:
            renamed = Removed("it was renamed", "shop") if other == ORDERS else Removed(None)
            await self.world.records.advance(other, renamed)

    async def _approve(self) -> None:
        """Approve the move, as it is now, of a state that has not moved yet."""
        if SHOP in self.world.records and self.world.records[SHOP].move is None:
            known = approved(self.world.records[SHOP], self.terraform)
            await self.world.records.advance(SHOP, Approved(known.approval))  # type: ignore[arg-type]  # there is one

    @rule(key=st.sampled_from([ORDERS, SHOP]), steps=st.integers(0, 6))
    def a_pass_that_can_die(self, key: Key, steps: int) -> None:
        asyncio.run(self._approve())
        self.terraform.kill_after = steps
        try:
            if key in self.world.records:
                asyncio.run(reconcile(key, self.world))
        except Killed:
            pass
        finally:
            self.terraform.kill_after = None

    @rule()
    def every_record_is_visited(self) -> None:
        asyncio.run(self._approve())
        for key in (SHOP, ORDERS, SHOP, ORDERS):
            if key in self.world.records:
                asyncio.run(reconcile(key, self.world))
        assert len(self.owners) == 1, "in the end one name owns it"
        if self.name == SHOP:
            assert self.owners == {SHOP}
            assert set(self.world.records) == {SHOP}

    @invariant()
    def the_resource_is_never_lost_and_no_plan_creates_or_destroys_it(self) -> None:
        assert self.owners
        assert not [key for key, destroy in self.terraform.planned if destroy]
        assert not self.terraform.planned_creates

    @invariant()
    def while_both_own_it_one_claims_the_other(self) -> None:
        if self.owners == {ORDERS, SHOP}:
            assert any(claims(record, ORDERS) for record in self.world.records.values())


RenameMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestRenames = RenameMachine.TestCase
