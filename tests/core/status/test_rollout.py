"""The state of a rollout in ECS, as the health and headline of a service."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.live import LiveService, RolloutState
from reconciler.core.record.model import Record, Rollout
from reconciler.core.status.conditions import ready
from reconciler.core.status.rollout import seen, started
from reconciler.core.vocabulary import Health, Reason
from tests.core.instances import IMAGE, NOW, applied

TIMEOUT = timedelta(minutes=15)
LIVE = LiveService(IMAGE, IMAGE, RolloutState.COMPLETED, "td:1", "from ECS", running=1, desired=2)
ROLLOUT = Rollout("d1", IMAGE, "td:1", NOW - timedelta(minutes=5))
FAILED = replace(ROLLOUT, ended=Reason.ROLLED_BACK, message="rolled back then")
STATES = st.sampled_from(RolloutState)
ROLLOUTS = st.none() | st.builds(
    replace,
    st.just(ROLLOUT),
    started=st.timedeltas(timedelta(0), timedelta(hours=1)).map(lambda age: NOW - age),
    ended=st.sampled_from([None, Reason.ROLLED_BACK, Reason.ROLLOUT_FAILED, Reason.ROLLOUT_TIMEOUT]),
    task_definition=st.sampled_from(["td:1", "td:2"]),
)
HEADLINES = st.sampled_from([Reason.APPLIED, Reason.PROGRESSING, Reason.ROLLED_BACK, Reason.AWAITING_FIRST_IMAGE])


def record(rollout: Rollout | None = None, reason: Reason = Reason.APPLIED) -> Record:
    return ready(applied(), NOW, True, reason, "").replace(rollout=rollout, health=Health.UNKNOWN)


def observed(before: Record, state: RolloutState, **changes: Any) -> Record:
    return seen(before, replace(LIVE, rollout=state, **changes), TIMEOUT, NOW)


def summary(found: Record) -> tuple[Health, Reason | None, bool]:
    """Return health, headline, and whether the instance is ready."""
    return found.health, found.reason, any(one.status for one in found.conditions.values() if one.type == "Ready")


TABLE: dict[str, tuple[Record, RolloutState, tuple[Health, Reason, bool]]] = {
    "rolled out after an apply": (
        record(ROLLOUT, Reason.PROGRESSING),
        RolloutState.COMPLETED,
        (Health.HEALTHY, Reason.APPLIED, True),
    ),
    "rolled out, as at the last pass": (record(), RolloutState.COMPLETED, (Health.HEALTHY, Reason.APPLIED, True)),
    "rolled out after trouble": (
        record(None, Reason.ROLLED_BACK),
        RolloutState.COMPLETED,
        (Health.HEALTHY, Reason.IN_SYNC, True),
    ),
    "rolled out although it was given up": (
        record(FAILED),
        RolloutState.COMPLETED,
        (Health.HEALTHY, Reason.APPLIED, True),
    ),
    "the version before runs again after a failed rollout": (
        record(replace(FAILED, task_definition="td:2")),
        RolloutState.COMPLETED,
        (Health.DEGRADED, Reason.ROLLED_BACK, False),
    ),
    "under way": (record(ROLLOUT), RolloutState.IN_PROGRESS, (Health.PROGRESSING, Reason.PROGRESSING, False)),
    "under way, begun by another": (
        record(),
        RolloutState.IN_PROGRESS,
        (Health.PROGRESSING, Reason.PROGRESSING, False),
    ),
    "under way, exactly as long as it may take": (
        record(replace(ROLLOUT, started=NOW - TIMEOUT)),
        RolloutState.IN_PROGRESS,
        (Health.PROGRESSING, Reason.PROGRESSING, False),
    ),
    "under way for too long": (
        record(replace(ROLLOUT, started=NOW - TIMEOUT - timedelta(seconds=1))),
        RolloutState.IN_PROGRESS,
        (Health.DEGRADED, Reason.ROLLOUT_TIMEOUT, False),
    ),
    "rolled back": (record(ROLLOUT), RolloutState.ROLLED_BACK, (Health.DEGRADED, Reason.ROLLED_BACK, False)),
    "failed": (record(ROLLOUT), RolloutState.FAILED, (Health.DEGRADED, Reason.ROLLOUT_FAILED, False)),
    "absent": (record(ROLLOUT), RolloutState.ABSENT, (Health.DEGRADED, Reason.APPLIED, True)),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_state_in_ecs_becomes_health_and_headline(name: str) -> None:
    before, state, expected = TABLE[name]
    assert summary(observed(before, state)) == expected


@given(STATES, ROLLOUTS, HEADLINES)
def test_law_a_service_without_an_image_always_waits_for_one(
    state: RolloutState, rollout: Rollout | None, reason: Reason
) -> None:
    found = observed(record(rollout, reason), state, newest=None)
    assert summary(found) == (Health.UNKNOWN, Reason.AWAITING_FIRST_IMAGE, False)
    assert found.rollout == rollout


@given(STATES, ROLLOUTS, HEADLINES)
def test_law_ready_means_healthy_and_ends_the_watch(
    state: RolloutState, rollout: Rollout | None, reason: Reason
) -> None:
    found = observed(record(rollout, reason), state)
    if state is not RolloutState.ABSENT:
        health, _, is_ready = summary(found)
        assert is_ready == (health is Health.HEALTHY)
        assert (found.rollout is None) == is_ready


@given(STATES, ROLLOUTS, HEADLINES)
def test_law_the_same_answer_again_changes_nothing(
    state: RolloutState, rollout: Rollout | None, reason: Reason
) -> None:
    once = observed(record(rollout, reason), state)
    assert observed(once, state) == once


@given(st.sampled_from([RolloutState.FAILED, RolloutState.ROLLED_BACK]), ROLLOUTS)
def test_law_a_failed_rollout_keeps_its_start_and_the_message_of_ecs(
    state: RolloutState, rollout: Rollout | None
) -> None:
    found = observed(record(rollout), state).rollout
    assert found is not None
    assert found.ended == {"failed": Reason.ROLLOUT_FAILED, "rolled back": Reason.ROLLED_BACK}[state.value]
    assert found.message == "from ECS"
    assert found.started == (rollout.started if rollout else NOW)
    assert found.task_definition == (rollout.task_definition if rollout else "td:1")


def test_a_rollout_that_takes_too_long_quotes_ecs() -> None:
    found = observed(record(replace(ROLLOUT, started=NOW - timedelta(hours=1))), RolloutState.IN_PROGRESS)
    assert found.rollout is not None
    assert "0:15:00" in found.rollout.message
    assert found.rollout.message.endswith("from ECS")


def test_a_rollback_keeps_the_reason_of_the_failed_rollout() -> None:
    found = observed(record(replace(FAILED, task_definition="td:2")), RolloutState.COMPLETED)
    assert found.rollout is not None
    assert found.rollout.message == "rolled back then"


def test_a_rollout_that_another_tool_began_is_watched() -> None:
    found = observed(record(), RolloutState.IN_PROGRESS).rollout
    assert found == Rollout("d1", IMAGE, "td:1", NOW)


@pytest.mark.parametrize("outputs", [{}, {"task_definition_arn": "td:9"}])
def test_an_apply_begins_a_rollout_of_its_task_definition(outputs: dict[str, str]) -> None:
    assert started(record(), outputs, IMAGE, NOW) == Rollout("d1", IMAGE, outputs.get("task_definition_arn"), NOW)
