"""A state file as far as a rename reads and writes it."""

import json

import pytest

from reconciler.core.plan.state_file import State, StatesDiffer, is_copied

MANAGED = {"mode": "managed", "type": "aws_vpc", "name": "this"}
READ = {"mode": "data", "type": "aws_region", "name": "here"}


def written(*resources: dict[str, str], serial: int = 3, lineage: str = "l1") -> State:
    return State(json.dumps({"version": 4, "serial": serial, "lineage": lineage, "resources": list(resources)}))


def test_what_is_not_there_is_an_empty_state_without_lineage() -> None:
    for text in ("", " \n"):
        state = State(text)
        assert (state.resources, state.is_empty, state.lineage, state.serial) == ([], True, "", 0)
    assert State("{}").resources == []


def test_a_state_is_empty_when_it_manages_nothing() -> None:
    assert written().is_empty
    assert written(READ).is_empty
    assert not written(READ, MANAGED).is_empty
    assert (written(MANAGED).lineage, written(MANAGED).serial) == ("l1", 3)


def test_an_emptied_state_is_the_next_version_in_terraforms_form() -> None:
    emptied = written(MANAGED).emptied()
    assert emptied.text == (
        '{\n  "version": 4,\n  "lineage": "l1",\n  "serial": 4,\n  "outputs": {},\n  "resources": []\n}'
    )
    assert "l1" not in repr(emptied), "a state has secrets"


def test_a_state_is_copied_when_the_other_has_the_same_resources() -> None:
    assert is_copied(written(MANAGED), written(MANAGED, serial=9))
    assert not is_copied(written(MANAGED), written(READ))
    with pytest.raises(StatesDiffer):
        is_copied(written(MANAGED), written(MANAGED, READ))
