"""The guarantees of every store for open conversations; the stores are those of the store contract."""

from pathlib import Path

import pytest

from reconciler.core.ports.store import Threads
from tests.edges.store.test_store_contract import STORES, Opened


@pytest.fixture(params=STORES)
def opened(request: pytest.FixtureRequest) -> Opened:
    """Return the function that opens the store of a directory."""
    return STORES[request.param]


def threads_of(store: object) -> Threads:
    """Return the store as `Threads`."""
    assert all(hasattr(store, name) for name in ("threads", "keep_thread", "drop_thread"))
    return store  # type: ignore[return-value]  # its methods were checked above


async def test_a_conversation_survives_a_restart(opened: Opened, tmp_path: Path) -> None:
    async with opened(tmp_path) as before:
        await threads_of(before).keep_thread("drift develop/orders", "C1 1700000000.000001")
        await threads_of(before).keep_thread("failed develop/orders", "<text & \u00fcml\u00e4ut>")
    async with opened(tmp_path) as after:
        assert await threads_of(after).threads() == {
            "drift develop/orders": "C1 1700000000.000001",
            "failed develop/orders": "<text & \u00fcml\u00e4ut>",
        }


async def test_a_later_value_replaces_the_earlier_one(opened: Opened, tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await threads_of(store).keep_thread("drift develop/orders", "first")
        await threads_of(store).keep_thread("drift develop/orders", "second")
        assert await threads_of(store).threads() == {"drift develop/orders": "second"}


async def test_a_dropped_conversation_is_gone_and_dropping_it_again_is_a_no_op(opened: Opened, tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await threads_of(store).keep_thread("drift develop/orders", "1")
        await threads_of(store).drop_thread("drift develop/orders")
        await threads_of(store).drop_thread("drift develop/orders")
        assert await threads_of(store).threads() == {}
