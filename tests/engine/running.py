"""A controller that runs beside a test, which ends at once when the controller fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from reconciler.engine.controller import Controller
from tests.patience import PATIENCE


@asynccontextmanager
async def running(controller: Controller, *, drain: timedelta = timedelta(seconds=5)) -> AsyncIterator[asyncio.Event]:
    """Run the controller in the block. The event stops it earlier; its failure cancels the block and is raised."""
    stop = asyncio.Event()
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        group.create_task(controller.run(stop, drain=drain))
        try:
            yield stop
        finally:
            stop.set()


async def until(holds: Callable[[], object]) -> None:
    """Wait for a state that no event announces."""
    while not holds():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0.005)
