"""Laws of rollouts over any sequence of changes, and examples."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from deploy.local.standin import rollouts
from deploy.local.standin.rollouts import Breaker, Rollout

START = datetime(2026, 1, 1, tzinfo=UTC)
DELAY = timedelta(seconds=10)
WITH_ROLLBACK = Breaker(enabled=True, rollback=True)


@dataclass(frozen=True)
class Step:
    """A change `after` seconds after the previous step."""

    after: int
    desired: int | None = None
    revision: int | None = None
    failing: bool = False


steps = st.lists(
    st.builds(
        Step,
        after=st.integers(0, 25),
        desired=st.none() | st.integers(0, 4),
        revision=st.none() | st.integers(1, 9),
        failing=st.booleans(),
    ),
    max_size=8,
)
breakers = st.builds(Breaker, enabled=st.booleans(), rollback=st.booleans())


def service(*, desired: int = 2, failing: bool = False, breaker: Breaker = WITH_ROLLBACK) -> Rollout:
    return rollouts.begin("orders", "orders:0", desired=desired, failing=failing, breaker=breaker, now=START)


def at(rollout: Rollout, seconds: float) -> Rollout:
    return rollouts.advance(rollout, now=START + timedelta(seconds=seconds), delay=DELAY)


def play(rollout: Rollout, played: list[Step]) -> tuple[Rollout, datetime]:
    now = START
    for step in played:
        now += timedelta(seconds=step.after)
        rollout = rollouts.advance(rollout, now=now, delay=DELAY)
        if step.desired is not None:
            rollout = rollouts.scale(rollout, step.desired, now=now, delay=DELAY)
        if step.revision is not None:
            rollout = rollouts.deploy(rollout, f"orders:{step.revision}", failing=step.failing, now=now)
    return rollout, now


@given(steps, breakers)
def test_the_result_does_not_depend_on_the_number_of_reads(played: list[Step], breaker: Breaker) -> None:
    rollout, now = play(service(breaker=breaker), played)
    late = now + 3 * DELAY
    read_once = rollouts.advance(rollout, now=late, delay=DELAY)
    read_often = rollout
    for second in range(31):
        read_often = rollouts.advance(read_often, now=now + timedelta(seconds=second), delay=DELAY)
    assert summary(read_often) == summary(read_once)


@given(steps)
def test_with_a_breaker_every_rollout_ends(played: list[Step]) -> None:
    rollout, now = play(service(), played)
    ended = rollouts.advance(rollout, now=now + 3 * DELAY, delay=DELAY)
    assert ended.primary.state in ("COMPLETED", "FAILED")
    if ended.primary.state == "COMPLETED":
        assert ended.replaced == ()
        # A deployment that completed without tasks and is scaled out later has no breaker any more.
        running = 0 if ended.primary.failing else ended.primary.desired
        assert ended.primary.running(now + 3 * DELAY, DELAY) == running


@given(steps, breakers, st.integers(0, 40))
def test_no_task_is_invented_or_lost(played: list[Step], breaker: Breaker, later: int) -> None:
    rollout, now = play(service(breaker=breaker), played)
    now += timedelta(seconds=later)
    primary = rollouts.advance(rollout, now=now, delay=DELAY).primary
    running, pending = primary.running(now, DELAY), primary.pending(now, DELAY)
    assert running >= 0
    assert pending >= 0
    assert running + pending == primary.desired


@given(steps)
def test_a_failed_deployment_never_becomes_the_target_of_a_rollback(played: list[Step]) -> None:
    failing = [Step(after=step.after, revision=9, failing=True) for step in played]
    rollout, now = play(at(service(), 10), [Step(after=20), *failing])
    ended = rollouts.advance(rollout, now=now + 3 * DELAY, delay=DELAY)
    assert ended.primary.task_definition == "orders:0"
    assert ended.primary.state == "COMPLETED"


def test_a_broken_deployment_is_rolled_back_to_the_last_completed_one() -> None:
    worked = at(service(), 10)
    broken = rollouts.deploy(worked, "orders:1", failing=True, now=START + timedelta(seconds=20))
    assert at(broken, 29).primary.task_definition == "orders:1"

    rolling_back = at(broken, 30)
    failed = rolling_back.replaced[0]
    assert (failed.task_definition, failed.state) == ("orders:1", "FAILED")
    assert failed.reason == "ECS deployment circuit breaker: tasks failed to start."
    assert rolling_back.primary.task_definition == "orders:0"
    assert rolling_back.primary.reason.endswith(f"rolling back to deploymentId {worked.primary.id}.")

    assert at(broken, 40).primary.state == "COMPLETED"


def test_a_failed_first_deployment_is_not_rolled_back() -> None:
    failed = at(service(failing=True), 10).primary
    assert (failed.state, failed.failed_tasks) == ("FAILED", 3)


def test_without_a_breaker_ecs_retries_forever() -> None:
    stuck = at(service(failing=True, breaker=Breaker()), 100_000).primary
    assert stuck.state == "IN_PROGRESS"


def test_a_deployment_without_tasks_completes() -> None:
    assert at(service(desired=0, failing=True), 10).primary.state == "COMPLETED"


def test_a_service_scaled_out_keeps_its_running_tasks_and_its_deployment() -> None:
    now = START + timedelta(seconds=20)
    before = at(service(), 20)
    scaled = rollouts.scale(before, 5, now=now, delay=DELAY).primary
    assert (scaled.id, scaled.state) == (before.primary.id, "COMPLETED")
    assert (scaled.running(now, DELAY), scaled.pending(now, DELAY)) == (2, 3)


def summary(rollout: Rollout) -> tuple[object, ...]:
    """Return a rollout without its random ids, for comparisons."""
    primary = rollout.primary
    events = [event.message.partition("ecs-svc")[0] for event in rollout.events]
    return primary.task_definition, primary.state, primary.desired, primary.updated_at, len(rollout.replaced), events
