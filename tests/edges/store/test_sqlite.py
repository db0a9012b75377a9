"""The SQLite file: its permissions, its layout, and damaged or locked files."""

import os
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from desired_state.files.tree import tree_id
from reconciler.core.record.model import Record
from reconciler.edges.store.errors import StoreCorrupt, StoreFailed, StoreTooNew
from reconciler.edges.store.sqlite import LAYOUT, SqliteStore
from tests.core.instances import instance

ORDERS = Record(instance(tree_id=tree_id({})), "c1", version=1)


async def opens(path: Path) -> None:
    """Open and close the store at that path."""
    store = SqliteStore(path, timeout=timedelta(seconds=3))
    try:
        await store.open()
    finally:
        await store.close()


async def filled(path: Path) -> None:
    store = SqliteStore(path)
    await store.save(ORDERS)
    await store.close()


def modes(directory: Path) -> set[int]:
    return {file.stat().st_mode & 0o777 for file in directory.iterdir()}


async def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "data" / "records.sqlite3"
    store = SqliteStore(path)
    await store.save(ORDERS)
    assert len(list(path.parent.iterdir())) > 1  # the side files of the write-ahead log
    assert modes(path.parent) == {0o600}
    await store.close()


async def test_a_readable_file_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite3"
    await filled(path)
    path.chmod(0o644)
    await opens(path)
    assert modes(tmp_path) == {0o600}


async def test_the_file_is_a_write_ahead_log_of_a_known_layout(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite3"
    await filled(path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA user_version").fetchone() == (LAYOUT,)
    connection.close()


async def test_a_file_that_is_not_a_database_is_reported_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite3"
    path.write_bytes(b"not a database, " * 200)
    with pytest.raises(StoreCorrupt, match=r"records\.sqlite3 is damaged .* move the file away") as caught:
        await opens(path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"not a database, " * 200


async def test_a_damaged_database_is_reported_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite3"
    await filled(path)
    content = bytearray(path.read_bytes())
    content[4096 + 8 : -4096] = os.urandom(len(content) - 2 * 4096 - 8)
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt, match="is damaged"):
        await opens(path)
    assert path.read_bytes() == content


async def test_a_document_of_a_newer_version_names_the_instance_and_the_field(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite3"
    await filled(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE records SET document = json_set(document, '$.mood', 1)")
    connection.commit()
    connection.close()
    store = SqliteStore(path)
    with pytest.raises(StoreCorrupt, match=r"develop/orders: record\.mood: unknown in schema 1"):
        await store.load()
    await store.close()


async def test_a_newer_layout_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite3"
    await filled(path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {LAYOUT + 1}")
    connection.close()
    with pytest.raises(StoreTooNew, match=f"layout {LAYOUT + 1}"):
        await opens(path)


async def test_a_file_of_the_first_layout_keeps_its_records_and_gets_conversations(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite3"
    await filled(path)
    connection = sqlite3.connect(path)
    connection.executescript("DROP TABLE threads; PRAGMA user_version = 1;")
    connection.close()
    store = SqliteStore(path)
    assert await store.load() == {ORDERS.key: ORDERS}
    await store.keep_thread("drift develop/orders", "1.0")
    assert await store.threads() == {"drift develop/orders": "1.0"}
    await store.close()


async def test_an_unusable_path_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreFailed, match="records"):
        await opens(tmp_path / "file" / "records.sqlite3")


async def test_a_locked_file_is_a_failure_until_it_is_unlocked(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite3"
    await filled(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store = SqliteStore(path, timeout=timedelta(seconds=1.5))
    with pytest.raises(StoreFailed, match="locked"):
        await store.save(ORDERS.replace(version=2))
    other.execute("ROLLBACK")
    other.close()
    await store.save(ORDERS.replace(version=2))
    await store.close()
