"""Documents of freezes, and the message that says how a freeze ends."""

import json
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.record.freeze import EVERYWHERE, Freeze, Frozen, dump, load
from tests.core.instances import NOW

FREEZES = st.builds(Freeze, st.none() | st.text(min_size=1), st.text(), st.text(), st.datetimes(timezones=st.just(UTC)))


@given(FREEZES)
def test_law_a_freeze_is_the_same_after_its_document(freeze: Freeze) -> None:
    assert load(dump(freeze)) == freeze


@pytest.mark.parametrize("data", [None, {}, [], {"environment": None, "by": "ann", "reason": "r", "at": "soon"}])
def test_a_document_of_another_form_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="not a freeze: "):
        load(data)


@pytest.mark.parametrize(
    ("environment", "name", "ends"),
    [("prod", "prod", "`reconciler unfreeze prod`"), (None, EVERYWHERE, "`reconciler unfreeze`")],
)
def test_the_message_names_environment_author_reason_and_command(environment: str | None, name: str, ends: str) -> None:
    freeze = Freeze(environment, "ann", "incident 7", NOW)
    assert freeze.name == name
    message = str(Frozen(freeze))
    for part in ("frozen by ann since 2026-03-02 09:00 UTC", "incident 7", ends):
        assert part in message


def test_a_document_of_a_freeze_is_json() -> None:
    document = dump(Freeze("prod", "ann", "incident 7", NOW))
    assert json.loads(json.dumps(document)) == document
    assert document == {"environment": "prod", "by": "ann", "reason": "incident 7", "at": "2026-03-02T09:00:00Z"}


def test_it_is_described_in_these_words() -> None:
    told = "frozen by ann since 2026-03-02 09:00 UTC: incident 7;"
    assert Freeze("prod", "ann", "incident 7", NOW).describe() == f"prod is {told} `reconciler unfreeze prod` ends it"
    assert Freeze(None, "ann", "incident 7", NOW).describe() == f"all is {told} `reconciler unfreeze` ends it"
