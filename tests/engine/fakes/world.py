"""A world of fakes: a test names only the ports that it is about."""

import asyncio
import random
from collections.abc import Callable, Mapping, MutableMapping
from datetime import datetime

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.ports.aws import FirstTasks, Live, Prerequisites
from reconciler.core.ports.judge import Judge
from reconciler.core.ports.observer import Observer
from reconciler.core.ports.orphans import States
from reconciler.core.ports.store import Store
from reconciler.core.ports.terraform import Locks, Terraform
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.engine.controller import Controller
from reconciler.engine.intake import Intake
from reconciler.engine.records import Records
from reconciler.engine.world import Limits, World
from tests.core.instances import DEVELOP, NOW
from tests.engine.fakes.aws import FakeFirstTasks, FakeLive, FakePrerequisites, FakeProtection
from tests.engine.fakes.observer import FakeObserver
from tests.engine.fakes.orphans import FakeStates
from tests.engine.fakes.source import FakeSource
from tests.engine.fakes.store import FakeReports, FakeStore, FakeTrees
from tests.engine.fakes.terraform import FakeLocks, FakeTerraform

REDACTOR = Redactor(b"a key for tests")


class FakeRecords(Records, MutableMapping[Key, Record]):
    """Records that a test may also set and delete, as an earlier process or another writer would have."""

    def __setitem__(self, key: Key, record: Record) -> None:
        """Set it as it is, without a write."""
        self._known[key] = record

    def __delitem__(self, key: Key) -> None:
        """Delete it, without a write."""
        del self._known[key]


def fake_records(world: World) -> FakeRecords:
    """Return the records of a fake world, which a test may set."""
    assert isinstance(world.records, FakeRecords)
    return world.records


def fake_world(
    *records: Record,
    terraform: Terraform | None = None,
    live: Live | None = None,
    prerequisites: Prerequisites | None = None,
    first_tasks: FirstTasks | None = None,
    locks: Locks | None = None,
    store: Store | None = None,
    observer: Observer | None = None,
    judge: Judge | None = None,
    states: States | None = None,
    environments: Mapping[str, Environment] | None = None,
    limits: Limits | None = None,
    admitted: int = 8,
    now: Callable[[], datetime] = lambda: NOW,
) -> World:
    """Return a world with these records. A port that is not given is a fake.

    `admitted` Terraform runs go on at once. The clock stands at `NOW` unless `now` is given.
    """
    store, observer = store or FakeStore(), observer or FakeObserver()
    known = FakeRecords(store, FakeReports(), observer, REDACTOR, now=now)
    known.update({record.key: record for record in records})
    return World(
        terraform=terraform or FakeTerraform(),
        live=live or FakeLive(),
        prerequisites=prerequisites or FakePrerequisites(),
        first_tasks=first_tasks or FakeFirstTasks(),
        locks=locks or FakeLocks(),
        store=store,
        records=known,
        trees=FakeTrees(),
        observer=observer,
        redactor=REDACTOR,
        environments=environments or {"develop": DEVELOP},
        limits=limits or Limits(),
        now=now,
        rng=random.Random(0),
        admission=asyncio.Semaphore(admitted),
        protection=FakeProtection(),
        judge=judge,
        states=states or FakeStates(),
    )


class FakeController(Controller):
    """A controller without a source, which remembers the keys that it was asked to visit."""

    def __init__(self, world: World) -> None:
        super().__init__(world, FakeSource(), Intake(world), workers=1)
        self.asked: list[Key] = []

    def ask(self, key: Key, *, trigger: str, urgency: int | None = None) -> None:
        """Take note of the key; nothing is queued."""
        self.asked.append(key)
