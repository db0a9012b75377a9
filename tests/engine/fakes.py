"""A world whose every side is one object, and what such an object does where a story asks nothing of it."""

import asyncio
from collections.abc import Callable, Mapping, MutableMapping
from datetime import datetime
from typing import Any, cast

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.ports.observer import Observer
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.engine.records import Records
from reconciler.engine.world import Limits, World
from tests.core.instances import DEVELOP, NOW

REDACTOR = Redactor(b"a key for tests")


class Silent:
    """Store, locks and observer of a story that does not look at them: nothing is kept, held or counted."""

    async def save(self, record: Record) -> None: ...

    async def delete(self, record: Record) -> None: ...

    async def read(self, key: Key, environment: Any) -> Any: ...

    def record_changed(self, *_: Any, **__: Any) -> None: ...

    def log(self, *_: Any, **__: Any) -> None: ...


class FakeRecords(Records, MutableMapping[Key, Record]):
    """Records that a test may also set and delete, as an earlier process or another writer would have."""

    def __setitem__(self, key: Key, record: Record) -> None:
        """Set it as it is, without a write."""
        self._known[key] = record

    def __delitem__(self, key: Key) -> None:
        """Delete it, without a write."""
        del self._known[key]


def records_of(
    around: Any, *records: Record, observer: Observer | None = None, now: Callable[[], datetime] = lambda: NOW
) -> FakeRecords:
    found = FakeRecords(around, around, observer or around, REDACTOR, now=now)
    found.update({record.key: record for record in records})
    return found


def fake_records(world: World) -> FakeRecords:
    assert isinstance(world.records, FakeRecords)
    return world.records


def world_of(
    around: Silent,
    *records: Record,
    environments: Mapping[str, Environment] | None = None,
    at_a_time: int = 1,
) -> World:
    anything = cast(Any, around)
    return World(
        terraform=anything,
        live=anything,
        prerequisites=anything,
        first_tasks=anything,
        locks=anything,
        store=anything,
        trees=anything,
        observer=anything,
        protection=anything,
        redactor=REDACTOR,
        environments=environments or {"develop": DEVELOP},
        limits=Limits(max_in_flight=at_a_time),
        now=lambda: NOW,
        rng=anything,
        admission=asyncio.Semaphore(8),
        records=records_of(around, *records),
    )
