"""Renames, reverts, crashes and passes in any order: nothing is made twice, and nothing is destroyed."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from desired_state.instance import Key
from reconciler.core.decide.renames import claims
from reconciler.core.plan.state_file import State
from reconciler.core.status.advance import first
from reconciler.core.status.events import Accepted, Removed
from reconciler.engine.passes.reconcile import reconcile
from tests.engine.fakes import world_of
from tests.engine.renames import ORDERS, SHOP, Killed, Surroundings, of, old_record, written


class RenameMachine(RuleBasedStateMachine):
    """The model: one resource, which was there in the beginning, and the name that Git gives it now."""

    def __init__(self) -> None:
        super().__init__()
        self.around = Surroundings(states={ORDERS: written(7, "one")})
        self.world = world_of(self.around, old_record())
        self.named = ORDERS

    @property
    def owners(self) -> set[Key]:
        return {key for key, text in self.around.states.items() if not State(text).is_empty}

    @rule(name=st.sampled_from([ORDERS, SHOP]))
    def a_commit_names_it(self, name: Key) -> None:
        """As the intake does it: first who is there, then who is not."""
        wanted = of("orders") if name == ORDERS else of("shop", "orders")
        asyncio.run(self._accept(name, wanted))
        self.named = name

    async def _accept(self, name: Key, wanted: object) -> None:
        if name in self.world.records:
            await self.world.records.advance(name, Accepted(wanted, "c"))  # type: ignore[arg-type]  # an instance
        else:
            await self.world.records.begin(first(wanted, "c"))  # type: ignore[arg-type]  # an instance
        other = SHOP if name == ORDERS else ORDERS
        if other in self.world.records:
            await self.world.records.advance(other, Removed("it was renamed" if other == ORDERS else None))

    @rule(key=st.sampled_from([ORDERS, SHOP]), steps=st.integers(0, 6))
    def a_pass_that_may_die(self, key: Key, steps: int) -> None:
        self.around.kill_after = steps
        try:
            if key in self.world.records:
                asyncio.run(reconcile(key, self.world))
        except Killed:
            pass
        finally:
            self.around.kill_after = None

    @rule()
    def everybody_is_visited(self) -> None:
        for key in (SHOP, ORDERS, SHOP, ORDERS):
            if key in self.world.records:
                asyncio.run(reconcile(key, self.world))
        assert len(self.owners) == 1, "in the end one name owns it"
        if self.named == SHOP:
            assert self.owners == {SHOP}
            assert set(self.world.records) == {SHOP}

    @invariant()
    def it_is_never_lost_and_never_planned_for_making_or_destruction(self) -> None:
        assert self.owners
        assert not [key for key, destroy in self.around.planned if destroy]
        assert not self.around.planned_to_make

    @invariant()
    def while_both_own_it_one_stands_back(self) -> None:
        if self.owners == {ORDERS, SHOP}:
            assert any(claims(record, ORDERS) for record in self.world.records.values())


RenameMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestRenames = RenameMachine.TestCase
