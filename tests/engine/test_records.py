"""The one writer of records: order, versions, reports, tombstones, and the times of commits."""

import asyncio
import dataclasses
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from desired_state.instance import Key
from reconciler.core.ports.store import Reports, StoreConflict
from reconciler.core.record.model import Drift, Record
from reconciler.core.record.runs import Intent
from reconciler.core.status.advance import first
from reconciler.core.status.events import Accepted, Applied, Applying, Desired, Invalid, Removed, Resumed, Suspended
from reconciler.core.vocabulary import ConditionType, Reason, Sync
from reconciler.engine.records import Records
from tests.core.instances import NOW, applied, base, instance
from tests.engine.fakes.observer import FakeObserver
from tests.engine.fakes.store import FakeReports, FakeStore
from tests.engine.fakes.world import REDACTOR

ORDERS, PAYMENTS = Key("develop", "orders"), Key("develop", "payments")
PAYMENTS_INSTANCE = dataclasses.replace(instance(), key=PAYMENTS)


@dataclass
class SlowStore(FakeStore):
    """A store that writes the record of a key in `blocked` only once it is `released`."""

    blocked: Key = ORDERS
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def save(self, record: Record) -> None:
        if record.key == self.blocked:
            await self.released.wait()
        await super().save(record)


class ConflictingStore(FakeStore):
    """A store in which another writer has changed every record."""

    async def save(self, record: Record) -> None:
        raise StoreConflict

    async def delete(self, record: Record) -> None:
        raise StoreConflict


class FailingReports(FakeReports):
    """A folder that cannot be written."""

    async def keep(self, name: str, text: str) -> None:
        raise OSError("no space left")


@dataclass
class StoredFirst(FakeObserver):
    """An observer that compares each change with the store at that moment."""

    store: FakeStore = field(default_factory=FakeStore)

    def record_changed(self, old: Record | None, new: Record | None, *, commit_at: datetime | None) -> None:
        changed = new or old
        assert changed is not None
        assert self.store.records.get(changed.key) == new
        super().record_changed(old, new, commit_at=commit_at)


async def records_in(
    store: FakeStore, *known: Record, observer: FakeObserver | None = None, reports: Reports | None = None
) -> Records:
    """Return the records of a process that found these in its store."""
    store.records.update({record.key: record for record in known})
    records = Records(store, reports or FakeReports(), observer or FakeObserver(), REDACTOR, now=lambda: NOW)
    await records.load()
    return records


async def test_versions_increase_with_each_write() -> None:
    store = FakeStore()
    records = await records_in(store)
    begun = await records.begin(first(instance(), "c1"))
    suspended = await records.advance(ORDERS, Suspended())
    assert (begun.version, suspended.version) == (1, 2)
    assert store.saved == [begun, suspended]
    assert records[ORDERS] == suspended


async def test_an_event_without_effect_is_not_written() -> None:
    store, observer = FakeStore(), FakeObserver()
    records = await records_in(store, applied(), observer=observer)
    assert await records.advance(ORDERS, Resumed()) == records[ORDERS]
    assert (store.saved, observer.changes) == ([], [])


async def test_writes_of_one_key_are_in_order_and_do_not_delay_other_keys() -> None:
    store = SlowStore()
    records = await records_in(store, applied())
    suspending = asyncio.create_task(records.advance(ORDERS, Suspended()))
    removing = asyncio.create_task(records.advance(ORDERS, Removed(None)))
    await asyncio.wait_for(records.begin(first(PAYMENTS_INSTANCE, "c1")), 10)
    assert [record.key for record in store.saved] == [PAYMENTS]
    assert not records[ORDERS].suspended, "a record changes once it is stored"
    store.released.set()
    suspended, removed = await asyncio.gather(suspending, removing)
    assert store.saved[1:] == [suspended, removed]
    assert removed.suspended, "the second event is folded into the record that the first one left"
    assert removed.version == suspended.version + 1


async def test_a_change_is_in_the_store_before_the_observer_sees_it() -> None:
    store = FakeStore()
    observer = StoredFirst(store=store)
    records = await records_in(store, observer=observer)
    await records.begin(first(instance(), "c1"))
    await records.advance(ORDERS, Removed(None))
    await records.forget(ORDERS)
    assert [(old is None, new is None) for old, new, _ in observer.changes] == [
        (True, False),
        (False, False),
        (False, True),
    ]


async def test_after_a_conflict_the_record_is_unchanged_and_the_observer_sees_nothing() -> None:
    removed = applied().replace(removed=NOW)
    observer = FakeObserver()
    records = await records_in(ConflictingStore(), removed, observer=observer)
    with pytest.raises(StoreConflict):
        await records.begin(first(PAYMENTS_INSTANCE, "c1"))
    with pytest.raises(StoreConflict):
        await records.advance(ORDERS, Suspended())
    with pytest.raises(StoreConflict):
        await records.forget(ORDERS)
    assert (dict(records), observer.changes) == ({ORDERS: removed}, [])


def drifted() -> Record:
    """Return the record of an instance with confirmed drift."""
    drift = Drift(Reason.OUT_OF_BAND_CHANGE, (), NOW - timedelta(hours=1), "heal", NOW)
    return applied().replace(sync=Sync.DRIFTED, drift=drift)


async def repair(records: Records) -> Record:
    """Record an apply that removes the drift of orders. Returns the record afterwards."""
    await records.advance(ORDERS, Applying(Intent("pass", "d1", "p", False, NOW), base(records[ORDERS])))
    return await records.advance(ORDERS, Applied({}, None))


async def test_a_report_is_written_when_drift_ends() -> None:
    reports = FakeReports()
    await repair(await records_in(FakeStore(), drifted(), reports=reports))
    assert {name.rpartition(".")[2] for name in reports.kept} == {"json", "md"}


async def test_a_report_that_cannot_be_written_is_logged_and_does_not_stop_a_repair() -> None:
    store, observer = FakeStore(), FakeObserver()
    after = await repair(await records_in(store, drifted(), observer=observer, reports=FailingReports()))
    assert (after.drift, after.intent, store.records[ORDERS]) == (None, None, after)
    assert [(event, fields["error"]) for event, fields in observer.logged] == [("report_failed", "no space left")] * 2


async def test_only_the_record_of_a_removed_instance_is_deleted() -> None:
    store = FakeStore()
    records = await records_in(store, applied())
    assert not await records.forget(ORDERS)
    assert ORDERS in records
    await records.advance(ORDERS, Removed(None))
    assert await records.forget(ORDERS)
    assert (dict(records), store.deleted) == ({}, [ORDERS])
    with pytest.raises(KeyError):
        await records.forget(ORDERS)


async def test_events_are_redacted_before_they_are_stored() -> None:
    store = FakeStore()
    records = await records_in(store, applied())
    after = await records.advance(ORDERS, Invalid("key AKIAIOSFODNN7EXAMPLE is no port"))
    assert "AKIAIOSFODNN7EXAMPLE" not in after.conditions[ConditionType.STALLED].message
    assert store.saved == [after]


async def test_the_time_of_a_commit_is_kept_while_a_record_is_measured_by_it() -> None:
    observer = FakeObserver()
    records = await records_in(FakeStore(), observer=observer)
    for number in range(1, 4):
        records.remember_commit(f"c{number}", NOW - timedelta(hours=number))
        if number == 1:
            await records.begin(first(instance(), "c1").replace(applied_commit="c1"))
            await records.advance(ORDERS, Desired("d1", "s1", "c1"))
    await records.advance(ORDERS, Suspended())
    assert observer.changes[-1][2] == NOW - timedelta(hours=1), "c1 is still desired, so its time is known"

    await records.advance(ORDERS, Accepted(instance(), "c3"))
    await records.advance(ORDERS, Desired("d3", "s3", "c3"))
    records.remember_commit("c4", NOW)
    await records.advance(ORDERS, Resumed())
    assert records[ORDERS].applied_commit == "c1"
    assert observer.changes[-1][2] is None, "no record needs the time of c1 any more"
