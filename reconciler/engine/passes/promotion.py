"""The root tree of a pass: the one that Git asks for, or the previous one while promotion has not reached the
instance.
"""

from desired_state.instance import Instance, Key
from reconciler.core.decide.promotion import reason_to_wait
from reconciler.core.record.model import Record
from reconciler.core.status.events import TreeAdmitted, TreeHeldBack
from reconciler.core.status.promotion import wants_tree, with_tree
from reconciler.engine.world import World


async def promote(key: Key, world: World) -> Instance:
    """Return the instance that the pass works towards: its manifest, with the root tree that it may use now.

    Decisions are made one at a time, each after the write of the one before: otherwise two passes could both take the
    last free place.
    """
    if not wants_tree(world.records[key]):
        return world.records[key].instance
    async with world.promoting:
        record = world.records[key]
        why = reason_to_wait(record, world.records, world.environments, max_in_flight=world.limits.max_in_flight)
        if why is None:
            return (await world.records.advance(key, TreeAdmitted(asked=record.requested_at is not None))).instance
        record = await world.records.advance(key, TreeHeldBack(why))
    return with_tree(record.instance, record.base.tree_id) if record.base else record.instance


def waiting_for(before: Record, after: Record | None, world: World) -> list[Key]:
    """Return the instances that are held back from a tree, once another instance of the same tree changed."""
    if after is not None and (before.promoted, before.health, before.failures, before.suspended) == (
        after.promoted,
        after.health,
        after.failures,
        after.suspended,
    ):
        return []
    root, tree_id = before.instance.root, (after or before).instance.tree_id
    return [
        key
        for key, other in world.records.items()
        if other.promoted and other.promoted.held and key != before.key
        if (other.instance.root, other.instance.tree_id) == (root, tree_id) or before.key in other.instance.depends_on
    ]
