"""The judgement of a state: only the one that the record knows, in its place, in its last version or a newer one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.decide.state import judge, judge_place
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Intent
from reconciler.core.record.state import FromEmpty, KnownState, StatePlace, StateSeen
from reconciler.core.status.events import Removed
from tests.core.instances import NOW, PLATFORM, applied, fold, new

PLACE = StatePlace("123456789012", "eu-central-1", "states", "develop/platform/terraform.tfstate", "locks")
KNOWN = StateSeen(PLACE, StateVersion("l1", 7, 47))
RECORD = applied(PLATFORM).replace(state=KnownState(KNOWN))
ALLOWED = RECORD.replace(state=KnownState(KNOWN, from_empty=FromEmpty("ann", "the account is new", NOW)))
REMOVED = fold(RECORD, Removed(None))
DESTROYING = RECORD.replace(intent=Intent("pass", "d1", "p1", True, NOW))
OLD_RECORD = applied(PLATFORM).replace(resources=47)
MOVES = {
    "prefix": {"object": "new/develop/platform/terraform.tfstate"},
    "bucket": {"bucket": "others"},
    "region": {"region": "eu-west-1"},
    "account": {"account": "210987654321"},
    "lock table": {"lock_table": "others"},
}
places = st.builds(
    StatePlace,
    account=st.sampled_from(["123456789012", "210987654321"]),
    region=st.sampled_from(["eu-central-1", "eu-west-1"]),
    bucket=st.sampled_from(["states", "others"]),
    object=st.sampled_from([PLACE.object, f"new/{PLACE.object}"]),
    lock_table=st.sampled_from(["locks", None]),
)
versions = st.builds(StateVersion, st.sampled_from(["", "l1", "l2"]), st.integers(0, 9), st.integers(0, 3)).map(
    lambda version: version if version.lineage else StateVersion()
)
seen = st.builds(StateSeen, places, versions)


def found(lineage: str = "l1", serial: int = 7, resources: int = 47) -> StateSeen:
    return StateSeen(PLACE, StateVersion(lineage, serial, resources))


JUDGED: dict[str, tuple[Record, StateSeen, str | None]] = {
    "the same": (RECORD, found(), None),
    "a newer one": (RECORD, found(serial=9, resources=3), None),
    "none": (RECORD, found("", 0, 0), "does not exist, and had 47 resources (lineage l1, serial 7)"),
    "an emptied one": (RECORD, found(serial=8, resources=0), "is empty, and had 47 resources"),
    "an older one": (RECORD, found(serial=6), "serial 6 instead of 7"),
    "another one": (RECORD, found("l2", 9, 2), "lineage l2 with 2 resources instead of l1"),
    "another one that is empty": (RECORD, found("l2", 9, 0), "is empty"),
    "none, which an operator allows": (ALLOWED, found("", 0, 0), None),
    "an older one where an empty one is allowed": (ALLOWED, found(serial=6), "serial 6 instead of 7"),
    "another one where an empty one is allowed": (ALLOWED, found("l2", 9, 2), "another state"),
    "none for a removed instance": (REMOVED, found("", 0, 0), "does not exist"),
    "the destroyed one of a removed instance": (REMOVED, found(serial=9, resources=0), None),
    "an empty older one of a removed instance": (REMOVED, found(serial=1, resources=0), "is empty"),
    "another empty one for a removed instance": (REMOVED, found("l2", 9, 0), "is empty"),
    "the destroyed one after the manifest came back": (DESTROYING, found(serial=9, resources=0), None),
    "none for a record of an earlier version": (OLD_RECORD, found("", 0, 0), "does not exist, and had 47 resources:"),
    "one for a record of an earlier version": (OLD_RECORD, found("l5", 2, 1), None),
    "none for an instance that was never applied": (new(PLATFORM).replace(resources=47), found("", 0, 0), None),
    "none for an instance without resources": (applied(PLATFORM), found("", 0, 0), None),
}


@pytest.mark.parametrize(("record", "state", "expected"), JUDGED.values(), ids=JUDGED)
def test_only_the_known_state_is_accepted(record: Record, state: StateSeen, expected: str | None) -> None:
    lost = judge(record, state)
    assert (lost is None) is (expected is None)
    if lost and expected:
        assert expected in lost.message
        assert f" {record.key}`" in lost.message, "it says what to do"
        assert (lost.found, lost.known.place) == (state, PLACE)


@pytest.mark.parametrize(("name", "change"), MOVES.items(), ids=MOVES)
def test_a_state_is_not_looked_for_in_another_place(name: str, change: dict[str, str]) -> None:
    place = replace(PLACE, **change)
    for lost in (judge_place(RECORD, place), judge(RECORD, StateSeen(place, KNOWN.version))):
        assert lost is not None
        part = "object" if name == "prefix" else name
        assert f"({part} {next(iter(change.values()))} instead of {getattr(PLACE, next(iter(change)))})" in lost.message
        assert lost.found == StateSeen(place, KNOWN.version)
    assert judge_place(ALLOWED, place) is None
    assert judge(ALLOWED, StateSeen(place, StateVersion())) is None
    assert judge(ALLOWED, StateSeen(place, KNOWN.version)) is not None, "only an empty one is allowed there"
    assert judge_place(new(PLATFORM).replace(state=KnownState(KNOWN)), place) is None, "nothing was ever applied"
    assert judge_place(RECORD, PLACE) is None


@given(known=seen, state=seen)
def test_what_an_applied_instance_lacks_is_never_created_from_a_state_that_it_does_not_know(
    known: StateSeen, state: StateSeen
) -> None:
    record = RECORD.replace(state=KnownState(known))
    if judge(record, state) is not None:
        return
    was, now = known.version, state.version
    assert state.place == known.place
    assert now.resources or not was.resources
    assert now.lineage == was.lineage or not (was.lineage and now.resources)
    assert now.serial >= was.serial or not now.resources or not was.lineage


@given(known=seen, state=seen, removed=st.booleans(), allowed=st.booleans())
def test_a_state_that_was_accepted_is_accepted_again(
    known: StateSeen, state: StateSeen, removed: bool, allowed: bool
) -> None:
    permission = FromEmpty("ann", "why", NOW) if allowed else None
    record = (REMOVED if removed else RECORD).replace(state=KnownState(known, from_empty=permission))
    if judge(record, state) is None:
        after = record.replace(state=KnownState(state))
        assert judge(after, state) is None
        assert judge_place(after, state.place) is None
        newer = StateVersion(state.version.lineage, state.version.serial + 1, state.version.resources)
        assert judge(after, StateSeen(state.place, newer)) is None
