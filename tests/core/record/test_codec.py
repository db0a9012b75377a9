"""Stored documents: they are read exactly, and an incomplete one is refused with the place of the error."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desired_state.files.tree import tree_id
from desired_state.instance import Instance, Key
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.plan.summary import PlanSummary, ResourceSummary
from reconciler.core.record.codec import dump, dump_pass, load, load_pass
from reconciler.core.record.consent import Approval, Promoted, WindowOverride
from reconciler.core.record.model import Base, Condition, Failures, Pass, Record, Rollout, StateWriter, Unsettled
from reconciler.core.record.runs import Intent
from reconciler.core.record.state import FromEmpty, KnownState, StatePlace, StateSeen
from reconciler.core.vocabulary import ConditionType, Health, Reason, Sync
from tests.core.instances import PLATFORM, SERVICE, applied, instance

TREE = tree_id({"roots/service/main.tf": b""})
INSTANCES: list[Instance] = [instance(SERVICE, tree_id=TREE), instance(PLATFORM, needs=(), tree_id=TREE)]

words = st.text(max_size=12)
moments = st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC))
maybe_moments = st.none() | moments
maybe_words = st.none() | words
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)
reasons = st.sampled_from(Reason)
resources = st.builds(
    ResourceSummary,
    address=words,
    actions=st.lists(words, max_size=2).map(tuple),
    attributes=st.dictionaries(words, st.tuples(values, values), max_size=2),
)
conditions = st.dictionaries(
    st.sampled_from(ConditionType),
    st.builds(
        Condition,
        type=st.sampled_from(ConditionType),
        status=st.booleans(),
        reason=reasons,
        message=words,
        since=moments,
    ),
    max_size=3,
)
states = st.builds(
    StateSeen,
    place=st.builds(StatePlace, account=words, region=words, bucket=words, object=words, lock_table=maybe_words),
    version=st.builds(StateVersion, lineage=words, serial=st.integers(0, 10**9), resources=st.integers(0, 10**6)),
)
records = st.builds(
    Record,
    instance=st.sampled_from(INSTANCES),
    accepted_commit=words,
    version=st.integers(0, 10**9),
    removed=maybe_moments,
    suspended=st.booleans(),
    desired_digest=maybe_words,
    applied_digest=maybe_words,
    applied_at=maybe_moments,
    resources=st.integers(0, 10**6),
    sync=st.sampled_from(Sync),
    health=st.sampled_from(Health),
    conditions=conditions,
    intent=st.none()
    | st.builds(
        Intent,
        pass_id=words,
        desired_digest=words,
        plan_digest=words,
        destroys=st.booleans(),
        at=moments,
        creates=st.lists(words, max_size=3).map(tuple),
    ),
    approval=st.none() | st.builds(Approval, plan_digest=words, by=words, at=moments),
    promoted=st.none()
    | st.builds(Promoted, tree_id=words, settled=st.booleans(), held=st.none() | words, asked=st.booleans()),
    window_override=st.none() | st.builds(WindowOverride, by=words, reason=words, at=moments),
    failures=st.none() | st.builds(Failures, digest=words, count=st.integers(0, 99), at=moments),
    rollout=st.none()
    | st.builds(
        Rollout,
        desired_digest=words,
        image=maybe_words,
        task_definition=maybe_words,
        started=moments,
        ended=st.none() | reasons,
        message=words,
    ),
    plan=st.none()
    | st.builds(
        PlanSummary,
        digest=words,
        changes=st.lists(resources, max_size=2).map(tuple),
        drift=st.lists(resources, max_size=2).map(tuple),
        at=moments,
    ),
    base=st.none() | st.builds(Base, root=words, tree_id=words, variables=st.dictionaries(words, values, max_size=2)),
    outputs=st.dictionaries(words, values, max_size=3),
    writer=st.none() | st.builds(StateWriter, providers=words, refreshed=st.booleans()),
    unsettled=st.none() | st.builds(Unsettled, spots=st.lists(words, max_size=3).map(tuple), applied=st.booleans()),
    state=st.none()
    | st.builds(
        KnownState,
        seen=states,
        found=st.none() | states,
        from_empty=st.none() | st.builds(FromEmpty, by=words, reason=words, at=moments),
        adopted=st.booleans(),
    ),
)
passes = st.builds(
    Pass,
    id=words,
    key=st.just(Key("develop", "orders")),
    trigger=words,
    commit=words,
    started=moments,
    finished=moments,
    result=words,
    reason=st.none() | reasons,
    message=words,
)


def document() -> dict[str, Any]:
    """Return a record as it is stored."""
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    ready = Condition(ConditionType.READY, True, Reason.APPLIED, "", at)
    return dump(Record(INSTANCES[0], "c1", version=3, conditions={ConditionType.READY: ready}))


@given(record=records)
@settings(max_examples=100, deadline=None)
def test_law_a_record_is_the_same_after_json(record: Record) -> None:
    assert load(json.loads(json.dumps(dump(record)))) == record


@given(finished=passes)
@settings(max_examples=50, deadline=None)
def test_law_a_pass_is_the_same_after_json(finished: Pass) -> None:
    assert load_pass(json.loads(json.dumps(dump_pass(finished)))) == finished


@given(data=values)
@settings(max_examples=50, deadline=None)
def test_law_a_value_that_is_no_document_is_a_value_error(data: Any) -> None:
    with pytest.raises(ValueError, match=r"not a record|schema"):
        load(data)
    with pytest.raises(ValueError, match=r"not a pass|schema"):
        load_pass(data)


def test_the_document_names_its_schema() -> None:
    assert document()["schema"] == 1


def test_a_field_that_came_later_is_left_out_while_it_is_empty() -> None:
    """An earlier version reads such a record, and one that it wrote is written again byte by byte."""
    assert "state" not in document()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "record.schema: written with schema 2; this version reads schema 1"),
        ({"mood": "good"}, "record.mood: unknown in schema 1; a newer version must have written this"),
        ({"sync": "Elsewhere"}, "record.sync: "),
        ({"version": "3"}, "record.version: "),
        ({"suspended": "yes"}, "record.suspended: "),
        ({"applied_at": "yesterday"}, "record.applied_at: "),
        ({"failures": {"digest": "d", "count": 1}}, "record.failures.at: "),
        ({"base": {"root": "r", "tree_id": "t", "variables": {}, "mood": 1}}, "record.base.mood: unknown in schema 1"),
        ({"instance": {"key": "develop/orders"}}, "record.instance: not a stored instance"),
    ],
)
def test_an_incomplete_document_is_refused_with_the_place(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"^" + message.replace(".", r"\.")):
        load({**document(), **change})


def test_a_missing_field_is_named() -> None:
    broken = document()
    del broken["accepted_commit"]
    with pytest.raises(ValueError, match="accepted_commit"):
        load(broken)


def test_an_invalid_key_of_a_pass_is_refused() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    good = dump_pass(Pass("p", Key("develop", "orders"), "git", "c", at, at, "applied", None, ""))
    for bad in ("orders", 7, None):
        with pytest.raises(ValueError, match=r"^pass\.key: "):
            load_pass({**good, "key": bad})


def test_errors_do_not_repeat_the_value() -> None:
    with pytest.raises(ValueError, match=r"record\.approval") as caught:
        load({**document(), "approval": {"plan_digest": ["hunter2"], "by": "me", "at": "2026-01-01T00:00:00Z"}})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"resources": "many"}, {"outputs": {"a": "\ud800"}}, {"health": "fine"}])
def test_what_could_not_be_read_again_is_not_written(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(ValueError, match=rf"record\.{name}"):
        dump(applied().replace(**wrong))
