"""A root tree in a record: wanted, admitted, settled or held back, and the headline that says so."""

import dataclasses
from datetime import timedelta

import pytest

from desired_state.instance import digest_source
from reconciler.core.record.consent import Promoted
from reconciler.core.record.model import Condition, Failures, Record
from reconciler.core.record.runs import Intent
from reconciler.core.status.promotion import (
    admit_tree,
    admitted,
    failed_with_tree,
    hold_back_tree,
    is_built_from_git,
    settled,
    update_promotion,
    wants_tree,
    with_tree,
)
from reconciler.core.vocabulary import ConditionType, Health, Reason
from tests.core.instances import NOW, PLATFORM, applied

OLD, NEW = "sha256:1", "sha256:2"
LATER = NOW + timedelta(hours=1)
RESTS = applied(PLATFORM)
ASKED = RESTS.replace(instance=with_tree(RESTS.instance, NEW))  # runs the old tree, and Git asks for the new one
TAKEN = ASKED.replace(base=dataclasses.replace(RESTS.base, tree_id=NEW))  # type: ignore[type-var]
INTENT = Intent("p", "d1", "p1", False, NOW)
FAILURES = Failures("d1", 1, NOW)


def promoted(record: Record, tree_id: str = NEW, **fields: object) -> Record:
    return record.replace(promoted=Promoted(tree_id, **fields))  # type: ignore[arg-type]


def test_a_tree_is_wanted_while_the_state_was_built_from_another_of_the_same_root() -> None:
    assert wants_tree(ASKED)
    assert not wants_tree(RESTS)
    assert not wants_tree(TAKEN)
    assert not wants_tree(ASKED.replace(base=None))
    assert not wants_tree(ASKED.replace(applied_at=None))
    other_root = ASKED.replace(instance=dataclasses.replace(ASKED.instance, root="other"))
    assert not wants_tree(other_root)


@pytest.mark.parametrize(
    ("record", "is_admitted", "is_settled"),
    [
        (RESTS, False, True),
        (ASKED, False, False),
        (promoted(ASKED), True, False),
        (promoted(ASKED, settled=True), True, False),
        (promoted(ASKED, OLD, settled=True), False, False),
        (promoted(TAKEN), True, False),
        (promoted(TAKEN, settled=True), True, True),
        (promoted(TAKEN, OLD), False, True),
    ],
)
def test_an_instance_settled_with_a_tree_that_it_runs_and_rested_with(
    record: Record, is_admitted: bool, is_settled: bool
) -> None:
    assert (admitted(record), settled(record)) == (is_admitted, is_settled)


@pytest.mark.parametrize(
    ("record", "failed"),
    [
        (promoted(TAKEN), False),
        (promoted(TAKEN).replace(health=Health.DEGRADED), True),
        (promoted(TAKEN, settled=True).replace(health=Health.DEGRADED), True),
        (promoted(TAKEN).replace(health=Health.DEGRADED, intent=INTENT), False),
        (promoted(ASKED).replace(health=Health.DEGRADED), False),
        (promoted(ASKED).replace(failures=FAILURES), True),
        (promoted(TAKEN).replace(failures=FAILURES), True),
        (promoted(TAKEN, settled=True).replace(failures=FAILURES), False),
        (promoted(TAKEN, OLD).replace(health=Health.DEGRADED, failures=FAILURES), False),
        (TAKEN.replace(health=Health.DEGRADED, failures=FAILURES), False),
    ],
)
def test_an_instance_failed_with_a_tree_that_it_was_admitted_to(record: Record, failed: bool) -> None:
    assert failed_with_tree(record) is failed


@pytest.mark.parametrize("former", [None, "shop"])
def test_another_tree_changes_the_digest_as_if_git_had_asked_for_it(former: str | None) -> None:
    before = dataclasses.replace(RESTS.instance, former=former)
    after = with_tree(before, NEW)
    assert dataclasses.replace(after, tree_id=OLD, source_digest=before.source_digest) == before
    assert after.tree_id == NEW
    assert after.source_digest == digest_source(
        kind=before.kind, key=before.key, labels=before.labels, spec=before.spec, tree_id=NEW, former=former
    )


def test_a_state_is_built_from_git_also_when_its_tree_is_held_back() -> None:
    assert is_built_from_git(RESTS)
    assert not is_built_from_git(ASKED)
    assert is_built_from_git(promoted(ASKED, OLD, settled=True, held="waits"))
    assert not is_built_from_git(promoted(ASKED, OLD, settled=True))
    assert not is_built_from_git(promoted(ASKED, OLD, held="waits").replace(applied_source="another"))
    assert not is_built_from_git(promoted(ASKED, OLD, held="waits").replace(base=None))


def test_admission_is_for_the_tree_that_git_asks_for_and_is_not_repeated() -> None:
    once = admit_tree(ASKED, asked=False)
    assert once.promoted == Promoted(NEW)
    assert admit_tree(once, asked=False) is once
    assert admit_tree(once, asked=True).promoted == Promoted(NEW, asked=True)
    assert admit_tree(promoted(ASKED, OLD, settled=True, held="waits"), asked=False).promoted == Promoted(NEW)


def test_an_instance_that_is_held_back_stays_settled_with_the_tree_of_its_state() -> None:
    assert hold_back_tree(ASKED, "waits").promoted == Promoted(OLD, settled=True, held="waits")
    assert hold_back_tree(ASKED.replace(base=None), "waits").promoted == Promoted(NEW, settled=True, held="waits")


@pytest.mark.parametrize(
    ("changes", "rests"),
    [
        ({}, True),
        ({"health": Health.DEGRADED}, False),
        ({"intent": INTENT}, False),
        ({"failures": FAILURES}, False),
        ({"applied_digest": None}, False),
        ({"base": None}, False),
        ({"base": RESTS.base}, False),
    ],
)
def test_an_instance_settles_once_it_rests_healthy_with_its_tree(changes: dict[str, object], rests: bool) -> None:
    record = promoted(TAKEN).replace(health=Health.HEALTHY).replace(**changes)
    after = update_promotion(record, record, NOW)
    assert after.promoted is not None
    assert after.promoted.settled is rests


def test_an_instance_that_waits_for_its_first_image_settles_too() -> None:
    condition = Condition(ConditionType.READY, False, Reason.AWAITING_FIRST_IMAGE, "", NOW)
    record = promoted(TAKEN).replace(health=Health.UNKNOWN, conditions={ConditionType.READY: condition})
    after = update_promotion(record, record, NOW)
    assert after.promoted == Promoted(NEW, settled=True)


def headed(record: Record, reason: Reason, *, status: bool = True, message: str = "") -> Record:
    condition = Condition(ConditionType.READY, status, reason, message, NOW)
    return record.replace(conditions={**record.conditions, ConditionType.READY: condition})


HELD = promoted(ASKED, OLD, settled=True, held="develop goes first")


@pytest.mark.parametrize("reason", [Reason.IN_SYNC, Reason.APPLIED, Reason.ROLLOUT_HELD])
def test_the_headline_says_that_a_tree_is_held_back_unless_there_is_worse(reason: Reason) -> None:
    before = headed(HELD, reason)
    ready = update_promotion(before, before, LATER).conditions[ConditionType.READY]
    since = NOW if reason == Reason.ROLLOUT_HELD else LATER
    assert ready == Condition(ConditionType.READY, True, Reason.ROLLOUT_HELD, "develop goes first", since)


def test_its_age_begins_anew_with_another_status_and_without_a_headline_before() -> None:
    after = headed(HELD, Reason.ROLLOUT_HELD, status=False)
    for before in (headed(HELD, Reason.ROLLOUT_HELD), HELD.replace(conditions={})):
        ready = update_promotion(before, after, LATER).conditions[ConditionType.READY]
        assert (ready.status, ready.since) == (False, LATER)


def test_a_worse_headline_stays() -> None:
    record = headed(HELD, Reason.PLAN_FAILED, status=False, message="no")
    assert update_promotion(record, record, LATER) == record
    without = HELD.replace(conditions={})
    assert update_promotion(without, without, LATER) == without


@pytest.mark.parametrize("status", [True, False])
def test_a_tree_that_is_no_longer_wanted_is_no_longer_held_back(status: bool) -> None:
    record = headed(promoted(RESTS, OLD, settled=True, held="waits"), Reason.ROLLOUT_HELD, status=status, message="w")
    after = update_promotion(record, record, LATER)
    assert after.promoted == Promoted(OLD, settled=True)
    ready = after.conditions[ConditionType.READY]
    assert (ready.status, ready.reason, ready.message) == (status, Reason.IN_SYNC, "")


def test_a_record_that_was_never_promoted_is_left_alone() -> None:
    assert update_promotion(RESTS, ASKED, LATER) is ASKED
