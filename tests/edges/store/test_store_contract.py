"""The guarantees of every store, tested against the Protocol: a new store joins by adding itself to `STORES`."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from desired_state.files.tree import tree_id
from desired_state.instance import Key
from reconciler.core.ports.store import Store, StoreConflict
from reconciler.core.record.model import Pass, Record
from reconciler.edges.aws.clients import AwsClients, Home
from reconciler.edges.store.dynamodb import DynamoStore
from reconciler.edges.store.sqlite import SqliteStore
from tests.core.instances import NOW, PLATFORM, SERVICE, instance
from tests.edges.aws_stub import credentials, the_stand_in
from tests.edges.store.tables import make_table

TREE = tree_id({"roots/service/main.tf": b""})
ORDERS = Record(instance(SERVICE, tree_id=TREE), "c1", version=1)
PLATFORM_RECORD = Record(instance(PLATFORM, needs=(), tree_id=TREE), "c1", version=1)


@asynccontextmanager
async def sqlite(directory: Path) -> AsyncIterator[Store]:
    store = SqliteStore(directory / "records.sqlite3")
    yield store
    await store.close()


@asynccontextmanager
async def dynamodb(directory: Path) -> AsyncIterator[Store]:
    """Open a table per directory, on the stand-in that the tests of this folder share."""
    aws, table = the_stand_in(), hashlib.sha256(bytes(directory)).hexdigest()
    make_table(aws, table)
    with credentials():
        clients = AwsClients()
        store = DynamoStore(clients, table, Home(aws.region, aws.endpoint))
        await store.open()
        yield store
        await store.close()
        clients.close()


Opened = Callable[[Path], AbstractAsyncContextManager[Store]]
STORES: dict[str, Opened] = {"sqlite": sqlite, "dynamodb": dynamodb}


@pytest.fixture(params=STORES)
def opened(request: pytest.FixtureRequest) -> Opened:
    """Return the function that opens the store of a directory."""
    return STORES[request.param]


@pytest_asyncio.fixture
async def store(opened: Opened, tmp_path: Path) -> AsyncIterator[Store]:
    async with opened(tmp_path) as found:
        yield found


def visit(number: int, key: Key = ORDERS.key) -> Pass:
    started = NOW + timedelta(minutes=number)
    return Pass(
        f"p{number}", key, "git", "c1", started, started + timedelta(seconds=9), "applied", None, f"pass {number}"
    )


async def test_a_new_store_is_empty(store: Store) -> None:
    assert await store.load() == {}
    assert await store.history(ORDERS.key, limit=10) == []


async def test_saved_records_and_passes_survive_a_restart(opened: Opened, tmp_path: Path) -> None:
    async with opened(tmp_path) as before:
        await before.save(ORDERS)
        await before.save(PLATFORM_RECORD)
        await before.append(visit(1))
    async with opened(tmp_path) as after:
        assert await after.load() == {ORDERS.key: ORDERS, PLATFORM_RECORD.key: PLATFORM_RECORD}
        assert await after.history(ORDERS.key, limit=10) == [visit(1)]


async def test_a_record_is_replaced_by_its_next_version(store: Store) -> None:
    await store.save(ORDERS)
    second = ORDERS.replace(version=2, suspended=True)
    await store.save(second)
    assert await store.load() == {ORDERS.key: second}


@pytest.mark.parametrize("version", [0, 1, 3])
async def test_any_other_version_is_a_conflict_and_writes_nothing(store: Store, version: int) -> None:
    await store.save(ORDERS)
    with pytest.raises(StoreConflict, match="develop/orders"):
        await store.save(ORDERS.replace(version=version, suspended=True))
    assert await store.load() == {ORDERS.key: ORDERS}


async def test_a_record_begins_at_version_one(store: Store) -> None:
    with pytest.raises(StoreConflict):
        await store.save(ORDERS.replace(version=2))
    assert await store.load() == {}


async def test_one_of_two_concurrent_writers_wins(opened: Opened, tmp_path: Path) -> None:
    async with opened(tmp_path) as one, opened(tmp_path) as other:
        await one.save(ORDERS)
        mine, theirs = (ORDERS.replace(version=2, accepted_commit=commit) for commit in ("mine", "theirs"))
        ended = await asyncio.gather(one.save(mine), other.save(theirs), return_exceptions=True)
        assert sorted(type(end).__name__ for end in ended) == ["NoneType", "StoreConflict"]
        winner = mine if ended[0] is None else theirs
        assert await one.load() == await other.load() == {ORDERS.key: winner}


async def test_a_record_is_deleted_only_at_its_stored_version(store: Store) -> None:
    await store.save(ORDERS)
    await store.save(PLATFORM_RECORD)
    with pytest.raises(StoreConflict):
        await store.delete(ORDERS.replace(version=2))
    await store.delete(ORDERS)
    assert await store.load() == {PLATFORM_RECORD.key: PLATFORM_RECORD}
    with pytest.raises(StoreConflict):
        await store.delete(ORDERS)


async def test_a_deleted_record_can_be_saved_again_at_version_one(store: Store) -> None:
    await store.save(ORDERS)
    await store.delete(ORDERS)
    await store.save(ORDERS)
    assert await store.load() == {ORDERS.key: ORDERS}


async def test_history_is_newest_first_per_instance_and_limited(store: Store) -> None:
    for number in range(3):
        await store.append(visit(number))
    await store.append(visit(9, PLATFORM_RECORD.key))
    assert [found.id for found in await store.history(ORDERS.key, limit=2)] == ["p2", "p1"]
    assert [found.id for found in await store.history(PLATFORM_RECORD.key, limit=10)] == ["p9"]
    assert await store.history(ORDERS.key, limit=0) == []


async def test_history_is_bounded(store: Store) -> None:
    for number in range(205):
        await store.append(visit(number))
    kept = await store.history(ORDERS.key, limit=1000)
    assert [found.id for found in kept] == [f"p{number}" for number in range(204, 4, -1)]


async def test_history_outlives_the_record(store: Store) -> None:
    await store.save(ORDERS)
    await store.append(visit(1))
    await store.delete(ORDERS)
    assert await store.history(ORDERS.key, limit=1) == [visit(1)]
