"""The state of a rollout in ECS, as the health and headline of a service."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.floor import PROD_FLOOR
from reconciler.core.live import LiveService, RolloutState
from reconciler.core.record.model import Record, Rollout
from reconciler.core.status.conditions import ready
from reconciler.core.status.rollout import seen, started, wanted_tasks
from reconciler.core.vocabulary import ConditionType, Health, Reason
from tests.core.instances import IMAGE, NOW, SERVICE, applied, instance, with_policy

TIMEOUT = timedelta(minutes=15)
LIVE = LiveService(IMAGE, IMAGE, RolloutState.COMPLETED, "td:1", "from ECS", running=2, desired=2)
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
    "not there yet after an apply": (
        record(ROLLOUT),
        RolloutState.ABSENT,
        (Health.PROGRESSING, Reason.PROGRESSING, False),
    ),
    "gone": (record(), RolloutState.ABSENT, (Health.DEGRADED, Reason.MISSING_RESOURCE, False)),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_state_in_ecs_becomes_health_and_headline(name: str) -> None:
    before, state, expected = TABLE[name]
    assert summary(observed(before, state)) == expected


LACKS: dict[str, tuple[Record, dict[str, Any], str]] = {
    "tasks": (record(), {"running": 1}, "1 of 2 tasks run"),
    "tasks that ECS does not want yet": (record(), {"running": 0, "desired": 0}, "0 of 2 tasks run"),
    "tasks that autoscaling added": (record(), {"desired": 4}, "2 of 4 tasks run"),
    "healthy targets": (record(), {"targets": 1}, "1 of 2 tasks run and are healthy"),
    "the image of Git": (record(), {"image": "orders:old"}, f"orders:old runs, not {IMAGE}"),
    "any image": (record(ROLLOUT), {"image": None}, f"no image runs, not {IMAGE}"),
    "the applied task definition": (
        record(replace(ROLLOUT, task_definition="td:2")),
        {},
        "ECS does not show the applied task definition yet",
    ),
}


@pytest.mark.parametrize("name", LACKS)
def test_a_completed_deployment_that_lacks_something_is_not_ready_and_fails_in_the_end(name: str) -> None:
    before, changes, lacks = LACKS[name]
    found = observed(before, RolloutState.COMPLETED, **changes)
    assert summary(found) == (Health.PROGRESSING, Reason.PROGRESSING, False)
    assert found.conditions[ConditionType.READY].message == lacks
    live = replace(LIVE, **changes)
    late = seen(found, live, TIMEOUT, NOW + TIMEOUT + timedelta(seconds=1))
    assert summary(late) == (Health.DEGRADED, Reason.ROLLOUT_TIMEOUT, False)
    assert late.conditions[ConditionType.READY].message.endswith(lacks)


def test_a_service_is_ready_with_the_fewest_tasks_of_any_schedule() -> None:
    night = SERVICE.replace("max: 6}", 'max: 6, schedules: [{cron: "0 20 ? * * *", min: 0, max: 1}]}')
    empty = replace(LIVE, running=0, desired=0)
    for text, wanted in ((SERVICE, 2), (night, 0)):
        found = replace(record(), instance=instance(text))
        assert wanted_tasks(found, empty, NOW) == wanted


def test_a_rule_that_ignores_the_minimum_leaves_the_count_to_its_owner() -> None:
    rule = "{ignore: [{address: aws_appautoscaling_target.this, path: min_capacity, owner: ann, until: 2026-03-02}]}"
    night = replace(LIVE, running=0, desired=0)
    before = record().replace(instance=instance(with_policy(SERVICE, rule)))
    assert seen(before, night, TIMEOUT, NOW).health is Health.HEALTHY
    assert seen(before, night, TIMEOUT, NOW + timedelta(days=1)).health is Health.PROGRESSING
    too_long = before.replace(instance=instance(with_policy(SERVICE, rule.replace("2026-03-02", "2099-01-01"))))
    assert seen(too_long, night, TIMEOUT, NOW, PROD_FLOOR).health is Health.PROGRESSING


@given(
    st.sampled_from([RolloutState.COMPLETED, RolloutState.IN_PROGRESS]),
    st.none() | ROLLOUTS.map(lambda rollout: rollout and replace(rollout, image=None)),
    HEADLINES,
    st.sampled_from([None, IMAGE]),
)
def test_law_a_service_with_the_placeholder_always_waits_for_its_first_image(
    state: RolloutState, rollout: Rollout | None, reason: Reason, newest: str | None
) -> None:
    found = observed(record(rollout, reason), state, image=None, newest=newest)
    assert summary(found) == (Health.UNKNOWN, Reason.AWAITING_FIRST_IMAGE, False)
    assert found.rollout == rollout


@given(
    STATES,
    ROLLOUTS,
    HEADLINES,
    st.builds(
        dict,
        image=st.sampled_from([None, IMAGE, "another"]),
        newest=st.sampled_from([None, IMAGE]),
        running=st.integers(0, 3),
        desired=st.integers(0, 3),
        targets=st.none() | st.integers(0, 3),
    ),
)
def test_law_ready_means_that_the_wanted_image_runs_in_the_wanted_number_of_healthy_tasks(
    state: RolloutState, rollout: Rollout | None, reason: Reason, changes: dict[str, Any]
) -> None:
    found = observed(record(rollout, reason), state, **changes)
    health, _, is_ready = summary(found)
    live = replace(LIVE, **changes)
    assert is_ready == (health is Health.HEALTHY)
    if is_ready:
        assert live.image == live.newest != None  # noqa: E711 - one comparison of three
        assert min(live.running, live.running if live.targets is None else live.targets) >= max(2, live.desired)
        assert found.rollout is None


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
