"""A renamed instance takes the state of its former name over: what is copied, what is left, and who waits meanwhile.

The state is written under the new name first and emptied under the former one second, each by Terraform under that
state's lock. Terraform refuses to empty another version than the one that was copied, so a change in between is not
lost, and it writes over an empty state whatever that was. Until both are done neither name is planned; a crash at any
point is taken up where it was.
"""

from desired_state.instance import Key
from reconciler.core.record.model import Record


def source_of(record: Record) -> Key | None:
    """Whose state has yet to move here; None when nothing has to."""
    former, move = record.instance.former, record.move
    name = move.source if move and not move.done else former
    if name is None or (move and move.done and move.source == name):
        return None
    return Key(record.key.environment, name)


def claims(record: Record, key: Key) -> bool:
    """True when the record's instance had this name before, so that what it has belongs to the record.

    A move that began is finished whatever becomes of the manifests, and one that is removed owns it till the end.
    """
    if record.key.environment != key.environment or record.key == key:
        return False
    move = record.move
    moved = move is not None and move.source == key.name and (not move.done or record.removed is not None)
    return moved or (record.instance.former == key.name and record.removed is None)


def has_moved(record: Record, key: Key) -> bool:
    """True when the state of that name is here."""
    return record.move is not None and record.move.done and record.move.source == key.name
