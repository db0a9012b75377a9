"""Single runs, measured in turns: plain, warm, plain, warm, on the same instance and the same state.

The change is one that both sides make over and over: the service's memory goes up in one turn and down in the next.
Each side plans it, which is measured, and applies that plan, which is measured too.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.bench.measure import Cost
from tests.bench.sides import Side, alone
from tests.bench.stage import Stage
from tests.terraform.inputs import but

INIT = ("init", "-input=false", "-no-color", "-backend-config=backend.hcl")
PLAN = ("plan", "-input=false", "-no-color", "-detailed-exitcode", "-out=tfplan")
APPLY = ("apply", "-input=false", "-no-color", "tfplan")
MODEL = "orders"
MEMORY = (512, 1024)


@dataclass(slots=True)
class Cases:
    """The measured costs by case and side."""

    stage: Stage
    plain: Side
    warm: Side
    say: Callable[[str], None]
    costs: dict[str, dict[str, list[Cost]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    @property
    def sides(self) -> Sequence[Side]:
        """In the order of their turns."""
        return (self.plain, self.warm)

    async def prepare(self) -> None:
        """The instance that is measured, installed and applied, and the roots without resources."""
        self.say("applying the service that is measured")
        root = self.stage.instance(MODEL)
        await self.plain.terraform(root, *INIT)
        await self.warm.terraform(root, *PLAN, code=2)
        await self.warm.terraform(root, *APPLY)
        for name, configured in (("empty", False), ("configured", True)):
            await self.plain.terraform(self.stage.empty(name, configured=configured), *INIT)

    async def measure(self, rounds: int) -> None:
        """Every case, that many times on each side, after one round that does not count."""
        memory = itertools.cycle(reversed(MEMORY))
        for number in range(rounds + 1):
            for side in self.sides:
                measured = await self._round(side, number, next(memory))
                told = ", ".join(f"{case} {cost.wall:.2f} s" for case, cost in measured.items())
                self.say(f"round {number} of {rounds}, {side.name}: {told}" + ("" if number else " (does not count)"))
                for case, cost in measured.items() if number else ():
                    self.costs[case][side.name].append(cost)

    async def _round(self, side: Side, number: int, memory: int) -> dict[str, Cost]:
        fresh = self.stage.instance(f"{side.name}-{number}")
        place = self.stage.directory / MODEL / "roots/service"
        changed = but(self.stage.service, resources={"memory": memory})
        measured = {"init": await alone(side, fresh, *INIT), "no-op plan": await alone(side, place, *PLAN)}
        self.stage.write(place, changed)
        measured["plan with a change"] = await alone(side, place, *PLAN, code=2)
        measured["apply"] = await alone(side, place, *APPLY)
        measured["empty root"] = await alone(side, self.stage.directory / "empty", *PLAN)
        measured["empty root, configured"] = await alone(side, self.stage.directory / "configured", *PLAN)
        return measured
