"""The judgement of a state before a plan of it counts: it must be the one that the instance's record knows.

Terraform takes an empty state for "nothing exists yet" and plans to create everything. When the record says that
resources exist, an empty state, one of another lineage, an older version or one in another place is a lost state: it
has to be restored, adopted or given up by an operator, and is never filled.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from desired_state.instance import Key
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.record.model import Record
from reconciler.core.record.state import StatePlace, StateSeen
from reconciler.core.wording import plural


@dataclass(frozen=True, slots=True)
class Lost:
    """The state that is the instance's own is not there: `found` was found instead of `known`."""

    known: StateSeen
    found: StateSeen
    message: str


def judge_place(record: Record, place: StatePlace) -> Lost | None:
    """Return why the record's state is not looked for in this place; None when it is there, or may be empty there.

    Nothing is known of a state in the other place, so the version that is found counts as the known one.
    """
    if record.state is None or record.state.seen.place == place or record.state.from_empty or not record.attempted:
        return None
    known = record.state.seen
    return Lost(known, StateSeen(place, known.version), _elsewhere(record.key, known.place, place))


def judge(record: Record, found: StateSeen) -> Lost | None:
    """Return why the state that a pass found is not the one that the record knows; None when it is.

    A record without a known state takes the first one that it meets, unless resources were applied and that one is
    empty.
    """
    known = _known(record, found.place)
    why = _difference(record, known, found)
    return Lost(known, found, why) if why else None


def _known(record: Record, place: StatePlace) -> StateSeen:
    if record.state:
        return record.state.seen
    return StateSeen(place, StateVersion(resources=record.resources if record.applied_at else 0))


def _difference(record: Record, known: StateSeen, found: StateSeen) -> str | None:
    was, now = known.version, found.version
    if now.resources == 0 and record.state and record.state.from_empty:
        return None
    if found.place != known.place and record.attempted:
        return _elsewhere(record.key, known.place, found.place)
    if now.resources == 0:
        return None if was.resources == 0 or _is_destroyed(record, was, now) else _empty(record.key, was, found)
    if was.lineage and now.lineage != was.lineage:
        return _another(record.key, was, found)
    return _older(record.key, was, found) if was.lineage and now.serial < was.serial else None


def _is_destroyed(record: Record, was: StateVersion, now: StateVersion) -> bool:
    """Return whether a destroy emptied the known state: Terraform keeps its lineage and writes a newer version."""
    destroys = record.removed is not None or (record.intent is not None and record.intent.destroys)
    return destroys and now.lineage != "" and was.lineage in {"", now.lineage} and now.serial >= was.serial


def _elsewhere(key: Key, known: StatePlace, found: StatePlace) -> str:
    changed = ", ".join(_moved(known, found))
    return (
        f"its state is in {known}, and the configuration names another place ({changed}): nothing is planned there. Put"
        f" the configuration back; or move the state to {found}, then `reconciler adopt-state {key}`"
    )


def _moved(known: StatePlace, found: StatePlace) -> Iterator[str]:
    pairs = {
        "account": (known.account, found.account),
        "region": (known.region, found.region),
        "bucket": (known.bucket, found.bucket),
        "object": (known.object, found.object),
        "lock table": (known.lock_table, found.lock_table),
    }
    return (f"{name} {new or 'none'} instead of {old or 'none'}" for name, (old, new) in pairs.items() if old != new)


def _empty(key: Key, was: StateVersion, found: StateSeen) -> str:
    what = "is empty" if found.version.lineage else "does not exist"
    return (
        f"its state {found.place} {what}, and had {plural(was.resources, 'resource')}{_named(was)}: nothing is created"
        f" twice. Restore its last version in S3, then `reconciler reconcile {key}`; if its resources are gone"
        f" too: `reconciler reconcile {key} --from-empty --reason R`"
    )


def _another(key: Key, was: StateVersion, found: StateSeen) -> str:
    now = found.version
    return (
        f"another state is in {found.place}: lineage {now.lineage} with {plural(now.resources, 'resource')} instead of"
        f" {was.lineage}. Restore the last version of the former in S3, then `reconciler reconcile {key}`; if this one"
        f" is right: `reconciler adopt-state {key}`"
    )


def _older(key: Key, was: StateVersion, found: StateSeen) -> str:
    return (
        f"its state {found.place} is older than the one that was applied: serial {found.version.serial} instead of"
        f" {was.serial}, so that it lacks changes. Restore its last version in S3, then `reconciler reconcile {key}`;"
        f" if the older one is right: `reconciler adopt-state {key}`"
    )


def _named(version: StateVersion) -> str:
    return f" (lineage {version.lineage}, serial {version.serial})" if version.lineage else ""
