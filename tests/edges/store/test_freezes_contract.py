"""The guarantees of every store for freezes; the stores are those of the store contract."""

import dataclasses
from pathlib import Path

import pytest

from reconciler.core.ports.store import Freezes
from reconciler.core.record.freeze import Freeze
from reconciler.engine.freezes import Freezing
from tests.core.instances import NOW
from tests.edges.store.test_store_contract import STORES, Opened

PROD = Freeze("prod", "ann", "peak season <&ü>", NOW)
ALL = Freeze(None, "ben", "audit", NOW)


@pytest.fixture(params=STORES)
def opened(request: pytest.FixtureRequest) -> Opened:
    """Return the function that opens the store of a directory."""
    return STORES[request.param]


def freezes_of(store: object) -> Freezes:
    """Return the store as `Freezes`."""
    assert all(hasattr(store, name) for name in ("freezes", "keep_freeze", "drop_freeze"))
    return store  # type: ignore[return-value]  # its methods were checked above


async def test_a_freeze_survives_restarts_until_it_is_lifted(opened: Opened, tmp_path: Path) -> None:
    async with opened(tmp_path) as before:
        freezing = Freezing(freezes_of(before))
        await freezing.freeze("prod", by=PROD.by, reason=PROD.reason, at=PROD.at)
        await freezing.freeze(None, by=ALL.by, reason=ALL.reason, at=ALL.at)
    async with opened(tmp_path) as after:
        freezing = Freezing(freezes_of(after))
        await freezing.load()
        assert list(freezing.all()) == [ALL, PROD]
        assert freezing.of("develop") == ALL
        assert await freezing.lift(None) == ALL
        assert (freezing.of("develop"), freezing.of("prod")) == (None, PROD)
    async with opened(tmp_path) as again:
        assert list(await freezes_of(again).freezes()) == [PROD]


async def test_a_later_freeze_replaces_the_earlier_one(opened: Opened, tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await freezes_of(store).keep_freeze(PROD)
        later = dataclasses.replace(PROD, by="ben")
        await freezes_of(store).keep_freeze(later)
        assert list(await freezes_of(store).freezes()) == [later]
        await freezes_of(store).drop_freeze("prod")
        await freezes_of(store).drop_freeze("prod")
        assert list(await freezes_of(store).freezes()) == []
