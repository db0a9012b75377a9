"""Records, history, conversations and freezes in one DynamoDB table: the store of a daemon whose disk does not last.

    pk                        sk                                     what else
    record                    develop/orders                         version, write, document
    history/develop/orders    2026-03-02T09:00:00.000000Z#<pass>     document, expires (the table's TTL)
    thread                    drift develop/orders                   value
    freeze                    prod, or * for all                     document

The rule: a write names the version that it follows, and DynamoDB refuses it when that is not the stored one. An answer
can get lost after the write was made, so each write carries an id of its own, and a write that follows one whose end is
not known may follow that one too. Documents are compressed; one that is too large for an item all the same is an error
and leaves what is stored as it is.
"""

import json
import uuid
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any, TypeVar

from desired_state.instance import Key
from reconciler.core.ports.store import StoreConflict
from reconciler.core.record import codec
from reconciler.core.record import freeze as freezing
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Pass, Record
from reconciler.edges.aws.clients import AwsClients, AwsFailed, Home
from reconciler.edges.store.errors import StoreCorrupt, StoreFailed

HISTORY_SHOWN = 200
HISTORY_KEPT = timedelta(days=90)
LARGEST = 390 * 1024  # an item has at most 400 KB, names and keys included
KEYS = (("pk", "HASH"), ("sk", "RANGE"))

_REFUSED = "ConditionalCheckFailedException"
_MISSING = "ResourceNotFoundException"
_NAMES = {"#version": "version", "#write": "write"}  # words that DynamoDB keeps for itself
_DOUBTS_KEPT = 20
_Item = Mapping[str, Mapping[str, Any]]
_T = TypeVar("_T", Record, Pass, Freeze)


class DynamoStore:
    """Implements `Store`, `Threads` and `Freezes` on a table with the keys `pk` and `sk`."""

    def __init__(self, clients: AwsClients, table: str, home: Home) -> None:
        self._clients = clients
        self._table = table
        self._home = home
        self._doubtful: dict[Key, list[str]] = {}  # ids of writes that may have been made

    async def open(self) -> None:
        """See that the table can be used. Raises: StoreFailed."""
        call = self._clients.call(self._home, "dynamodb", "describe_table", TableName=self._table)
        found = (await self._answer(call))["Table"]
        keys = tuple((key["AttributeName"], key["KeyType"]) for key in found["KeySchema"])
        if keys != KEYS:
            raise StoreFailed(f"the table {self._table} has other keys than pk and sk: deploy/ecs makes the right one")
        if found["TableStatus"] not in {"ACTIVE", "UPDATING"}:
            raise StoreFailed(f"the table {self._table} is {found['TableStatus']}")

    async def close(self) -> None:
        """Nothing to let go of: the connections belong to the clients."""

    async def load(self) -> Mapping[Key, Record]:
        """Every record. Raises: StoreFailed."""
        items = await self._query("record")
        records = (self._read(codec.load, item, item["sk"]["S"]) for item in items)
        return {record.key: record for record in records}

    async def save(self, record: Record) -> None:
        """Write a record whose version is one more than the stored one's. Raises: StoreConflict, StoreFailed."""
        write = uuid.uuid4().hex
        follows = "attribute_not_exists(pk)" if record.version == 1 else "#version = :before"
        condition, values = self._or_doubtful(record.key, follows, also=write)
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
            raise StoreConflict(f"{record.key}: version {record.version} does not follow the stored one")

    async def delete(self, record: Record) -> None:
        """Forget an instance, given its stored record. Raises: StoreConflict, StoreFailed."""
        condition, values = self._or_doubtful(record.key, "#version = :version")
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
            raise StoreConflict(f"{record.key}: version {record.version} is not the stored one")

    async def append(self, visit: Pass) -> None:
        """Add a pass to the history of its instance, for ninety days. Raises: StoreFailed."""
        moment = visit.finished.astimezone(UTC)
        item = {
            "pk": _text(_history(visit.key)),
            "sk": _text(f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}#{visit.id}"),
            "document": self._document(codec.dump_pass(visit), f"a pass of {visit.key}"),
            "expires": _number(int((moment + HISTORY_KEPT).timestamp())),
        }
        call = self._clients.call(self._home, "dynamodb", "put_item", TableName=self._table, Item=item)
        await self._answer(call)

    async def history(self, key: Key, *, limit: int) -> Sequence[Pass]:
        """The newest passes first, two hundred at the most. Raises: StoreFailed."""
        items = await self._query(_history(key), newest=min(limit, HISTORY_SHOWN)) if limit > 0 else []
        return [self._read(codec.load_pass, item, f"a pass of {key}") for item in items]

    async def threads(self) -> Mapping[str, str]:
        """Every open conversation. Raises: StoreFailed."""
        return {item["sk"]["S"]: item["value"]["S"] for item in await self._query("thread")}

    async def keep_thread(self, name: str, value: str) -> None:
        """Remember one, in place of what was known under that name. Raises: StoreFailed."""
        item = _thread_key(name) | {"value": _text(value)}
        call = self._clients.call(self._home, "dynamodb", "put_item", TableName=self._table, Item=item)
        await self._answer(call)

    async def drop_thread(self, name: str) -> None:
        """Forget one; a no-op when it is not known. Raises: StoreFailed."""
        call = self._clients.call(self._home, "dynamodb", "delete_item", TableName=self._table, Key=_thread_key(name))
        await self._answer(call)

    async def freezes(self) -> Sequence[Freeze]:
        """Every freeze in force. Raises: StoreFailed."""
        items = await self._query("freeze")
        return [self._read(freezing.load, item, f"the freeze of {item['sk']['S']}") for item in items]

    async def keep_freeze(self, freeze: Freeze) -> None:
        """Keep it, in place of the one of the same name. Raises: StoreFailed."""
        document = self._document(freezing.dump(freeze), f"the freeze of {freeze.name}")
        item = {"pk": _text("freeze"), "sk": _text(freeze.name), "document": document}
        await self._answer(self._clients.call(self._home, "dynamodb", "put_item", TableName=self._table, Item=item))

    async def drop_freeze(self, name: str) -> None:
        """End the one of that name; a no-op when there is none. Raises: StoreFailed."""
        key = {"pk": _text("freeze"), "sk": _text(name)}
        await self._answer(self._clients.call(self._home, "dynamodb", "delete_item", TableName=self._table, Key=key))

    async def _query(self, partition: str, *, newest: int | None = None) -> list[_Item]:
        """The items of a partition in order; with `newest` that many from its end."""
        found: list[_Item] = []
        more: dict[str, Any] = {"Limit": newest} if newest else {}
        while True:
            call = self._clients.call(
                self._home,
                "dynamodb",
                "query",
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": _text(partition)},
                ConsistentRead=True,
                ScanIndexForward=newest is None,
                **more,
            )
            page = await self._answer(call)
            found += page["Items"]
            if "LastEvaluatedKey" not in page or (newest and len(found) >= newest):
                return found[:newest]
            more["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _or_doubtful(self, key: Key, follows: str, *, also: str | None = None) -> tuple[str, dict[str, Any]]:
        """A condition that is met by the stored version, or by a write of ours whose answer never came."""
        writes = [*self._doubtful.get(key, ()), *([also] if also else [])]
        values = {f":write{number}": _text(write) for number, write in enumerate(writes)}
        return (f"{follows} OR #write IN ({', '.join(values)})" if values else follows), values

    async def _write(self, key: Key, call: Awaitable[Mapping[str, Any]], write: str | None) -> bool:
        """Await a conditional write of a record; False when DynamoDB refused it."""
        try:
            await self._answer(call)
        except AwsFailed as refused:
            # A delete that was sent twice finds nothing the second time.
            return write is None and refused.retried and not await self._exists(key)
        except BaseException:
            if write:
                self._doubtful[key] = [*self._doubtful.get(key, ()), write][-_DOUBTS_KEPT:]
            raise
        self._doubtful.pop(key, None)
        return True

    async def _exists(self, key: Key) -> bool:
        call = self._clients.call(
            self._home, "dynamodb", "get_item", TableName=self._table, Key=_record_key(key), ConsistentRead=True
        )
        return "Item" in await self._answer(call)

    async def _answer(self, call: Awaitable[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Raises: StoreFailed; AwsFailed for a condition that was not met."""
        try:
            return await call
        except AwsFailed as failure:
            if failure.code == _REFUSED:
                raise
            missing = "; there is none in this account and region: deploy/ecs makes it, or set store.table and region"
            hint = missing if failure.code == _MISSING else ""
            raise StoreFailed(f"the table {self._table}: {failure}{hint}") from failure

    def _document(self, document: Mapping[str, Any], whose: str) -> Mapping[str, bytes]:
        packed = zlib.compress(json.dumps(document, separators=(",", ":")).encode())
        if len(packed) > LARGEST:
            raise StoreFailed(
                f"{whose} has {len(packed) // 1024} KB when compressed, and an item of DynamoDB at most"
                f" {LARGEST // 1024}: it was not written. Its plan, inputs or outputs are too large; split the module"
            )
        return {"B": packed}

    def _read(self, load: Callable[[Any], _T], item: _Item, whose: str) -> _T:
        try:
            return load(json.loads(zlib.decompress(item["document"]["B"])))
        except (KeyError, ValueError, zlib.error) as error:
            raise StoreCorrupt(
                f"the table {self._table}: {whose} cannot be read ({error}). Nothing was changed. Restore the table to"
                " a point in time, or start the version that wrote it"
            ) from error


def _record_key(key: Key) -> dict[str, Any]:
    return {"pk": _text("record"), "sk": _text(str(key))}


def _thread_key(name: str) -> dict[str, Any]:
    return {"pk": _text("thread"), "sk": _text(name)}


def _history(key: Key) -> str:
    return f"history/{key}"


def _names(condition: str) -> dict[str, str]:
    """The names that a condition uses; DynamoDB refuses one that is not."""
    return {name: attribute for name, attribute in _NAMES.items() if name in condition}


def _text(value: str) -> dict[str, str]:
    return {"S": value}


def _number(value: int) -> dict[str, str]:
    return {"N": str(value)}
