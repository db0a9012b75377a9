"""The engine says what the disk is needed for, and lives on when a sweep fails."""

import asyncio
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from desired_state.instance import Key
from reconciler.core.record.consent import Promoted
from reconciler.engine.upkeep import sweep, sweep_regularly
from tests.core.instances import applied
from tests.engine.fake_engine import ORDERS, FakeEngine
from tests.engine.fakes.observer import FakeObserver
from tests.patience import PATIENCE


@dataclass
class FakeUpkeep:
    """Remembers what is to be kept, until it has seen enough."""

    calls: list[tuple[AbstractSet[str], AbstractSet[Key]]] = field(default_factory=list)

    async def sweep(self, trees: AbstractSet[str], keys: AbstractSet[Key]) -> None:
        self.calls.append((trees, keys))
        raise OSError(28, "No space left on device")


async def test_the_trees_of_every_record_are_kept_and_a_failed_sweep_is_counted() -> None:
    observer, upkeep = FakeObserver(), FakeUpkeep()
    engine = FakeEngine(observer=observer)
    engine.world.upkeep = upkeep
    record = applied()
    assert record.base is not None
    engine.add(record.replace(promoted=Promoted("sha256:next")))
    await sweep(engine.world)
    ((trees, keys),) = upkeep.calls
    assert {record.instance.tree_id, record.base.tree_id, "sha256:next"} <= trees
    assert keys == set(engine.world.records)
    assert ORDERS in keys
    assert observer.events == ["upkeep_crashed"]


async def test_nothing_is_swept_before_a_commit_was_taken_in_completely() -> None:
    engine, upkeep = FakeEngine(), FakeUpkeep()
    engine.world.upkeep = upkeep
    answers = [False, False, True]

    class EnoughError(Exception):
        pass

    def complete() -> bool:
        if not answers:
            raise EnoughError
        assert not upkeep.calls
        return answers.pop(0)

    with pytest.raises(EnoughError):
        async with asyncio.timeout(PATIENCE):
            await sweep_regularly(engine.world, complete, every=timedelta(0))
    assert len(upkeep.calls) == 1
