"""Orphans: states with resources that a manifest made once, and that no manifest or record knows any more."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.record.model import Record
from reconciler.core.record.state import StatePlace


@dataclass(frozen=True, slots=True)
class StoredState:
    """A state as its bucket lists it, under the key that its object is named after.

    `elsewhere`: it is below another prefix than the configured one.
    """

    key: Key
    bucket: str
    object: str
    modified: datetime
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Orphan:
    """A state without a manifest or a record, and how many resources it manages; None where it may not be read."""

    state: StoredState
    resources: int | None


class States(Protocol):
    """The states of an environment, whichever tool made them."""

    def place(self, key: Key, environment: Environment) -> StatePlace:
        """Return the place of an instance's state, as it is configured now."""
        ...

    async def version(self, place: StatePlace, environment: Environment) -> StateVersion:
        """Return the version of the state in that place, the empty one when there is none. Raises: LiveUnavailable."""
        ...

    async def stored(self, environment: Environment) -> Sequence[StoredState]:
        """Return every state, in order of key. Raises: LiveUnavailable."""
        ...

    async def size(self, state: StoredState, environment: Environment) -> int:
        """Return how many resources it manages; 0 after a prune or a rename. Raises: LiveUnavailable."""
        ...


def unclaimed(
    states: Iterable[StoredState], records: Mapping[Key, Record], declared: Collection[str]
) -> tuple[StoredState, ...]:
    """Return states that no record has and no manifest is named after; `declared` are names of manifests without
    instances.

    Below another prefix are states that a changed prefix left behind, and in a shared bucket states of others: only
    those count that are named after an instance and are not its known state.
    """
    return tuple(
        state
        for state in states
        if (state.elsewhere and state.key in records and not _is_known(state, records[state.key]))
        or (not state.elsewhere and state.key not in records and state.key.name not in declared)
    )


def _is_known(state: StoredState, record: Record) -> bool:
    known = record.state.seen.place if record.state else None
    return known is not None and (known.bucket, known.object) == (state.bucket, state.object)
