"""State locks in a pass: our own are recorded, stale ones of our own are cleared, others stay.

A lock is broken on two proofs only: the record says that it is ours, and its holder is seen to be dead. The result is
read again, because Terraform reports a failure when only one half of a lock was left, and clears it all the same.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from desired_state.instance import Key
from reconciler.core.decide.locks import NamedByOperator, NotOurs, Ours, explain, judge
from reconciler.core.environment import Environment
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.terraform import LockInfo, TerraformFailed, Workspace
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Running
from reconciler.core.status.events import LockedOut, LockObserved, Starting
from reconciler.core.vocabulary import Reason
from reconciler.engine.world import World

_LOOK_EVERY = 0.2
T = TypeVar("T")


async def plan(
    record: Record, workspace: Workspace, environment: Environment, world: World, *, destroy: bool
) -> Mapping[str, Any]:
    """Plan. A stale lock of our own is cleared first. Raises: TerraformFailed."""

    async def look() -> Mapping[str, Any]:
        return await with_run_noted(record.key, record.running, world, lambda: workspace.plan(destroy=destroy))

    return await with_stale_lock_cleared(record.key, record, workspace, environment, world, look)


async def with_run_noted(key: Key, before: Running | None, world: World, run: Callable[[], Awaitable[T]]) -> T:
    """Run while the record of `key` notes that a run of ours may hold the lock; the caller records the end.

    `before` is the note of a run that had not ended when this one began. Raises: TerraformFailed.
    """
    await world.records.advance(key, Starting(Running(world.locks.me, world.now())))
    try:
        return await run()
    except TerraformFailed as failed:
        if failed.lock:  # it never had the lock, so it may not claim one that another run of that name takes later
            await world.records.advance(key, LockedOut(before))
        raise


async def with_stale_lock_cleared(
    key: Key,
    record: Record,
    workspace: Workspace,
    environment: Environment,
    world: World,
    run: Callable[[], Awaitable[T]],
) -> T:
    """Run; when the state of `key` has a stale lock that the record proves to be ours, clear it and run again.

    Raises: TerraformFailed.
    """
    try:
        return await run()
    except TerraformFailed as failed:
        if failed.lock is None:
            raise
        await _clear(failed.lock, key, record, workspace, environment, world)
        return await run()


async def clear_stale_lock(
    key: Key, record: Record, workspace: Workspace, environment: Environment, world: World
) -> None:
    """Clear a stale lock of a state that nothing is written to any more. Raises: TerraformFailed, LiveUnavailable."""
    if lock := await world.locks.read(key, environment):
        await _clear(lock, key, record, workspace, environment, world)


@asynccontextmanager
async def recording_lock(key: Key, workspace: Workspace, environment: Environment, world: World) -> AsyncIterator[None]:
    """Record the lock that the apply in the block holds."""
    watching = asyncio.create_task(_record(key, workspace, environment, world), name=f"lock of {key}")
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait([watching])


async def _record(key: Key, workspace: Workspace, environment: Environment, world: World) -> None:
    while not workspace.has_begun():  # noqa: ASYNC110 - Terraform says it in a file
        await asyncio.sleep(_LOOK_EVERY)
    try:
        lock = await world.locks.read(key, environment)
    except LiveUnavailable as unavailable:
        world.observer.log("lock_not_seen", instance=str(key), why=str(unavailable))
        return
    if lock and lock.who == world.locks.me.who:
        saving = asyncio.ensure_future(world.records.advance(key, LockObserved(lock.id)))
        try:
            await asyncio.shield(saving)
        finally:
            await asyncio.wait([saving])


async def _clear(
    lock: LockInfo, key: Key, record: Record, workspace: Workspace, environment: Environment, world: World
) -> None:
    """Break the lock if that is proven to be safe. Raises: TerraformFailed (StateLocked, LockOrphaned)."""
    match judge(lock, record):
        case NotOurs():
            raise TerraformFailed(Reason.STATE_LOCKED, explain(lock, record, ours=False), lock=lock)
        case Ours(holder, certain) if not await world.locks.is_dead(holder, certain=certain):
            raise TerraformFailed(Reason.LOCK_ORPHANED, explain(lock, record, ours=True), lock=lock)
        case Ours() | NamedByOperator():
            await workspace.unlock(lock.id)
    try:
        left = await world.locks.read(key, environment)
    except LiveUnavailable as unavailable:
        raise TerraformFailed(Reason.LOCK_ORPHANED, f"whether the lock is gone is not known: {unavailable}") from None
    if left:
        raise TerraformFailed(Reason.LOCK_ORPHANED, explain(left, record, ours=left.id == lock.id), lock=left)
    world.observer.log("lock_cleared", instance=str(key), lock=lock.id, who=lock.who, operation=lock.operation)
