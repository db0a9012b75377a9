"""Freezes survive a restart, the global one goes first, and each is lifted alone."""

from dataclasses import dataclass, field

import pytest

from reconciler.core.record.freeze import Freeze
from reconciler.engine.freezes import Freezing
from tests.core.instances import NOW


@dataclass
class Kept:
    """A store of freezes."""

    by_name: dict[str, Freeze] = field(default_factory=dict)

    async def freezes(self) -> list[Freeze]:
        return list(self.by_name.values())

    async def keep_freeze(self, freeze: Freeze) -> None:
        self.by_name[freeze.name] = freeze

    async def drop_freeze(self, name: str) -> None:
        del self.by_name[name]


@pytest.mark.parametrize("is_kept", [False, True])
async def test_each_freeze_stops_its_environment_until_it_is_lifted(is_kept: bool) -> None:
    freezing = Freezing(Kept() if is_kept else None)
    await freezing.load()
    assert (freezing.all(), freezing.of("develop")) == ([], None)
    develop = await freezing.freeze("develop", by="ann", reason="peak", at=NOW)
    assert develop == Freeze("develop", "ann", "peak", NOW)
    assert (freezing.of("develop"), freezing.of("prod")) == (develop, None)
    everywhere = await freezing.freeze(None, by="ben", reason="audit", at=NOW)
    assert everywhere == Freeze(None, "ben", "audit", NOW)
    assert freezing.all() == [everywhere, develop]
    assert (freezing.of("develop"), freezing.of("prod")) == (everywhere, everywhere), "the global one goes first"
    assert await freezing.lift("prod") is None, "no freeze has that name"
    assert await freezing.lift(None) == everywhere
    assert (freezing.of("develop"), freezing.of("prod"), freezing.all()) == (develop, None, [develop])
    assert await freezing.lift("develop") == develop
    assert await freezing.lift("develop") is None
    assert freezing.all() == []


async def test_a_freeze_is_known_after_a_restart_until_it_was_lifted() -> None:
    kept = Kept()
    before = Freezing(kept)
    develop = await before.freeze("develop", by="ann", reason="peak", at=NOW)
    everywhere = await before.freeze(None, by="ben", reason="audit", at=NOW)
    after = Freezing(kept)
    assert after.of("develop") is None
    await after.load()
    assert after.all() == [everywhere, develop]
    await after.lift(None)
    assert kept.by_name == {"develop": develop}
    again = Freezing(kept)
    await again.load()
    assert again.all() == [develop]
