"""Workers that wait for visits: none is lost between a worker that falls asleep and a visit that is added."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from desired_state.instance import Key
from reconciler.core.schedule.visits import Visit
from reconciler.engine.queue import Closed, Queue
from tests.patience import PATIENCE

ORDERS, PAYMENTS = Key("prod", "orders"), Key("prod", "payments")


def now() -> datetime:
    return datetime.now(UTC)


async def test_a_sleeping_worker_wakes_for_a_visit() -> None:
    queue = Queue(now)
    worker = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.add(ORDERS, trigger="git")
    key, visit = await asyncio.wait_for(worker, PATIENCE)
    assert (key, visit.trigger) == (ORDERS, "git")


async def test_workers_share_the_keys_and_no_key_runs_twice_at_once() -> None:
    queue, running, visits = Queue(now), set[Key](), dict[Key, int]()

    async def work() -> None:
        while True:
            key, _ = await queue.take()
            assert key not in running
            running.add(key)
            visits[key] = visits.get(key, 0) + 1
            await asyncio.sleep(0.002)
            running.remove(key)
            queue.done(key)

    keys = [Key("prod", f"s{n}") for n in range(20)]
    workers = [asyncio.create_task(work()) for _ in range(5)]
    for _ in range(3):
        for key in keys:
            queue.add(key, trigger="git")
        await asyncio.sleep(0.001)
    while queue.depth or running:  # noqa: ASYNC110 - there is no event for the end of the work
        await asyncio.sleep(0.005)
    queue.close()
    results = await asyncio.gather(*workers, return_exceptions=True)
    assert all(isinstance(result, Closed) for result in results)
    assert set(visits) == set(keys)


async def test_a_visit_in_the_future_is_started_when_it_is_due() -> None:
    queue = Queue(now)
    at = now() + timedelta(milliseconds=50)
    queue.add(ORDERS, at, trigger="interval")
    await queue.take()
    assert now() >= at


async def test_the_most_urgent_visit_goes_first() -> None:
    queue = Queue(now)
    queue.add(ORDERS, trigger="interval")
    queue.add(PAYMENTS, urgency=2, trigger="git")
    assert (await queue.take())[0] == PAYMENTS


async def test_a_closed_queue_gives_out_no_visit_and_wakes_its_waiting_worker() -> None:
    queue = Queue(now)
    worker = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.add(ORDERS, trigger="git")
    queue.close()
    with pytest.raises(Closed):
        await queue.take()
    with pytest.raises(Closed):
        await asyncio.wait_for(worker, 5)


async def test_a_clock_that_was_ahead_and_is_corrected_delays_no_visit() -> None:
    wall = datetime(2026, 3, 2, tzinfo=UTC)
    queue = Queue(lambda: wall, steady=lambda: 0.0)
    wall += timedelta(days=40)
    queue.add(ORDERS, wall - timedelta(seconds=1), trigger="interval")
    await queue.take()
    queue.add(PAYMENTS, wall, trigger="interval")
    wall -= timedelta(days=40)
    key, visit = await asyncio.wait_for(queue.take(), PATIENCE)
    assert (key, visit.at) == (PAYMENTS, wall)


async def test_a_dropped_visit_is_not_given_out_and_the_others_are() -> None:
    queue = Queue(now)
    for key in (ORDERS, PAYMENTS):
        queue.add(key, trigger="git")
    assert queue.depth == 2
    queue.drop(ORDERS)
    assert queue.depth == 1
    assert (await queue.take())[0] == PAYMENTS
    assert queue.depth == 0


async def test_a_key_is_given_out_again_only_once_its_visit_is_done() -> None:
    queue = Queue(now)
    queue.add(ORDERS, trigger="git")
    await queue.take()
    queue.add(ORDERS, trigger="request")
    worker = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    assert not worker.done()
    queue.done(ORDERS)
    assert (await asyncio.wait_for(worker, PATIENCE))[1].trigger == "request"


@pytest.mark.parametrize(
    ("jump", "elapsed", "follows"),
    [(-10, 0.0, True), (-1, 0.0, False), (10, 0.0, False), (0, 10.0, True), (10, 10.0, False), (-3, 0.0, True)],
)
async def test_visits_follow_a_clock_that_falls_back_against_the_steady_one(
    jump: int, elapsed: float, follows: bool
) -> None:
    """`jump` is what the clock moves by in seconds, `elapsed` what the steady one does."""
    start = datetime(2026, 3, 2, tzinfo=UTC)
    wall, steady = start, 5.0
    queue = Queue(lambda: wall, steady=lambda: steady)
    queue.add(ORDERS, start - timedelta(days=1), trigger="interval")
    queue.add(PAYMENTS, start + timedelta(hours=1), trigger="interval")
    wall, steady = start + timedelta(seconds=jump), steady + elapsed
    await queue.take()
    wall += timedelta(hours=2)
    steady += 7200
    _, visit = await queue.take()
    shifted = timedelta(seconds=jump - elapsed) if follows else timedelta(0)
    assert visit.at == start + timedelta(hours=1) + shifted


class Paced:
    """Pacing that lets nothing start before a time, and remembers what it was told."""

    def __init__(self, opens: datetime) -> None:
        self.opens = opens
        self.told: list[object] = []

    def not_before(self, key: Key, visit: Visit) -> datetime:
        return self.opens

    def started(self, key: Key, visit: Visit, at: datetime) -> None:
        self.told.append((key, at))

    def shift(self, by: timedelta) -> None:
        self.told.append(by)


async def test_the_pacing_defers_visits_is_told_of_starts_and_follows_the_clock() -> None:
    wall = datetime(2026, 3, 2, tzinfo=UTC)
    pacing = Paced(wall + timedelta(hours=1))
    queue = Queue(lambda: wall, pacing, steady=lambda: 0.0)
    queue.add(ORDERS, trigger="interval")
    assert [(key, visit.at) for key, visit in queue.deferred()] == [(ORDERS, wall)]
    wall += timedelta(hours=1)
    assert list(queue.deferred()) == []
    key, visit = await queue.take()
    assert (key, visit.at, pacing.told) == (ORDERS, wall, [(ORDERS, wall)])
    queue.add(PAYMENTS, wall - timedelta(days=1), trigger="interval")
    wall -= timedelta(minutes=1)
    pacing.opens = wall
    await queue.take()
    assert pacing.told[1] == timedelta(minutes=-1)
