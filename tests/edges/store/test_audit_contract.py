"""The guarantees of every store for the audit; the stores are those of the store contract."""

import dataclasses
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.core.ports.store import AuditTrail
from reconciler.core.record.audit import (
    Act,
    AuditEntry,
    AuditFilter,
    Cause,
    entry_id,
    first_id,
    of_environment,
    of_instance,
)
from reconciler.edges.store import audit_rows
from reconciler.edges.store.errors import StoreFailed
from tests.core.instances import NOW
from tests.edges.store.former import sqlite as former_sqlite
from tests.edges.store.test_store_contract import STORES, Opened, sqlite

SUBJECTS = ("develop/orders", "develop/orders-2", "develop", "dev", "prod/orders", "*", "dev%/x")
ACTIONS = ("approve", "reject", "freeze", "apply")
RESULTS = ("accepted", "refused", "applied")
FILTERS = (
    AuditFilter(),
    of_instance("develop/orders"),
    of_environment("develop"),
    of_environment("dev"),
    of_environment("nowhere"),
    AuditFilter(by="ann", action="approve"),
    AuditFilter(("prod/orders",), result="refused"),
    AuditFilter(below=""),
)
LATER = timedelta(days=365)


def entry(number: int) -> AuditEntry:
    """Return an entry with every field, a millisecond after the one before it."""
    at = NOW + timedelta(milliseconds=number)
    act = Act(
        action=ACTIONS[number % 4],
        subject=SUBJECTS[number % 7],
        by=("ann", "ben <&ü>")[number % 2],
        proof="socket",
        peer="10.0.0.7",
        reason="an incident",
        digest=f"sha256:{number}",
        commit="c1",
        options=("override_window",),
    )
    follows = (Cause("", "ann", "token"),)
    return AuditEntry(entry_id(at, f"{number:08x}"), at, act, RESULTS[number % 3], "why", follows)  # type: ignore[arg-type]


ENTRIES = [entry(number) for number in range(60)]
FEW = ENTRIES[:24]


async def pages(trail: AuditTrail, wanted: AuditFilter, limit: int) -> Sequence[AuditEntry]:
    """Return all entries, read page by page."""
    found: list[AuditEntry] = []
    while page := await trail.entries(wanted, limit=limit, before=found[-1].id if found else None):
        assert len(page) <= limit
        found += page
    return found


@pytest.fixture(params=STORES)
def opened(request: pytest.FixtureRequest) -> Opened:
    """Return the function that opens the store of a directory."""
    return STORES[request.param]


async def test_entries_survive_a_restart_and_their_pages_lose_and_repeat_nothing(
    opened: Opened, tmp_path: Path
) -> None:
    async with opened(tmp_path) as before:
        assert await before.entries(AuditFilter(), limit=1) == []
        for one in FEW:
            await before.keep_entry(one, until=one.at + LATER)
    async with opened(tmp_path) as after:
        for wanted in FILTERS:
            expected = [one for one in reversed(FEW) if wanted.matches(one)]
            assert await pages(after, wanted, 5) == expected, wanted
        since = first_id(FEW[16].at)
        assert await after.entries(AuditFilter(), limit=100, since=since) == FEW[:15:-1]


async def test_an_entry_is_added_once_and_never_changed(opened: Opened, tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.keep_entry(ENTRIES[0], until=NOW + LATER)
        await store.keep_entry(dataclasses.replace(ENTRIES[0], result="refused"), until=NOW + LATER)
        assert await store.entries(AuditFilter(), limit=5) == [ENTRIES[0]]


async def test_the_file_refuses_to_change_an_entry(tmp_path: Path) -> None:
    async with sqlite(tmp_path) as store:
        await store.keep_entry(ENTRIES[0], until=NOW + LATER)
    with (
        closing(sqlite3.connect(tmp_path / "records.sqlite3")) as connection,
        pytest.raises(sqlite3.IntegrityError, match="never changed"),
    ):
        connection.execute("UPDATE audit SET document = '{}'")


async def test_the_file_keeps_entries_until_their_time_and_refusals_displace_no_act(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_rows, "ACTS_KEPT", 25)
    monkeypatch.setattr(audit_rows, "REFUSALS_KEPT", 5)
    async with sqlite(tmp_path) as store:
        for one in ENTRIES:
            await store.keep_entry(one, until=one.at + LATER)
        kept = await store.entries(AuditFilter(), limit=100)
        refused = [one for one in reversed(ENTRIES) if one.result == "refused"]
        acts = [one for one in reversed(ENTRIES) if one.result != "refused"]
        assert [one for one in kept if one.result == "refused"] == refused[:5]
        assert [one for one in kept if one.result != "refused"] == acts[:25]
        late = dataclasses.replace(ENTRIES[0], at=NOW + LATER * 2, id=entry_id(NOW + LATER * 2, "0" * 8))
        await store.keep_entry(late, until=late.at + LATER)
        assert await store.entries(AuditFilter(), limit=100) == [late]


async def test_a_file_of_a_former_version_gets_the_audit_and_keeps_its_layout(tmp_path: Path) -> None:
    async with former_sqlite(tmp_path) as former:
        assert await former.store.entries(AuditFilter(), limit=5) == []
        await former.store.keep_entry(ENTRIES[0], until=NOW + LATER)
        assert await former.store.entries(AuditFilter(), limit=5) == [ENTRIES[0]]
    with closing(sqlite3.connect(tmp_path / "records.sqlite3")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (3,), "an earlier version still opens it"


async def test_a_damaged_entry_is_reported(tmp_path: Path) -> None:
    async with sqlite(tmp_path) as store:
        await store.keep_entry(ENTRIES[0], until=NOW + LATER)
        with closing(sqlite3.connect(tmp_path / "records.sqlite3")) as connection:
            connection.execute("DROP TRIGGER audit_is_kept")
            connection.execute("UPDATE audit SET document = '{}'")
            connection.commit()
        with pytest.raises(StoreFailed, match="an entry of the audit"):
            await store.entries(AuditFilter(), limit=5)
