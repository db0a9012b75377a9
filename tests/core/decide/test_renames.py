"""States that move to another name: the states that are written, and the name that owns them meanwhile."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.instance import Key
from reconciler.core.decide.renames import claims, has_moved, source_of
from reconciler.core.plan.state_file import State, StatesDiffer, is_copied
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Move
from reconciler.core.status.events import Accepted, Removed, RenameFinished, RenameStarted
from tests.core.instances import SERVICE, applied, fold, instance, manifest, new

ORDERS, SHOP = Key("develop", "orders"), Key("develop", "shop")
RENAMED = SERVICE.replace("name: orders", "name: shop, formerName: orders")


def renamed() -> Record:
    former = manifest(RENAMED).metadata.former_name
    return new(RENAMED).replace(instance=replace(instance(RENAMED), former=former))


def state(serial: int = 1, lineage: str = "l1", *names: str) -> State:
    resources = [{"mode": "managed", "type": "a_b", "name": name, "instances": [{"size": 1e400}]} for name in names]
    document = {"version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": lineage, "outputs": {}}
    return State(json.dumps({**document, "resources": resources}, indent=2))


NOTHING = State("")
SERIALS = st.integers(0, 2**40)
LINEAGES = st.uuids().map(str)


def test_an_empty_state_is_no_copy_and_a_copy_is_not_made_twice() -> None:
    moved = state(7, "l1", "one", "two")
    assert not is_copied(moved, NOTHING)
    assert not is_copied(moved, state(40, "l2"))
    assert is_copied(moved, moved)


@given(SERIALS, LINEAGES)
def test_an_emptied_state_is_the_next_version_of_exactly_the_copied_state(serial: int, lineage: str) -> None:
    left = state(serial, lineage, "one").emptied()
    assert (left.is_empty, left.serial, left.lineage) == (True, serial + 1, lineage)


def test_two_states_with_different_resources_need_an_operator() -> None:
    with pytest.raises(StatesDiffer):
        is_copied(state(1, "l1", "one"), state(1, "l2", "two"))


def test_a_state_is_not_shown() -> None:
    assert "one" not in repr(state(1, "l1", "one"))


def test_a_state_with_only_data_sources_is_empty() -> None:
    text = json.dumps({"lineage": "l", "serial": 3, "resources": [{"mode": "data", "type": "a_b", "name": "x"}]})
    assert State(text).is_empty
    assert NOTHING.is_empty
    assert (NOTHING.serial, NOTHING.lineage) == (0, "")


def test_the_life_of_a_rename() -> None:
    record = renamed()
    assert source_of(record) == ORDERS
    assert claims(record, ORDERS)
    assert not has_moved(record, ORDERS)
    assert not claims(record, Key("prod", "orders"))
    assert not claims(record, SHOP)
    begun = fold(record, RenameStarted("orders"))
    dropped = fold(begun, Accepted(new(RENAMED).instance, "c2"))
    assert source_of(dropped) == ORDERS, "a move that has begun is finished, even without the manifest's formerName"
    assert claims(fold(begun, Removed(None)), ORDERS)
    here = fold(begun, RenameFinished("orders", applied()))
    assert (source_of(here), has_moved(here, ORDERS), claims(here, ORDERS)) == (None, True, True)
    assert not claims(fold(here, Accepted(new(RENAMED).instance, "c2")), ORDERS), "the name is free again"
    assert claims(fold(here, Accepted(new(RENAMED).instance, "c2"), Removed(None)), ORDERS), "not while it is removed"
    assert fold(begun, RenameStarted(None)).move is None


def test_the_new_name_keeps_the_facts_of_the_former_name() -> None:
    old = applied().replace(suspended=True)
    moved = fold(renamed(), RenameStarted("orders"), RenameFinished("orders", old))
    for name in (
        "base",
        "outputs",
        "applied_digest",
        "applied_at",
        "applied_commit",
        "attempted",
        "suspended",
        "health",
    ):
        assert getattr(moved, name) == getattr(old, name), name
    assert (moved.key, moved.version, moved.move) == (SHOP, 0, Move("orders", done=True))


def test_a_record_that_was_applied_keeps_its_own_facts() -> None:
    mine: dict[str, Any] = {"attempted": True, "applied_digest": "mine"}
    moved = fold(renamed().replace(**mine), RenameFinished("orders", applied()))
    assert moved.applied_digest == "mine"
    assert fold(renamed(), RenameFinished("orders", None)).attempted is False, (
        "an operator checks an unknown state first"
    )
