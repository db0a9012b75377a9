"""Conditions keep the time of their last change, and go only when they are removed."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.record.model import Record
from reconciler.core.status.conditions import idle, ready, with_condition, without_conditions
from reconciler.core.vocabulary import ConditionType, Reason
from tests.core.instances import NOW, new

KINDS = st.sampled_from(ConditionType)
REASONS = st.sampled_from(Reason)
STEPS = st.lists(st.tuples(KINDS, st.booleans(), REASONS, st.text(max_size=3)), max_size=12)


def after(steps: list[tuple[ConditionType, bool, Reason, str]]) -> Record:
    """Return the record after these conditions were set, one a minute."""
    record = new()
    for minute, (kind, status, reason, message) in enumerate(steps):
        record = with_condition(record, NOW + timedelta(minutes=minute), kind, status, reason, message)
    return record


@given(STEPS)
def test_law_each_condition_is_the_last_one_of_its_kind(
    steps: list[tuple[ConditionType, bool, Reason, str]],
) -> None:
    found = after(steps).conditions
    last = {kind: (status, reason, message) for kind, status, reason, message in steps}
    assert {kind: (one.status, one.reason, one.message) for kind, one in found.items()} == last
    assert all(one.type == kind for kind, one in found.items())


@given(STEPS)
def test_law_its_time_is_the_first_of_the_unbroken_run_of_its_status_and_reason(
    steps: list[tuple[ConditionType, bool, Reason, str]],
) -> None:
    since: dict[ConditionType, tuple[bool, Reason, datetime]] = {}
    for minute, (kind, status, reason, _) in enumerate(steps):
        if kind not in since or since[kind][:2] != (status, reason):
            since[kind] = (status, reason, NOW + timedelta(minutes=minute))
    assert {kind: one.since for kind, one in after(steps).conditions.items()} == {
        kind: at for kind, (_, _, at) in since.items()
    }


@given(STEPS, st.sets(KINDS), st.none() | st.sets(REASONS))
def test_law_only_conditions_of_these_kinds_and_reasons_are_removed(
    steps: list[tuple[ConditionType, bool, Reason, str]], kinds: set[ConditionType], only: set[Reason] | None
) -> None:
    record = after(steps)
    left = without_conditions(record, *kinds, only=only)
    for kind, condition in record.conditions.items():
        goes = kind in kinds and (only is None or condition.reason in only)
        assert left.get(kind) == (None if goes else condition)
    assert set(left) <= set(record.conditions)


@given(STEPS)
def test_law_an_idle_instance_keeps_all_conditions_but_reconciling(
    steps: list[tuple[ConditionType, bool, Reason, str]],
) -> None:
    record = after(steps)
    left = idle(record)
    assert left.condition(ConditionType.RECONCILING) is None
    assert left == record.replace(conditions=left.conditions)
    assert {**left.conditions} == {
        kind: one for kind, one in record.conditions.items() if kind is not ConditionType.RECONCILING
    }


@pytest.mark.parametrize("status", [True, False])
def test_the_headline_is_the_condition_ready(status: bool) -> None:
    record = ready(new(), NOW, status, Reason.OBSERVED, "message")
    found = record.condition(ConditionType.READY)
    assert found is not None
    assert (found.status, found.reason, found.message, found.since) == (status, Reason.OBSERVED, "message", NOW)
    assert record.reason is Reason.OBSERVED


def test_the_earlier_record_is_not_changed() -> None:
    before = ready(new(), NOW, True, Reason.IN_SYNC, "")
    ready(before, NOW, False, Reason.PLAN_FAILED, "no")
    assert before.reason is Reason.IN_SYNC
