"""The regular sweep of the daemon's disk: which trees and workspaces a record still needs."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta

from reconciler.core.record.model import Record
from reconciler.engine.world import World

_EVERY = timedelta(hours=1)


async def sweep_regularly(world: World, is_complete: Callable[[], bool], *, every: timedelta = _EVERY) -> None:
    """Sweep for ever, except while the records may lack something that Git asks for."""
    while True:
        await asyncio.sleep(every.total_seconds())
        if is_complete():
            await sweep(world)


async def sweep(world: World) -> None:
    """Sweep once. A failure is counted and logged, and the next sweep tries again."""
    if world.upkeep is None:
        return
    trees = {tree_id for record in world.records.values() for tree_id in needed_trees(record)}
    try:
        await world.upkeep.sweep(trees, set(world.records))
    except Exception:  # an untidy disk must not stop the engine
        world.observer.crashed("upkeep")


def needed_trees(record: Record) -> Iterator[str]:
    """Yield the trees that an instance wants, may take, or was made from."""
    yield record.instance.tree_id
    if record.base:
        yield record.base.tree_id
    if record.promoted:
        yield record.promoted.tree_id
