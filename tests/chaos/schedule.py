"""Which faults, when, and at whom: determined by a seed, so that a run can be repeated.

A round is one change of the whole fleet with the faults that meet it. In a round every instance has at most one fault
of its own, so that what it needs afterwards is known to come from that one; beside them go a few that meet everybody.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Phase = Literal["init", "plan", "between", "apply"]
# `between`: the plan is made and the apply has not begun.
PHASES: tuple[Phase, ...] = ("init", "plan", "between", "apply")
APPLYING: tuple[Phase, ...] = ("apply",)
WIDE_PER_ROUND = 2


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault. `wide`: it meets the daemon as a whole and not one instance."""

    name: str
    family: str
    wide: bool = False
    phases: tuple[Phase, ...] = PHASES


KINDS = (
    Kind("daemon-killed", "kills", wide=True),
    Kind("container-killed", "kills", wide=True),
    Kind("standin-gone", "kills", wide=True),
    Kind("terraform-killed", "kills"),
    Kind("warm-provider-killed", "kills"),
    Kind("provider-killed", "kills"),
    Kind("aws-throttles", "answers"),
    Kind("aws-errs", "answers"),
    Kind("aws-hangs", "answers"),
    Kind("aws-slow", "answers"),
    Kind("disk-full", "disk", wide=True),
    Kind("store-corrupted", "files", wide=True),
    Kind("clone-corrupted", "files", wide=True),
    Kind("state-corrupted", "files"),
    Kind("plan-corrupted", "files", phases=("between",)),
    Kind("clock-ahead", "clock", wide=True),
    Kind("clock-back", "clock", wide=True),
    Kind("own-lock-left", "locks", phases=APPLYING),
    Kind("own-lock-half-left", "locks", phases=APPLYING),
    Kind("foreign-lock-released", "locks"),
    Kind("foreign-lock-left", "locks"),
    Kind("history-rewritten", "git", wide=True),
    Kind("person-applies", "people"),
    Kind("person-applies-otherwise", "people"),
    Kind("person-changes-aws", "people"),
)
BY_NAME = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the moment is the phase of the target's pass. `seed` is for what the fault itself draws."""

    number: int
    kind: Kind
    phase: Phase
    target: str
    seed: int

    def __str__(self) -> str:
        return f"{self.number:3d} {self.kind.name} in {self.phase} of {self.target}"


@dataclass(frozen=True, slots=True)
class Round:
    """One change and its faults. `renames`: the change also replaces a resource."""

    number: int
    renames: bool
    faults: tuple[Fault, ...]


def schedule(seed: int, faults: int, kinds: Sequence[Kind], targets: Sequence[str]) -> tuple[Round, ...]:
    """The rounds of a run. Kinds come in turns, and so do the phases of each, so none is left to chance."""
    chance = random.Random(seed)
    decks = {wide: _deck([kind for kind in kinds if kind.wide is wide], chance) for wide in (True, False)}
    rounds: list[Round] = []
    dealt = 0
    while dealt < faults:
        free = chance.sample(list(targets), len(targets))
        places = [(True, target) for target in free[:WIDE_PER_ROUND]]
        places += [(False, target) for target in free[WIDE_PER_ROUND:]]
        found = []
        for wide, target in places:
            drawn = next(decks[wide], None)
            if drawn and dealt < faults:
                dealt += 1
                found.append(Fault(dealt, *drawn, target, chance.getrandbits(32)))
        rounds.append(Round(len(rounds) + 1, len(rounds) % 3 == 2, tuple(found)))
    return tuple(rounds)


def _deck(kinds: Sequence[Kind], chance: random.Random) -> Iterator[tuple[Kind, Phase]]:
    """Endless turns of all kinds, each in another order and each kind in its next phase."""
    phases = {kind.name: chance.sample(kind.phases, len(kind.phases)) for kind in kinds}
    turn = 0
    while kinds:
        for kind in chance.sample(list(kinds), len(kinds)):
            yield kind, phases[kind.name][turn % len(kind.phases)]
        turn += 1
