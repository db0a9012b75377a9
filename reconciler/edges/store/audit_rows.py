"""The audit as rows of the SQLite file: added, read by their id, deleted by age and number, never changed.

The table is made in a file of any layout: a version of the daemon that does not know it leaves it alone.
"""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from reconciler.core.record import audit
from reconciler.core.record.audit import AuditEntry, AuditFilter

ACTS_KEPT, REFUSALS_KEPT = 100_000, 10_000  # apart, so that refused requests displace no act
TABLE = """
CREATE TABLE IF NOT EXISTS audit (
    id TEXT PRIMARY KEY, subject TEXT NOT NULL, name TEXT NOT NULL, action TEXT NOT NULL, result TEXT NOT NULL,
    expires REAL NOT NULL, document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS audit_by_age ON audit (expires);
CREATE INDEX IF NOT EXISTS audit_by_kind ON audit (result = 'refused', id);
CREATE INDEX IF NOT EXISTS audit_of_subject ON audit (subject, id);
CREATE TRIGGER IF NOT EXISTS audit_is_kept BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'an entry of the audit is never changed'); END;
"""


def add(connection: sqlite3.Connection, entry: AuditEntry, until: datetime) -> None:
    """Add an entry, unless it is there, and delete those that are too old or too many."""
    act = entry.act
    row = (entry.id, act.subject, act.by, act.action, entry.result, until.timestamp(), json.dumps(audit.dump(entry)))
    connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
    connection.execute("DELETE FROM audit WHERE expires < ?", (entry.at.timestamp(),))
    is_refused = entry.result == "refused"
    connection.execute(
        "DELETE FROM audit WHERE (result = 'refused') = ? AND id <= (SELECT id FROM audit"
        " WHERE (result = 'refused') = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (is_refused, is_refused, REFUSALS_KEPT if is_refused else ACTS_KEPT),
    )


def documents(
    connection: sqlite3.Connection, wanted: AuditFilter, limit: int, before: str | None, since: str
) -> Sequence[tuple[str, str]]:
    """Return id and document of the entries that are wanted, the newest first."""
    conditions: list[tuple[str, tuple[object, ...]]] = [("id >= ?", (since,))]
    if before is not None:
        conditions.append(("id < ?", (before,)))
    places: list[tuple[str, tuple[object, ...]]] = [("subject = ?", (subject,)) for subject in wanted.subjects]
    if wanted.below is not None:
        places.append(("substr(subject, 1, ?) = ?", (len(wanted.below), wanted.below)))
    if places:
        anywhere = " OR ".join(place for place, _ in places)
        conditions.append((f"({anywhere})", tuple(value for _, given in places for value in given)))
    named = {"name": wanted.by, "action": wanted.action, "result": wanted.result}
    conditions += [(f"{column} = ?", (value,)) for column, value in named.items() if value is not None]
    sql = " AND ".join(condition for condition, _ in conditions)
    values = [value for _, given in conditions for value in given]
    found = connection.execute(
        f"SELECT id, document FROM audit WHERE {sql} ORDER BY id DESC LIMIT ?",  # noqa: S608 - names of columns only
        (*values, max(limit, 0)),
    )
    return found.fetchall()
