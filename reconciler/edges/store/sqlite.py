"""Records, history, audit, open conversations and freezes in one SQLite file: the store of a laptop or a single daemon.

A write is on the disk when `save` returns. A file that cannot be trusted is reported, never replaced, emptied or
deleted. One thread owns the connection, so writes are in order and the event loop never waits on it.
"""

import asyncio
import json
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from desired_state.instance import Key
from reconciler.core.ports.store import StoreConflict
from reconciler.core.record import audit, codec
from reconciler.core.record import freeze as freezing
from reconciler.core.record.audit import AuditEntry, AuditFilter
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Pass, Record
from reconciler.edges.store import audit_rows
from reconciler.edges.store.errors import StoreCorrupt, StoreFailed, StoreTooNew

LAYOUT = 3  # PRAGMA user_version; 2 added threads, 3 freezes
HISTORY_KEPT = 200

_TABLES = """
CREATE TABLE IF NOT EXISTS records (
    environment TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (environment, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS passes (
    number INTEGER PRIMARY KEY, environment TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS passes_of_instance ON passes (environment, name, number);
CREATE TABLE IF NOT EXISTS threads (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS freezes (name TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""
_T = TypeVar("_T")


class SqliteStore:
    """Implements `Store`, `Threads` and `Freezes` on a file, mode 0600, opened at the first use or by `open`."""

    def __init__(self, path: Path, *, timeout: timedelta = timedelta(seconds=30)) -> None:
        self._path = path
        self._timeout = timeout.total_seconds()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._connection: sqlite3.Connection | None = None  # touched by that thread only

    async def open(self) -> None:
        """Open or create the file. Raises: StoreFailed."""
        await self._do(lambda connection: None)

    async def close(self) -> None:
        """Close the file. The store cannot be used afterwards."""
        try:
            async with asyncio.timeout(self._timeout):
                await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        finally:
            self._thread.shutdown(wait=False)

    async def load(self) -> Mapping[Key, Record]:
        """Return every record. Raises: StoreFailed."""
        rows = await self._do(lambda c: c.execute("SELECT environment, name, document FROM records").fetchall())
        records = (self._read(codec.load, document, f"{place}/{name}") for place, name, document in rows)
        return {record.key: record for record in records}

    async def save(self, record: Record) -> None:
        """Write a record whose version is one more than the stored one's. Raises: StoreConflict, StoreFailed."""
        row = (record.version, json.dumps(codec.dump(record)), record.key.environment, record.key.name)
        if record.version == 1:
            sql = (
                "INSERT INTO records (version, document, environment, name) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
            )
            written = await self._write(sql, row)
        else:
            sql = "UPDATE records SET version = ?, document = ? WHERE environment = ? AND name = ? AND version = ?"
            written = await self._write(sql, (*row, record.version - 1))
        if not written:
            raise StoreConflict(f"{record.key}: version {record.version} does not follow the stored version")

    async def delete(self, record: Record) -> None:
        """Delete the record of an instance, if this version is the stored one. Raises: StoreConflict, StoreFailed."""
        sql = "DELETE FROM records WHERE environment = ? AND name = ? AND version = ?"
        if not await self._write(sql, (record.key.environment, record.key.name, record.version)):
            raise StoreConflict(f"{record.key}: version {record.version} is not the stored version")

    async def append(self, finished: Pass) -> None:
        """Add a pass to the history of its instance; retention is two hundred passes. Raises: StoreFailed."""
        key, document = (finished.key.environment, finished.key.name), json.dumps(codec.dump_pass(finished))

        def add(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO passes (environment, name, document) VALUES (?, ?, ?)", (*key, document))
            connection.execute(
                "DELETE FROM passes WHERE environment = ? AND name = ? AND number <= (SELECT number FROM passes"
                " WHERE environment = ? AND name = ? ORDER BY number DESC LIMIT 1 OFFSET ?)",
                (*key, *key, HISTORY_KEPT),
            )

        await self._do(add)

    async def history(self, key: Key, *, limit: int) -> Sequence[Pass]:
        """Return the newest passes first, at most `limit`. Raises: StoreFailed."""
        sql = "SELECT document FROM passes WHERE environment = ? AND name = ? ORDER BY number DESC LIMIT ?"
        rows = await self._do(lambda c: c.execute(sql, (key.environment, key.name, max(limit, 0))).fetchall())
        return [self._read(codec.load_pass, document, f"a pass of {key}") for (document,) in rows]

    async def keep_entry(self, entry: AuditEntry, *, until: datetime) -> None:
        """Add an entry of the audit; a no-op when it is stored already. Raises: StoreFailed."""
        await self._do(lambda connection: audit_rows.add(connection, entry, until))

    async def entries(
        self, wanted: AuditFilter, *, limit: int, before: str | None = None, since: str = ""
    ) -> Sequence[AuditEntry]:
        """Return entries of the audit, the newest first. Raises: StoreFailed."""
        rows = await self._do(lambda connection: audit_rows.documents(connection, wanted, limit, before, since))
        return [self._read(audit.load, document, f"the entry {number} of the audit") for number, document in rows]

    async def threads(self) -> Mapping[str, str]:
        """Return every open conversation. Raises: StoreFailed."""
        return dict(await self._do(lambda c: c.execute("SELECT name, value FROM threads").fetchall()))

    async def keep_thread(self, name: str, value: str) -> None:
        """Keep a conversation, in place of one of that name. Raises: StoreFailed."""
        await self._write("INSERT OR REPLACE INTO threads (name, value) VALUES (?, ?)", (name, value))

    async def drop_thread(self, name: str) -> None:
        """Delete a conversation; a no-op without one of that name. Raises: StoreFailed."""
        await self._write("DELETE FROM threads WHERE name = ?", (name,))

    async def freezes(self) -> Sequence[Freeze]:
        """Return every active freeze. Raises: StoreFailed."""
        rows = await self._do(lambda c: c.execute("SELECT name, document FROM freezes").fetchall())
        return [self._read(freezing.load, document, f"the freeze of {name}") for name, document in rows]

    async def keep_freeze(self, freeze: Freeze) -> None:
        """Keep a freeze, in place of one of that name. Raises: StoreFailed."""
        row = (freeze.name, json.dumps(freezing.dump(freeze)))
        await self._write("INSERT OR REPLACE INTO freezes (name, document) VALUES (?, ?)", row)

    async def drop_freeze(self, name: str) -> None:
        """Delete a freeze; a no-op without one of that name. Raises: StoreFailed."""
        await self._write("DELETE FROM freezes WHERE name = ?", (name,))

    async def _write(self, sql: str, values: Sequence[Any]) -> int:
        return await self._do(lambda connection: connection.execute(sql, values).rowcount)

    async def _do(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)
        except TimeoutError:
            raise StoreFailed(f"{self._path}: no answer within {self._timeout:.0f} s; check the disk") from None

    def _transact(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        try:
            self._connection = connection = self._connection or self._connect()
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                return work(connection)
        except sqlite3.OperationalError as error:  # locked, full, read-only: may resolve without intervention
            raise StoreFailed(f"{self._path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise self._corrupt(str(error)) from error
        except OSError as error:
            raise StoreFailed(f"{self._path}: {error.strerror}") from error

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._path.chmod(0o600)  # SQLite gives its side files the same mode
        connection = sqlite3.connect(self._path, timeout=self._timeout / 3, isolation_level=None)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # an intent must survive a power cut
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise self._corrupt(found)
        (layout,) = connection.execute("PRAGMA user_version").fetchone()
        if layout > LAYOUT:
            raise StoreTooNew(
                f"{self._path}: written with layout {layout}, this version reads {LAYOUT}:"
                " upgrade, or point store.path elsewhere"
            )
        if layout < LAYOUT:
            connection.executescript(f"BEGIN IMMEDIATE;{_TABLES}PRAGMA user_version = {LAYOUT};COMMIT;")
        connection.executescript(f"BEGIN IMMEDIATE;{audit_rows.TABLE}COMMIT;")

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _corrupt(self, cause: str) -> StoreCorrupt:
        return StoreCorrupt(
            f"{self._path} is damaged ({cause}). Nothing was changed. Stop the daemon, keep a copy of the file, then"
            " restore a backup; or move the file away: the daemon then plans every instance anew, and the first change"
            " of each needs manual approval."
        )

    def _read(self, load: Callable[[Any], _T], document: str, label: str) -> _T:
        try:
            return load(json.loads(document))
        except ValueError as error:
            raise self._corrupt(f"{label}: {error}") from error
