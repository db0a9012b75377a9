"""State machines that count their steps, so that a run with too few steps fails."""

from typing import Any, ClassVar

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant

FEWEST = 10_000
ENOUGH = settings(max_examples=300, stateful_step_count=50, deadline=None)


class Machine(RuleBasedStateMachine):
    """The base of every model: `taken` is the number of steps that all of its examples took."""

    taken: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).taken -= 1  # invariants are also checked before the first step

    @invariant()
    def a_step_was_taken(self) -> None:
        type(self).taken += 1


def case(machine: type[Machine]) -> Any:
    """Return the test case of a machine: it passes after at least 10,000 steps without a failure."""

    class Case(machine.TestCase):  # type: ignore[misc, name-defined]  # made by the library
        settings = ENOUGH

        def runTest(self) -> None:  # noqa: N802 - unittest's name
            machine.taken = 0
            super().runTest()
            assert machine.taken >= FEWEST, f"only {machine.taken} steps"

    return Case
