"""The DynamoDB store: lost answers, items that are too large, and missing, wrong or damaged tables."""

import secrets
import uuid
import zlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from botocore.config import Config

from deploy.local.standin import StandIn
from desired_state.files.tree import tree_id
from desired_state.instance import Key
from reconciler.core.ports.store import StoreConflict
from reconciler.core.record.model import Pass, Record
from reconciler.edges.aws.clients import AwsClients, AwsFailed, Home, Place
from reconciler.edges.store.dynamodb import DynamoStore
from reconciler.edges.store.errors import StoreCorrupt, StoreFailed
from tests.core.instances import NOW, instance
from tests.edges.aws_stub import credentials
from tests.edges.store.tables import make_table
from tests.patience import PATIENCE

pytestmark = pytest.mark.aws
ORDERS = Record(instance(tree_id=tree_id({})), "c1", version=1)
ONCE = Config(connect_timeout=PATIENCE, read_timeout=PATIENCE, retries={"mode": "standard", "total_max_attempts": 1})


class UnreliableClients(AwsClients):
    """Clients that lose the answer of the next call of an operation, or repeat the call as botocore does."""

    lost = ""
    repeated = ""

    async def call(self, place: Place, service: str, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        answer = await super().call(place, service, operation, **parameters)
        if operation == self.lost:
            self.lost = ""
            raise AwsFailed("TimedOut", "no answer", operation=operation)
        if operation == self.repeated:
            self.repeated = ""
            try:
                return await super().call(place, service, operation, **parameters)
            except AwsFailed as failure:
                raise AwsFailed(failure.code, failure.message, operation=operation, retried=True) from None
        return answer


@pytest_asyncio.fixture
async def clients(aws: StandIn) -> AsyncIterator[UnreliableClients]:
    with credentials():
        found = UnreliableClients()
        yield found
        found.close()


@pytest.fixture
def table(aws: StandIn) -> str:
    name = f"store-{uuid.uuid4().hex}"
    make_table(aws, name)
    return name


@pytest.fixture
def store(aws: StandIn, clients: UnreliableClients, table: str) -> DynamoStore:
    return DynamoStore(clients, table, Home(aws.region, aws.endpoint))


async def test_a_write_that_was_sent_twice_is_one_write(store: DynamoStore, clients: UnreliableClients) -> None:
    clients.repeated = "put_item"
    await store.save(ORDERS)
    clients.repeated = "put_item"
    await store.save(ORDERS.replace(version=2))
    clients.repeated = "delete_item"
    await store.delete(ORDERS.replace(version=2))
    assert await store.load() == {}


async def test_after_a_lost_answer_the_same_daemon_continues(store: DynamoStore, clients: UnreliableClients) -> None:
    await store.save(ORDERS)
    clients.lost = "put_item"
    with pytest.raises(StoreFailed, match="no answer"):
        await store.save(ORDERS.replace(version=2, suspended=True))
    other = ORDERS.replace(version=2, accepted_commit="c2")
    await store.save(other)
    assert await store.load() == {ORDERS.key: other}
    with pytest.raises(StoreConflict):
        await store.save(other)


async def test_after_a_lost_answer_another_daemon_is_still_refused(
    aws: StandIn, store: DynamoStore, clients: UnreliableClients, table: str
) -> None:
    await store.save(ORDERS)
    clients.lost = "put_item"
    with pytest.raises(StoreFailed):
        await store.save(ORDERS.replace(version=2))
    other = DynamoStore(clients, table, Home(aws.region, aws.endpoint))
    with pytest.raises(StoreConflict):
        await other.save(ORDERS.replace(version=2, suspended=True))


async def test_a_refusal_after_a_retry_is_marked_as_retried(
    aws: StandIn, table: str, clients: UnreliableClients
) -> None:
    parameters = {"TableName": table, "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}
    aws.inject_fault("dynamodb", "error", operation="DeleteItem", status=500, times=1)
    with pytest.raises(AwsFailed) as caught:
        await clients.call(
            Home(aws.region, aws.endpoint),
            "dynamodb",
            "delete_item",
            ConditionExpression="attribute_exists(pk)",
            **parameters,
        )
    assert (caught.value.code, caught.value.retried) == ("ConditionalCheckFailedException", True)


async def test_records_over_several_pages_are_all_read(store: DynamoStore) -> None:
    records = {}
    for number in range(5):
        key = Key("develop", f"orders-{number}")
        large = ORDERS.replace(outputs={"text": secrets.token_hex(300_000)})  # two hex digits compress to one byte
        moved = instance(tree_id=tree_id({}))
        records[key] = large.replace(instance=type(moved).from_json(moved.to_json() | {"key": str(key)}))
        await store.save(records[key])
    assert await store.load() == records


async def test_a_large_record_that_compresses_well_is_stored(store: DynamoStore) -> None:
    large = ORDERS.replace(outputs={f"subnet_{number}": "10.10.0.0/20 " * 10 for number in range(20_000)})
    await store.save(large)
    assert await store.load() == {ORDERS.key: large}


async def test_a_record_too_large_for_an_item_is_an_error_and_the_old_one_stays(store: DynamoStore) -> None:
    await store.save(ORDERS)
    with pytest.raises(
        StoreFailed, match=r"record of develop/orders was not written: it has \d+ KB .* split the module"
    ):
        await store.save(ORDERS.replace(version=2, outputs={"text": secrets.token_hex(500_000)}))
    assert await store.load() == {ORDERS.key: ORDERS}
    await store.save(ORDERS.replace(version=2))


async def test_passes_expire_by_the_ttl_of_the_table(aws: StandIn, store: DynamoStore, table: str) -> None:
    finished = NOW + timedelta(seconds=9)
    await store.append(Pass("p1", ORDERS.key, "git", "c1", NOW, finished, "applied", None, ""))
    (item,) = aws.client("dynamodb").scan(TableName=table)["Items"]
    assert item["pk"]["S"] == "history/develop/orders"
    assert datetime.fromtimestamp(int(item["expires"]["N"]), UTC) == finished + timedelta(days=90)


async def test_conversations_are_kept_until_they_are_dropped(store: DynamoStore) -> None:
    await store.keep_thread("drift develop/orders", "1.1")
    await store.keep_thread("drift develop/orders", "1.2")
    await store.keep_thread("approval prod/orders", "2.1")
    assert await store.threads() == {"drift develop/orders": "1.2", "approval prod/orders": "2.1"}
    await store.drop_thread("drift develop/orders")
    await store.drop_thread("drift develop/orders")
    assert await store.threads() == {"approval prod/orders": "2.1"}


async def test_a_missing_table_is_named_with_the_remedy(aws: StandIn, clients: UnreliableClients) -> None:
    with pytest.raises(StoreFailed, match=r"the table nowhere: .* create it with deploy/ecs"):
        await DynamoStore(clients, "nowhere", Home(aws.region, aws.endpoint)).open()


async def test_a_table_with_other_keys_is_refused(aws: StandIn, clients: UnreliableClients) -> None:
    name = f"locks-{uuid.uuid4().hex}"
    make_table(aws, name, keys=(("LockID", "HASH"),))
    with pytest.raises(StoreFailed, match="has other keys than pk and sk"):
        await DynamoStore(clients, name, Home(aws.region, aws.endpoint)).open()


@pytest.mark.parametrize("document", [b"no compressed data", zlib.compress(b'{"schema": 2}'), zlib.compress(b"[]")])
async def test_a_damaged_document_names_its_instance(
    aws: StandIn, store: DynamoStore, table: str, document: bytes
) -> None:
    await store.save(ORDERS)
    key = {"pk": {"S": "record"}, "sk": {"S": "develop/orders"}}
    item = key | {"version": {"N": "1"}, "document": {"B": document}}
    aws.client("dynamodb").put_item(TableName=table, Item=item)
    with pytest.raises(StoreCorrupt, match=r"develop/orders cannot be read .* Restore the table"):
        await store.load()
    assert aws.client("dynamodb").get_item(TableName=table, Key=key)["Item"] == item


async def test_permanent_throttling_is_a_failure_and_not_a_conflict(aws: StandIn, table: str) -> None:
    with credentials():
        clients = AwsClients(settings=ONCE)
        aws.inject_fault("dynamodb", "throttle", operation="PutItem")
        try:
            with pytest.raises(StoreFailed, match=r"Thrott|Exceeded"):
                await DynamoStore(clients, table, Home(aws.region, aws.endpoint)).save(ORDERS)
        finally:
            aws.lift_faults()
            clients.close()
