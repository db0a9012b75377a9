"""The stores of today over what commit 4e24693 wrote, and their rows read without the product's code."""

import base64
import json
import sqlite3
import uuid
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.edges.aws.clients import AwsClients, Home
from reconciler.edges.store.dynamodb import DynamoStore
from reconciler.edges.store.sqlite import SqliteStore
from tests.edges.aws_stub import credentials, the_stand_in
from tests.edges.store.tables import make_table

FOLDER = Path(__file__).with_name("written_by_4e24693")

Rows = Mapping[tuple[str, str], Mapping[str, str]]
"""All that a store holds: by kind and name the columns or attributes of the row as text, the document included."""


@dataclass(frozen=True)
class Former:
    """A store of today over what 4e24693 wrote, and a reading of its rows that does not use the product's code."""

    store: SqliteStore | DynamoStore
    rows: Callable[[], Rows]


@asynccontextmanager
async def sqlite(directory: Path) -> AsyncIterator[Former]:
    path = directory / "records.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FOLDER / "records.sql").read_text())
    store = SqliteStore(path)
    yield Former(store, lambda: sqlite_rows(path))
    await store.close()


def sqlite_rows(path: Path) -> Rows:
    """Read the rows of a records file; of two passes with one id the later one counts."""
    found = {}
    with closing(sqlite3.connect(path)) as connection:
        for environment, name, version, document in connection.execute("SELECT * FROM records"):
            found["record", f"{environment}/{name}"] = {"version": str(version), "document": document}
        for environment, name, document in connection.execute(
            "SELECT environment, name, document FROM passes ORDER BY number"
        ):
            found["pass", f"{environment}/{name} {json.loads(document)['id']}"] = {"document": document}
        for name, value in connection.execute("SELECT * FROM threads"):
            found["thread", name] = {"value": value}
        for name, document in connection.execute("SELECT * FROM freezes"):
            found["freeze", name] = {"document": document}
    return found


@asynccontextmanager
async def dynamodb(directory: Path) -> AsyncIterator[Former]:
    aws, table = the_stand_in(), f"former-{uuid.uuid4().hex}"
    make_table(aws, table)
    for item in json.loads((FOLDER / "table.json").read_text()):
        for value in item.values():
            if "B" in value:
                value["B"] = base64.b64decode(value["B"])
        aws.client("dynamodb").put_item(TableName=table, Item=item)
    with credentials(), closing(AwsClients()) as clients:
        store = DynamoStore(clients, table, Home(aws.region, aws.endpoint))
        await store.open()
        yield Former(store, lambda: dynamodb_rows(aws.client("dynamodb").scan(TableName=table)["Items"]))
        await store.close()


def dynamodb_rows(items: list[dict[str, dict[str, Any]]]) -> Rows:
    """Read the items of a table, without the random id of the write that made each."""
    return {
        (item["pk"]["S"], item["sk"]["S"]): {name: attribute(value) for name, value in item.items() if name != "write"}
        for item in items
    }


def attribute(value: Mapping[str, Any]) -> str:
    """Return the text of an attribute; a document's is compressed, in a form that differs between versions of zlib."""
    ((kind, plain),) = value.items()
    return zlib.decompress(plain).decode() if kind == "B" else str(plain)
