"""The schedule of faults: repeatable by its seed, and nothing in it left to chance that has to be there."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.chaos.schedule import KINDS, schedule

TARGETS = tuple("abcdefgh")
seeds = st.integers(0, 2**32)
some_kinds = st.lists(st.sampled_from(KINDS), min_size=1, unique=True)


@given(seeds, st.integers(1, 60), some_kinds)
def test_a_seed_always_gives_the_same_faults_and_as_many_as_asked_for(seed: int, faults: int, kinds: list) -> None:  # type: ignore[type-arg]
    rounds = schedule(seed, faults, kinds, TARGETS)
    assert rounds == schedule(seed, faults, kinds, TARGETS)
    dealt = [fault for each in rounds for fault in each.faults]
    assert [fault.number for fault in dealt] == list(range(1, faults + 1))
    assert all(fault.phase in fault.kind.phases and fault.kind in kinds for fault in dealt)


@given(seeds)
def test_two_hundred_faults_have_every_kind_in_every_phase(seed: int) -> None:
    dealt = Counter((fault.kind, fault.phase) for each in schedule(seed, 200, KINDS, TARGETS) for fault in each.faults)
    for kind in KINDS:
        assert all(dealt[kind, phase] for phase in kind.phases), kind.name
        assert sum(dealt[kind, phase] for phase in kind.phases) >= 4, kind.name


@given(seeds, st.integers(1, 60))
def test_what_an_instance_needs_after_a_round_is_known_to_come_from_one_fault(seed: int, faults: int) -> None:
    for each in schedule(seed, faults, KINDS, TARGETS):
        own = Counter(fault.target for fault in each.faults if not fault.kind.wide)
        assert set(own.values()) <= {1}
        assert each.faults


@given(seeds)
def test_another_seed_gives_other_faults(seed: int) -> None:
    assert schedule(seed, 40, KINDS, TARGETS) != schedule(seed + 1, 40, KINDS, TARGETS)
