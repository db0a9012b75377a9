"""A world whose every side is one object, and what such an object does where a story asks nothing of it."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.engine.world import Limits, World
from tests.core.instances import DEVELOP, NOW


class Silent:
    """Store, locks and observer of a story that does not look at them: nothing is kept, held or counted."""

    async def save(self, record: Record) -> None: ...

    async def delete(self, record: Record) -> None: ...

    async def read(self, key: Key, environment: Any) -> Any: ...

    def record_changed(self, *_: Any, **__: Any) -> None: ...

    def log(self, *_: Any, **__: Any) -> None: ...


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
        reports=anything,
        observer=anything,
        protection=anything,
        redactor=Redactor(b"a key for tests"),
        environments=environments or {"develop": DEVELOP},
        limits=Limits(max_in_flight=at_a_time),
        now=lambda: NOW,
        rng=anything,
        admission=asyncio.Semaphore(8),
        records={record.key: record for record in records},
    )
