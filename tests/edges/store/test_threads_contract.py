"""What every store promises of open conversations; the stores are those of the store contract."""

from pathlib import Path

import pytest

from reconciler.core.ports.store import Threads
from tests.edges.store.test_store_contract import STORES, Opened


@pytest.fixture(params=STORES)
def opened(request: pytest.FixtureRequest) -> Opened:
    """How to open the store that keeps its things in a place."""
    return STORES[request.param]


def threads_of(store: object) -> Threads:
    """The store as the keeper of conversations."""
    assert all(hasattr(store, name) for name in ("threads", "keep_thread", "drop_thread"))
    return store  # type: ignore[return-value]  # its methods were just looked for


async def test_a_conversation_is_remembered_across_a_restart(opened: Opened, tmp_path: Path) -> None:
    async with opened(tmp_path) as before:
        await threads_of(before).keep_thread("drift develop/orders", "C1 1700000000.000001")
        await threads_of(before).keep_thread("failed develop/orders", "<text & \u00fcml\u00e4ut>")
    async with opened(tmp_path) as after:
        assert await threads_of(after).threads() == {
            "drift develop/orders": "C1 1700000000.000001",
            "failed develop/orders": "<text & \u00fcml\u00e4ut>",
        }


async def test_a_name_has_one_value_the_last(opened: Opened, tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await threads_of(store).keep_thread("drift develop/orders", "first")
        await threads_of(store).keep_thread("drift develop/orders", "second")
        assert await threads_of(store).threads() == {"drift develop/orders": "second"}


async def test_what_was_forgotten_is_gone_and_forgetting_twice_is_no_error(opened: Opened, tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await threads_of(store).keep_thread("drift develop/orders", "1")
        await threads_of(store).drop_thread("drift develop/orders")
        await threads_of(store).drop_thread("drift develop/orders")
        assert await threads_of(store).threads() == {}
