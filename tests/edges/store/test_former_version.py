"""A records file and a table that commit 4e24693 wrote, before the code got its folders: read, compared, written again.

The folder `written_by_4e24693` holds `content.py` (the values), manifests for their instances, and the two fixtures.
To make the fixtures again, check that commit out beside this one and run `make setup` there. Copy `content.py` and the
manifests into an empty folder, with these imports in `content.py` in place of those from `reconciler.core`:

    from reconciler.core.freezing import Freeze
    from reconciler.core.moving import Move
    from reconciler.core.record import Approval, Promoted, Rejection, WindowOverride
    from reconciler.core.record import Base, Condition, Drift, Failures, Pass, Record, Repair, Rollout
    from reconciler.core.record import ConditionType, Health, PlanSummary, Reason, ResourceSummary, Sync
    from reconciler.core.runs import Holder, Intent, Running

Then run this with the interpreter of that checkout, both folders on `PYTHONPATH`:

    import asyncio, base64, json, sqlite3
    from pathlib import Path
    from content import FREEZES, PASSES, RECORDS, THREADS
    from reconciler.edges.aws import AwsClients, Home
    from reconciler.edges.dynamodb import DynamoStore
    from reconciler.edges.sqlite import SqliteStore
    from tests.edges.tables import make_table
    from tests.edges.the_stand_in import credentials, the_stand_in

    async def fill(store):
        for record in RECORDS:
            for version in range(1, record.version + 1):
                await store.save(record.replace(version=version))
        for one in PASSES:
            await store.append(one)
        for name, value in THREADS.items():
            await store.keep_thread(name, value)
        for freeze in FREEZES:
            await store.keep_freeze(freeze)
        await store.close()

    def plain(value):
        return base64.b64encode(value).decode() if isinstance(value, bytes) else value

    asyncio.run(fill(SqliteStore(Path("records.sqlite3"))))
    connection = sqlite3.connect("records.sqlite3")
    (layout,) = connection.execute("PRAGMA user_version").fetchone()
    lines = [*connection.iterdump(), f"PRAGMA user_version = {layout};"]
    Path("records.sql").write_text("\\n".join(lines) + "\\n")

    aws = the_stand_in()
    make_table(aws, "records")
    with credentials():
        asyncio.run(fill(DynamoStore(AwsClients(), "records", Home(aws.region, aws.endpoint))))
    items = aws.client("dynamodb").scan(TableName="records")["Items"]
    Path("table.json").write_text(json.dumps(items, indent=1, sort_keys=True, default=plain) + "\\n")
"""

import dataclasses
import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest
import pytest_asyncio

from desired_state.instance import Instance, digest_source
from reconciler.core.record.model import Record
from tests.edges.store.former import FOLDER, Former, Rows, dynamodb, sqlite
from tests.edges.store.written_by_4e24693.content import FREEZES, PASSES, RECORDS, THREADS

pytestmark = pytest.mark.aws
_VERSION = re.compile(r'(?<="version":)( ?)(\d+)')

Opened = Callable[[Path], AbstractAsyncContextManager[Former]]
STORES: dict[str, Opened] = {"sqlite": sqlite, "dynamodb": dynamodb}


@pytest_asyncio.fixture(params=STORES)
async def former(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Former]:
    async with STORES[request.param](tmp_path) as opened:
        yield opened


def differences(expected: Any, found: Any, place: str) -> Iterator[str]:
    """Name each field in which two values differ."""
    if dataclasses.is_dataclass(expected) and type(found) is type(expected):
        for field in dataclasses.fields(expected):
            name = field.name
            yield from differences(getattr(expected, name), getattr(found, name), f"{place}.{name}")
    elif isinstance(expected, Mapping) and isinstance(found, Mapping) and expected.keys() == found.keys():
        for name in expected:
            yield from differences(expected[name], found[name], f"{place}[{name}]")
    elif type(expected) is not type(found) or expected != found:
        yield f"{place} is {found!r} and was written as {expected!r}"


def next_version(row: Mapping[str, str]) -> Mapping[str, str]:
    """Return the row of a record after one more write of the same content."""
    document = _VERSION.sub(lambda match: f"{match[1]}{int(match[2]) + 1}", row["document"], count=1)
    return {**row, "version": str(int(row["version"]) + 1), "document": document}


def without_new_settings(rows: Rows, before: Rows) -> Rows:
    """Take out of each instance's spec what its manifest could not say at 4e24693, and new fields that are empty.

    A manifest may learn a field: it is then written with its default. So may a record. Nothing else of a document may
    differ."""
    return {
        at: {**row, "document": _trimmed(row, before.get(at))} if at[0] == "record" else row for at, row in rows.items()
    }


def _trimmed(row: Mapping[str, str], before: Mapping[str, str] | None) -> str:
    if before is None:
        return row["document"]
    new, old = json.loads(row["document"]), json.loads(before["document"])
    new["instance"]["spec"] = _common(new["instance"]["spec"], old["instance"]["spec"])
    new = _without_empty_news(new, old)
    separators = (", ", ": ") if '": ' in before["document"] else (",", ":")
    return json.dumps(new, separators=separators)


def _without_empty_news(new: Any, old: Any) -> Any:
    if isinstance(new, dict) and isinstance(old, dict):
        kept = {name: value for name, value in new.items() if name in old or value not in (None, [])}
        return {name: _without_empty_news(value, old.get(name)) for name, value in kept.items()}
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        return [_without_empty_news(*pair) for pair in zip(new, old, strict=True)]
    return new


def _common(new: Any, old: Any) -> Any:
    if isinstance(new, dict) and isinstance(old, dict):
        return {name: _common(value, old[name]) for name, value in new.items() if name in old}
    if isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        return [_common(*pair) for pair in zip(new, old, strict=True)]
    return new


async def test_every_record_is_read_field_by_field_as_it_was_written(former: Former) -> None:
    found = await former.store.load()
    assert set(found) == {record.key for record in RECORDS}
    assert [line for one in RECORDS for line in differences(one, found[one.key], str(one.key))] == []


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: str(record.key))
def test_an_unchanged_manifest_keeps_its_source_digest(record: Record) -> None:
    one = record.instance
    found = digest_source(
        kind=one.kind, key=one.key, labels=one.labels, spec=one.spec, tree_id=one.tree_id, former=one.former
    )
    assert found == one.source_digest, (
        "an unchanged manifest has another source digest than at 4e24693: after an upgrade the daemon would plan every"
        " such instance anew. Leave a new field out of the digest while it has its default"
        " (`digest_source` in desired_state/instance.py)"
    )


async def test_every_pass_is_read_as_it_was_written_the_newest_first(former: Former) -> None:
    for key in {visit.key for visit in PASSES}:
        expected = [visit for visit in reversed(PASSES) if visit.key == key]
        found = await former.store.history(key, limit=200)
        assert [visit.id for visit in found] == [visit.id for visit in expected]
        assert [line for pair in zip(expected, found, strict=True) for line in differences(*pair, pair[0].id)] == []


async def test_threads_and_freezes_are_read_as_they_were_written(former: Former) -> None:
    assert await former.store.threads() == THREADS
    assert sorted(await former.store.freezes(), key=lambda freeze: freeze.name) == list(FREEZES)


async def test_what_was_read_is_written_again_byte_by_byte(former: Former) -> None:
    store, before = former.store, former.rows()
    for record in (await store.load()).values():
        await store.save(record.replace(version=record.version + 1))
    for key in {visit.key for visit in PASSES}:
        for visit in reversed(await store.history(key, limit=200)):
            await store.append(visit)
    for freeze in await store.freezes():
        await store.keep_freeze(freeze)
    for name, value in (await store.threads()).items():
        await store.keep_thread(name, value)
    expected = {at: next_version(row) if at[0] == "record" else row for at, row in before.items()}
    assert without_new_settings(former.rows(), expected) == expected
    assert len(expected) == len(RECORDS) + len(PASSES) + len(THREADS) + len(FREEZES)


def filled(value: Any, stored: Any) -> Iterator[tuple[type, str, Any]]:
    """Give the type, the name and the value of each field that was stored, inner values included."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type | Instance):
        for field in dataclasses.fields(value):
            if field.name in stored:
                inner = getattr(value, field.name)
                yield type(value), field.name, inner
                yield from filled(inner, stored[field.name])
    elif isinstance(value, tuple) and isinstance(stored, list):
        for pair in zip(value, stored, strict=True):
            yield from filled(*pair)
    elif isinstance(value, Mapping):
        for name in value:
            yield from filled(value[name], stored[name])


def missing(records: Sequence[tuple[Record, Any]]) -> list[str]:
    """Name each field that is filled in no record, and each that may be None or False and never is, or always."""
    seen: dict[tuple[type, str], list[Any]] = defaultdict(list)
    for record, stored in records:
        for kind, name, value in filled(record, stored):
            seen[kind, name].append(value)
    found = []
    for (kind, name), values in seen.items():
        has_two_forms = NoneType in get_args(get_type_hints(kind)[name]) or isinstance(values[0], bool)
        if len({value is None or value is False for value in values}) < 1 + has_two_forms or not any(values):
            found.append(f"{kind.__name__}.{name}")
    return found


def test_the_stored_records_fill_every_field_and_leave_every_optional_one_empty() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript((FOLDER / "records.sql").read_text())
        rows = connection.execute("SELECT document FROM records").fetchall()
    stored = {document["instance"]["key"]: document for document in (json.loads(row) for (row,) in rows)}
    records = [(one, stored[str(one.key)]) for one in RECORDS]
    assert missing(records) == []
    assert {"Record.intent", "Record.suspended", "Drift.confirmed"} <= set(missing(records[:1]))
