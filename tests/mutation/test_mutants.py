"""Names, draws and differences of mutants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mutation.mutants import choose, function_of

NAMES = [f"a.b.x_f__mutmut_{number}" for number in range(1, 6)] + [
    f"a.bc.xǁThingǁrun__mutmut_{number}" for number in range(1, 4)
]


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("a.b.x_f__mutmut_3", "a.b.f"),
        ("a.b.x__f__mutmut_12", "a.b._f"),
        ("a.b.xǁThingǁrun__mutmut_1", "a.b.Thing.run"),
        ("a.b.xǁ_Thingǁ__init____mutmut_1", "a.b._Thing.__init__"),
    ],
)
def test_a_mutant_belongs_to_a_function(name: str, function: str) -> None:
    assert function_of(name) == function


@given(st.integers(0, 6), st.text(max_size=3))
def test_law_a_draw_has_the_same_number_of_each_function_and_is_repeatable(count: int, seed: str) -> None:
    drawn = choose(NAMES, (), count, seed)
    assert drawn == choose(reversed(NAMES), (), count, seed)
    of_f = {name for name in drawn if function_of(name) == "a.b.f"}
    assert (len(of_f), len(drawn - of_f)) == (min(count, 5), min(count, 3))


@pytest.mark.parametrize(
    ("wanted", "functions"),
    [
        ((), {"a.b.f", "a.bc.Thing.run"}),
        (("a",), {"a.b.f", "a.bc.Thing.run"}),
        (("a.b",), {"a.b.f"}),
        (("a.bc.Thing",), {"a.bc.Thing.run"}),
        (("a.bc.Thing.run", "a.b.f"), {"a.b.f", "a.bc.Thing.run"}),
        (("a.b.g",), set()),
    ],
)
def test_names_choose_all_mutants_below_them(wanted: tuple[str, ...], functions: set[str]) -> None:
    assert choose(NAMES, wanted, None, "1") == {name for name in NAMES if function_of(name) in functions}
