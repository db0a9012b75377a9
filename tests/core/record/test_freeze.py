"""A freeze survives its document, says how it ends, and a document that is none is refused."""

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.record.freeze import EVERYWHERE, Freeze, Frozen, dump, load
from tests.core.instances import NOW

FREEZES = st.builds(Freeze, st.none() | st.text(min_size=1), st.text(), st.text(), st.datetimes(timezones=st.just(UTC)))


@given(FREEZES)
def test_law_a_freeze_survives_its_document(freeze: Freeze) -> None:
    assert load(dump(freeze)) == freeze


@pytest.mark.parametrize("data", [None, {}, [], {"environment": None, "by": "ann", "reason": "r", "at": "soon"}])
def test_a_document_of_another_form_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="not a freeze: "):
        load(data)


@pytest.mark.parametrize(
    ("environment", "name", "ends"),
    [("prod", "prod", "`reconciler unfreeze prod`"), (None, EVERYWHERE, "`reconciler unfreeze`")],
)
def test_it_says_what_is_frozen_by_whom_why_and_how_it_ends(environment: str | None, name: str, ends: str) -> None:
    freeze = Freeze(environment, "ann", "incident 7", NOW)
    assert freeze.name == name
    said = str(Frozen(freeze))
    for part in ("frozen by ann since 2026-03-02 09:00 UTC", "incident 7", ends):
        assert part in said
