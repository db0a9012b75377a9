"""The digest of a plan: two documents that differ in one value have two digests, and two diffs."""

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.core.plan.equivalence import identical, same_document
from reconciler.core.plan.model import Plan, summarise
from reconciler.core.plan.read import read
from reconciler.core.redaction.redactor import Redactor
from tests.core.documents import change, document

NAMES = st.text("abcxyz_", min_size=1, max_size=4)
LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False, width=16) | st.text(max_size=6)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))
REDACTOR = Redactor(b"a key for tests")


def planned(value: Any, *, as_output: bool) -> Plan:
    if as_output:
        changed = {"o": {"actions": ["update"], "before": "before", "after": value}}
        return read(document() | {"output_changes": changed}, REDACTOR)
    return read(document(change("aws_x.this", ["update"], {"x": "before"}, {"x": value})), REDACTOR)


@given(VALUES, VALUES, st.booleans())
def test_law_two_values_have_two_digests(one: Any, other: Any, as_output: bool) -> None:
    assume(not identical(one, other) and not same_document(one, other))
    assume(not {repr(one), repr(other)} <= {"None", "{}"})  # absent and empty mean the same to a difference
    left, right = planned(one, as_output=as_output), planned(other, as_output=as_output)
    assert left.digest != right.digest
    shown = {repr(summarise(plan, drift=(), now=None).changes) for plan in (left, right)}  # as text: True equals 1
    assert len(shown) == 2


@given(VALUES, st.booleans())
def test_law_the_same_value_has_the_same_digest(value: Any, as_output: bool) -> None:
    assert planned(value, as_output=as_output).digest == planned(value, as_output=as_output).digest
