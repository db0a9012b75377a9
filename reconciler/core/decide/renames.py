"""Renames: the instance under the new name takes over the state of its former name.

The state is written under the new name first and emptied under the former one second, each by Terraform under that
state's lock. Terraform refuses to empty a version other than the one that was copied, so a change in between is not
lost, and it overwrites an empty state unconditionally. Until both writes are done neither name is planned; after a
crash at any point the rename continues where it was.
"""

from desired_state.instance import Key
from reconciler.core.record.model import Record


def source_of(record: Record) -> Key | None:
    """Return the key whose state has yet to move to this record; None when nothing has to move."""
    former, move = record.instance.former, record.move
    name = move.source if move and not move.done else former
    if name is None or (move and move.done and move.source == name):
        return None
    return Key(record.key.environment, name)


def is_moving(record: Record) -> bool:
    """Return whether the state of the former name has begun to move to this record and has not arrived."""
    return record.move is not None and not record.move.done


def claims(record: Record, key: Key) -> bool:
    """Return whether the record's instance had this name before, so that the state under it belongs to the record.

    A rename that began is finished whatever happens to the manifests, and a removed instance keeps its claim to the
    end.
    """
    if record.key.environment != key.environment or record.key == key:
        return False
    move = record.move
    moved = move is not None and move.source == key.name and (not move.done or record.removed is not None)
    return moved or (record.instance.former == key.name and record.removed is None)


def has_moved(record: Record, key: Key) -> bool:
    """Return whether the state of that name has moved to this record."""
    return record.move is not None and record.move.done and record.move.source == key.name
