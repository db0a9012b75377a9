"""Renames in passes: the state moves to the new name, and the record of the old name waits and is deleted.

Everything about a key happens in that key's own passes. The workspace of the old name is locked while its state moves,
so that no run of it goes on, and a run that waited for it sees that it was renamed.
"""

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from desired_state.instance import Key
from reconciler.core.decide.moves import move_verdict, refusal
from reconciler.core.decide.renames import claims, has_moved, is_moving, source_of
from reconciler.core.decide.state import judge
from reconciler.core.decide.tenancy import tenant_of
from reconciler.core.decide.verdict import Apply, waiting
from reconciler.core.environment import Environment
from reconciler.core.plan.move import plan_move
from reconciler.core.plan.state_file import State, StatesDiffer, is_copied
from reconciler.core.ports.terraform import Run, TerraformFailed, Workspace
from reconciler.core.record.model import Record
from reconciler.core.record.state import StateSeen
from reconciler.core.status.events import (
    LockedOut,
    PassHeld,
    RenameFinished,
    RenameStarted,
    StateMissed,
)
from reconciler.core.vocabulary import Reason
from reconciler.engine.passes import locks
from reconciler.engine.world import World

TakeOver = Literal["nothing", "waits", "moved"]


@asynccontextmanager
async def workspace(run: Run, world: World) -> AsyncIterator[Workspace]:
    """Open the instance's workspace, unless it was renamed during the wait. Raises: TerraformFailed."""
    async with world.admission, world.terraform.workspace(run) as opened:
        if heir := _heir(run.key, world):
            raise TerraformFailed(Reason.INTERRUPTED, f"renamed meanwhile: its state belongs to {heir.key}")
        yield opened


async def waits_for_rename(key: Key, world: World) -> bool:
    """Return whether another manifest had this name before: then this record is only deleted once its state has
    moved.
    """
    heir = _heir(key, world)
    if heir is None:
        return False
    record = world.records[key]
    if not has_moved(heir, key):
        await world.records.advance(key, PassHeld(Reason.PROGRESSING, f"renamed: its state moves to {heir.key}"))
    elif heir.removed is None and record.removed:
        await world.records.forget(key)
    else:
        why = f"its resources are in the state of {heir.key}, which had this name before"
        await world.records.advance(
            key, PassHeld(Reason.STATE_CONFLICT, f"{why}: use that name, or wait for its removal")
        )
    return True


async def take_over(key: Key, environment: Environment, world: World) -> TakeOver:
    """Move the state of the former name here, if that may be done now. Raises: TerraformFailed, Frozen."""
    record = world.records[key]
    source = source_of(record)
    if source is None or (record.removed and not is_moving(record)):
        return "nothing"
    old = world.records.get(source)
    if not is_moving(record) and (never := refusal(record, old, world.tenants)):
        raise TerraformFailed(Reason.INVALID_CONFIGURATION, never)
    async with _both(record, source, environment, world) as (before, after):
        state = State(await before.read_state())
        await _check_known(source, state, after, environment, world)
        if state.is_empty:
            await _finish(record, old, source, (before, after), environment, world)
        elif not await _may_move(record, old, state, source, environment, world):
            return "waits"
        else:
            async with world.apply_of(key):
                await _move(record, old, source, (before, after), state, environment, world)
    return "moved"


async def _may_move(
    record: Record, old: Record | None, state: State, source: Key, environment: Environment, world: World
) -> bool:
    """Decide about the move, and record why it waits."""
    plan = plan_move(state, source, record.key, world.now())
    found = move_verdict(
        record,
        old,
        plan,
        environment,
        now=world.now(),
        valid_for=world.limits.verdict.approval,
        freeze=world.freezing.of(environment.name),
    )
    if isinstance(found, Apply):
        return True
    await world.records.advance(record.key, waiting(found, plan))
    return False


async def _move(
    record: Record,
    old: Record | None,
    source: Key,
    places: tuple[Workspace, Workspace],
    state: State,
    environment: Environment,
    world: World,
) -> None:
    before, after = places
    if record.removed:
        await _take_back(record, state, after, environment, world)
        return
    record = await world.records.advance(record.key, RenameStarted(source.name))
    await _copy(record, state, after, environment, world)
    await _write(source, _known(record, old), before, state.emptied(), environment, world)
    await _note_arrival(record, old, source, after, environment, world)


async def _finish(
    record: Record,
    old: Record | None,
    source: Key,
    places: tuple[Workspace, Workspace],
    environment: Environment,
    world: World,
) -> None:
    """Note that nothing is left to move. A run that was killed after its last write left its lock there."""
    before, after = places
    await locks.clear_stale_lock(source, _known(record, old), before, environment, world)
    await _note_arrival(record, old, source, after, environment, world)


async def _note_arrival(
    record: Record, old: Record | None, source: Key, after: Workspace, environment: Environment, world: World
) -> None:
    seen = StateSeen(world.states.place(record.key, environment), State(await after.read_state()).version)
    await world.records.advance(record.key, RenameFinished(source.name, old, seen))


async def _check_known(source: Key, state: State, after: Workspace, environment: Environment, world: World) -> None:
    """Check that the state of the former name is the one that its record knows, or was moved by a run that was killed.

    Raises: TerraformFailed (StateLost).
    """
    old = world.records.get(source)
    lost = judge(old, StateSeen(world.states.place(source, environment), state.version)) if old else None
    if lost is None or (_is_emptied(state, lost.known) and not State(await after.read_state()).is_empty):
        return
    await world.records.advance(source, StateMissed(lost.known, lost.found, lost.message))
    raise TerraformFailed(Reason.STATE_LOST, f"it cannot take over its former name {source.name}: {lost.message}")


def _is_emptied(state: State, known: StateSeen) -> bool:
    """Return whether the known state was emptied; its copy got a lineage of its own when it was written."""
    return state.is_empty and state.lineage != "" and known.version.lineage in {"", state.lineage}


async def _copy(record: Record, state: State, after: Workspace, environment: Environment, world: World) -> None:
    try:
        copied = is_copied(state, State(await after.read_state()))
    except StatesDiffer:
        message = (
            f"it cannot take over the state of its former name {record.instance.former}: it has one of its own."
            " Decide which one is right, empty the other with `terraform state rm`, or drop `formerName`"
        )
        raise TerraformFailed(Reason.STATE_CONFLICT, message) from None
    if not copied:
        await _write(record.key, record, after, state, environment, world)


async def _take_back(record: Record, state: State, after: Workspace, environment: Environment, world: World) -> None:
    """Undo half a move after the manifest was removed: what is still under the former name stays there alone."""
    copied = State(await after.read_state())
    if not copied.is_empty and copied.resources == state.resources:
        await _write(record.key, record, after, copied.emptied(), environment, world)
    await world.records.advance(record.key, RenameStarted(None))


@asynccontextmanager
async def _both(
    record: Record, source: Key, environment: Environment, world: World
) -> AsyncIterator[tuple[Workspace, Workspace]]:
    """Open the workspaces of both names; only their states are used, so any root does."""
    tenant = tenant_of(record, world.tenants)
    here = Run(record.key, record.instance.root, record.instance.tree_id, {}, environment, tenant=tenant)
    there = dataclasses.replace(here, key=source)
    async with world.admission, world.terraform.workspace(there) as before, world.terraform.workspace(here) as after:
        yield before, after


async def _write(
    key: Key, record: Record, place: Workspace, state: State, environment: Environment, world: World
) -> None:
    noted = key if key in world.records else record.key

    async def write() -> None:
        await locks.with_run_noted(noted, record.running, world, lambda: place.write_state(state.text))
        await world.records.advance(noted, LockedOut(record.running))

    await locks.with_stale_lock_cleared(key, record, place, environment, world, write)


def _known(record: Record, old: Record | None) -> Record:
    """Return the record, with the old one's knowledge of runs that may have left a lock on the old state."""
    return record.replace(intent=old.intent, running=old.running) if old else record


def _heir(key: Key, world: World) -> Record | None:
    return next((record for record in world.records.values() if claims(record, key)), None)
