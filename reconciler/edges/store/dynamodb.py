"""Records, history, audit, conversations, freezes in one DynamoDB table: the store of a daemon without a lasting disk.

    pk                        sk                                     other attributes
    record                    develop/orders                         version, write, document
    history/develop/orders    2026-03-02T09:00:00.000000Z#<pass>     document, expires (the table's TTL)
    audit                     the entry's id                         document, what filters read, expires
    thread                    drift develop/orders                   value
    freeze                    prod, or * for all                     document

A write names the version that it follows, and DynamoDB refuses it when another version is stored. The answer to a write
that succeeded can get lost, so each write carries an id of its own, and the next write may also follow a write whose
outcome is unknown. Documents are compressed; one that is still too large for an item is an error, and the stored one
stays as it is.
"""

import contextlib
import json
import uuid
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from desired_state.instance import Key
from reconciler.core.ports.store import StoreConflict
from reconciler.core.record import audit, codec
from reconciler.core.record import freeze as freezing
from reconciler.core.record.audit import AuditEntry, AuditFilter
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Pass, Record
from reconciler.edges.aws.clients import AwsClients, AwsFailed, Home
from reconciler.edges.store import audit_items
from reconciler.edges.store.errors import StoreCorrupt, StoreFailed

HISTORY_SHOWN = 200
HISTORY_KEPT = timedelta(days=90)
LARGEST = 390 * 1024  # an item has at most 400 KB, names and keys included
KEYS = (("pk", "HASH"), ("sk", "RANGE"))

_REFUSED = "ConditionalCheckFailedException"
_MISSING = "ResourceNotFoundException"
_NAMES = {"#version": "version", "#write": "write"}  # reserved words of DynamoDB
_UNCONFIRMED_KEPT = 20
_Item = Mapping[str, Mapping[str, Any]]
_T = TypeVar("_T", Record, Pass, Freeze, AuditEntry)


class DynamoStore:
    """Implements `Store`, `Threads` and `Freezes` on a table with the keys `pk` and `sk`."""

    def __init__(self, clients: AwsClients, table: str, home: Home) -> None:
        self._clients = clients
        self._table = table
        self._home = home
        self._unconfirmed: dict[Key, list[str]] = {}  # ids of writes whose outcome is unknown

    async def open(self) -> None:
        """Check that the table can be used. Raises: StoreFailed."""
        call = self._clients.call(self._home, "dynamodb", "describe_table", TableName=self._table)
        found = (await self._answer(call))["Table"]
        keys = tuple((key["AttributeName"], key["KeyType"]) for key in found["KeySchema"])
        if keys != KEYS:
            raise StoreFailed(f"the table {self._table} has other keys than pk and sk: use the table of deploy/ecs")
        if found["TableStatus"] not in {"ACTIVE", "UPDATING"}:
            raise StoreFailed(f"the table {self._table} is {found['TableStatus']}, not ACTIVE")

    async def close(self) -> None:
        """Do nothing: the connections belong to the clients."""

    async def load(self) -> Mapping[Key, Record]:
        """Return every record. Raises: StoreFailed."""
        items = await self._query("record")
        records = (self._read(codec.load, item, item["sk"]["S"]) for item in items)
        return {record.key: record for record in records}

    async def save(self, record: Record) -> None:
        """Write a record whose version is one more than the stored one's. Raises: StoreConflict, StoreFailed."""
        write = uuid.uuid4().hex
        follows = "attribute_not_exists(pk)" if record.version == 1 else "#version = :before"
        condition, values = self._or_unconfirmed(record.key, follows, also=write)
        if record.version != 1:
            values[":before"] = _number(record.version - 1)
        item = _record_key(record.key) | {
            "version": _number(record.version),
            "write": _text(write),
            "document": self._document(codec.dump(record), f"the record of {record.key}"),
        }
        call = self._clients.call(
            self._home,
            "dynamodb",
            "put_item",
            TableName=self._table,
            Item=item,
            ConditionExpression=condition,
            ExpressionAttributeNames=_names(condition),
            ExpressionAttributeValues=values,
        )
        if not await self._write(record.key, call, write):
            raise StoreConflict(f"{record.key}: version {record.version} does not follow the stored version")

    async def delete(self, record: Record) -> None:
        """Delete the record of an instance, if this version is the stored one. Raises: StoreConflict, StoreFailed."""
        condition, values = self._or_unconfirmed(record.key, "#version = :version")
        call = self._clients.call(
            self._home,
            "dynamodb",
            "delete_item",
            TableName=self._table,
            Key=_record_key(record.key),
            ConditionExpression=condition,
            ExpressionAttributeNames=_names(condition),
            ExpressionAttributeValues=values | {":version": _number(record.version)},
        )
        if not await self._write(record.key, call, None):
            raise StoreConflict(f"{record.key}: version {record.version} is not the stored version")

    async def append(self, finished: Pass) -> None:
        """Add a pass to the history of its instance; retention is ninety days. Raises: StoreFailed."""
        moment = finished.finished.astimezone(UTC)
        item = {
            "pk": _text(_history(finished.key)),
            "sk": _text(f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}#{finished.id}"),
            "document": self._document(codec.dump_pass(finished), f"a pass of {finished.key}"),
            "expires": _number(int((moment + HISTORY_KEPT).timestamp())),
        }
        call = self._clients.call(self._home, "dynamodb", "put_item", TableName=self._table, Item=item)
        await self._answer(call)

    async def history(self, key: Key, *, limit: int) -> Sequence[Pass]:
        """Return the newest passes first, at most two hundred. Raises: StoreFailed."""
        items = await self._query(_history(key), newest=min(limit, HISTORY_SHOWN)) if limit > 0 else []
        return [self._read(codec.load_pass, item, f"a pass of {key}") for item in items]

    async def keep_entry(self, entry: AuditEntry, *, until: datetime) -> None:
        """Add an entry of the audit; a no-op when it is stored already. Raises: StoreFailed."""
        item = audit_items.item(entry, until, self._document(audit.dump(entry), f"the entry {entry.id} of the audit"))
        call = self._clients.call(
            self._home,
            "dynamodb",
            "put_item",
            TableName=self._table,
            Item=item,
            ConditionExpression="attribute_not_exists(pk)",
        )
        with contextlib.suppress(AwsFailed):  # it is there: an earlier try whose answer was lost
            await self._answer(call)

    async def entries(
        self, wanted: AuditFilter, *, limit: int, before: str | None = None, since: str = ""
    ) -> Sequence[AuditEntry]:
        """Return entries of the audit, the newest first. Raises: StoreFailed."""
        asked = audit_items.query(wanted, limit, before, since)
        items = [item async for item in self._pages(asked, most=limit + 1) if item["sk"]["S"] != before]
        return [self._read(audit.load, item, f"the entry {item['sk']['S']} of the audit") for item in items[:limit]]

    async def threads(self) -> Mapping[str, str]:
        """Return every open conversation. Raises: StoreFailed."""
        return {item["sk"]["S"]: item["value"]["S"] for item in await self._query("thread")}

    async def keep_thread(self, name: str, value: str) -> None:
        """Keep a conversation, in place of one of that name. Raises: StoreFailed."""
        item = _thread_key(name) | {"value": _text(value)}
        call = self._clients.call(self._home, "dynamodb", "put_item", TableName=self._table, Item=item)
        await self._answer(call)

    async def drop_thread(self, name: str) -> None:
        """Delete a conversation; a no-op without one of that name. Raises: StoreFailed."""
        call = self._clients.call(self._home, "dynamodb", "delete_item", TableName=self._table, Key=_thread_key(name))
        await self._answer(call)

    async def freezes(self) -> Sequence[Freeze]:
        """Return every active freeze. Raises: StoreFailed."""
        items = await self._query("freeze")
        return [self._read(freezing.load, item, f"the freeze of {item['sk']['S']}") for item in items]

    async def keep_freeze(self, freeze: Freeze) -> None:
        """Keep a freeze, in place of one of that name. Raises: StoreFailed."""
        document = self._document(freezing.dump(freeze), f"the freeze of {freeze.name}")
        item = {"pk": _text("freeze"), "sk": _text(freeze.name), "document": document}
        await self._answer(self._clients.call(self._home, "dynamodb", "put_item", TableName=self._table, Item=item))

    async def drop_freeze(self, name: str) -> None:
        """Delete a freeze; a no-op without one of that name. Raises: StoreFailed."""
        key = {"pk": _text("freeze"), "sk": _text(name)}
        await self._answer(self._clients.call(self._home, "dynamodb", "delete_item", TableName=self._table, Key=key))

    async def _query(self, partition: str, *, newest: int | None = None) -> list[_Item]:
        """Return the items of a partition in key order; with `newest`, that many from its end, last one first."""
        asked = {
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": _text(partition)},
            "ConsistentRead": True,
            "ScanIndexForward": newest is None,
        }
        return [item async for item in self._pages(asked | ({"Limit": newest} if newest else {}), most=newest)]

    async def _pages(self, asked: dict[str, Any], *, most: int | None = None) -> AsyncIterator[_Item]:
        """Yield the items that a query finds, at most that many."""
        found = 0
        while True:
            page = await self._answer(
                self._clients.call(self._home, "dynamodb", "query", TableName=self._table, **asked)
            )
            for item in page["Items"]:
                yield item
                found += 1
                if most and found >= most:
                    return
            if "LastEvaluatedKey" not in page:
                return
            asked = {**asked, "ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _or_unconfirmed(self, key: Key, follows: str, *, also: str | None = None) -> tuple[str, dict[str, Any]]:
        """Return a condition and its values, met by what `follows` says or by an own write whose outcome is unknown."""
        writes = [*self._unconfirmed.get(key, ()), *([also] if also else [])]
        values = {f":write{number}": _text(write) for number, write in enumerate(writes)}
        return (f"{follows} OR #write IN ({', '.join(values)})" if values else follows), values

    async def _write(self, key: Key, call: Awaitable[Mapping[str, Any]], write: str | None) -> bool:
        """Await a conditional write of a record; return False when DynamoDB refused it."""
        try:
            await self._answer(call)
        except AwsFailed as refused:
            # A delete that was sent twice finds nothing the second time.
            return write is None and refused.retried and not await self._exists(key)
        except BaseException:
            if write:
                self._unconfirmed[key] = [*self._unconfirmed.get(key, ()), write][-_UNCONFIRMED_KEPT:]
            raise
        self._unconfirmed.pop(key, None)
        return True

    async def _exists(self, key: Key) -> bool:
        call = self._clients.call(
            self._home, "dynamodb", "get_item", TableName=self._table, Key=_record_key(key), ConsistentRead=True
        )
        return "Item" in await self._answer(call)

    async def _answer(self, call: Awaitable[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Await a call. Raises: StoreFailed, or AwsFailed for a condition that was not met."""
        try:
            return await call
        except AwsFailed as failure:
            if failure.code == _REFUSED:
                raise
            missing = "; this account and region have no such table: create it with deploy/ecs, or correct `store`"
            hint = missing if failure.code == _MISSING else ""
            raise StoreFailed(f"the table {self._table}: {failure}{hint}") from failure

    def _document(self, document: Mapping[str, Any], label: str) -> Mapping[str, bytes]:
        packed = zlib.compress(json.dumps(document, separators=(",", ":")).encode())
        if len(packed) > LARGEST:
            raise StoreFailed(
                f"{label} was not written: it has {len(packed) // 1024} KB when compressed, and an item of DynamoDB"
                f" at most {LARGEST // 1024}. Its plan, inputs or outputs are too large; split the module"
            )
        return {"B": packed}

    def _read(self, load: Callable[[Any], _T], item: _Item, label: str) -> _T:
        try:
            return load(json.loads(zlib.decompress(item["document"]["B"])))
        except (KeyError, ValueError, zlib.error) as error:
            raise StoreCorrupt(
                f"the table {self._table}: {label} cannot be read ({error}). Nothing was changed. Restore the table to"
                " a point in time, or start the version of the daemon that wrote it"
            ) from error


def _record_key(key: Key) -> dict[str, Any]:
    return {"pk": _text("record"), "sk": _text(str(key))}


def _thread_key(name: str) -> dict[str, Any]:
    return {"pk": _text("thread"), "sk": _text(name)}


def _history(key: Key) -> str:
    return f"history/{key}"


def _names(condition: str) -> dict[str, str]:
    """Return the names that a condition uses; DynamoDB refuses unused ones."""
    return {name: attribute for name, attribute in _NAMES.items() if name in condition}


def _text(value: str) -> dict[str, str]:
    return {"S": value}


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}
