"""Workers that wait for visits: none is lost between a worker that falls asleep and a visit that is added."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from desired_state.instance import Key
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
