"""A root change reaches instances pass by pass: what each pass runs, and what the records say meanwhile."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

from desired_state.instance import Key
from reconciler.core.events import Accepted, Asked, Desired, Failed, Settled
from reconciler.core.inputs import desired_digest, variables
from reconciler.core.ports import Environment, Run, TerraformFailed
from reconciler.core.promotion import held_back
from reconciler.core.record import Base, Holder, Reason, Record
from reconciler.core.redact import Redactor
from reconciler.engine.promote import woken
from reconciler.engine.reconcile import reconcile
from reconciler.engine.world import Limits, World
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, NOW, PLATFORM, applied, fold, instance

OLD, NEW = "sha256:1", "sha256:2"
MOVED = change("aws_vpc.this", ["update"], {"tags": {"Environment": "a"}}, {"tags": {"Environment": "b"}})
PROD = Environment("prod", "prod", "123456789012", "eu-central-1")
TWO = {"develop": DEVELOP, "prod": PROD}


@dataclasses.dataclass
class Surroundings:
    """Terraform, store, locks and observers in one: it remembers which trees were planned and applied."""

    broken: frozenset[str] = frozenset()
    planned: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    applied: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    version: str = "1.11.4"
    me: Holder = dataclasses.field(default_factory=lambda: Holder("reconciler@host"))

    @asynccontextmanager
    async def workspace(self, run: Run) -> AsyncIterator["Opened"]:
        yield Opened(self, run)

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        yield

    async def save(self, record: Record) -> None: ...

    async def read(self, key: Key, environment: Any) -> None: ...

    def moved(self, *_: Any, **__: Any) -> None: ...

    def log(self, *_: Any, **__: Any) -> None: ...


@dataclasses.dataclass
class Opened:
    """One workspace; every plan of it changes something."""

    around: Surroundings
    run: Run

    @property
    def name(self) -> tuple[str, str]:
        return str(self.run.key), self.run.tree_id

    async def plan(self, *, destroy: bool) -> Mapping[str, Any]:
        self.around.planned.append(self.name)
        return document(MOVED)

    async def apply(self) -> Mapping[str, Any]:
        if str(self.run.key) in self.around.broken:
            raise TerraformFailed(Reason.APPLY_FAILED, "it broke")
        self.around.applied.append(self.name)
        return {}

    def has_begun(self) -> bool:
        return True


def running(environment: str, name: str) -> Record:
    """A platform that rests with the old tree and was just looked at."""
    record = applied(PLATFORM)
    own = held_back(dataclasses.replace(record.instance, key=Key(environment, name)), OLD)
    inputs = variables(own, TWO[environment], platform=None, image=None)
    digest = desired_digest(own.source_digest, inputs, terraform_version=Surroundings.version)
    record = record.replace(instance=own, checked_at=NOW)
    return fold(record, Desired(digest, own.source_digest, "c1"), Settled(Base("platform", OLD, inputs), {}))


def moved(record: Record) -> Record:
    return fold(record, Accepted(held_back(record.instance, NEW), "c2"))


def world_of(around: Surroundings, *records: Record, at_a_time: int = 1) -> World:
    anything = cast(Any, around)
    return World(
        terraform=anything,
        live=anything,
        prerequisites=anything,
        first_tasks=anything,
        locks=anything,
        store=anything,
        trees=anything,
        reports=anything,
        observer=anything,
        protection=anything,
        redactor=Redactor(b"a key for tests"),
        environments=TWO,
        limits=Limits(max_in_flight=at_a_time),
        now=lambda: NOW,
        rng=anything,
        admission=asyncio.Semaphore(8),
        records={record.key: record for record in records},
    )


async def test_develop_goes_first_and_prod_follows() -> None:
    develop, prod = moved(running("develop", "net")), moved(running("prod", "net"))
    around = Surroundings()
    world = world_of(around, develop, prod)
    await reconcile(prod.key, world)
    held = world.records[prod.key]
    assert (held.reason, around.applied) == (Reason.ROLLOUT_HELD, [])
    assert held.promoted is not None
    assert "develop/net" in str(held.promoted.held)
    before = world.records[develop.key]
    await reconcile(develop.key, world)
    assert woken(before, world.records[develop.key], world) == [prod.key], "it need not wait for its next look"
    await reconcile(prod.key, world)
    assert around.applied == [("develop/net", NEW), ("prod/net", NEW)]
    assert world.records[prod.key].applied_source == world.records[prod.key].instance.source_digest


async def test_passes_at_the_same_time_do_not_take_the_same_place() -> None:
    records = [moved(running("develop", f"net{number}")) for number in range(6)]
    around = Surroundings(broken=frozenset(str(record.key) for record in records))
    world = world_of(around, *records, at_a_time=2)
    await asyncio.gather(*(reconcile(record.key, world) for record in records))
    assert len([name for name in around.planned if name[1] == NEW]) == 2


async def test_after_one_that_broke_the_others_stay_and_it_ends_when_the_ref_moves_back() -> None:
    first, second = moved(running("develop", "first")), moved(running("develop", "second"))
    around = Surroundings(broken=frozenset({"develop/first"}))
    world = world_of(around, first, second, at_a_time=5)
    await reconcile(first.key, world)
    await reconcile(second.key, world)
    assert around.applied == []
    assert "stopped: develop/first (ApplyFailed)" in str(world.records[second.key].promoted)
    world.records[second.key] = fold(
        world.records[second.key], Accepted(held_back(world.records[second.key].instance, OLD), "c3")
    )
    assert world.records[second.key].reason == Reason.IN_SYNC


async def test_reconcile_lets_a_single_instance_through() -> None:
    first, second, third = (moved(running("develop", name)) for name in ("first", "second", "third"))
    around = Surroundings(broken=frozenset({"develop/first"}))
    world = world_of(around, first, second, third, at_a_time=5)
    await reconcile(first.key, world)
    await world.settle(second.key, Asked(reconcile=True))
    for key in (second.key, third.key):
        await reconcile(key, world)
    assert around.applied == [("develop/second", NEW)]


async def test_a_manifest_change_flows_with_the_old_tree_while_the_new_one_is_held() -> None:
    develop, prod = moved(running("develop", "net")), moved(running("prod", "net"))
    changed = dataclasses.replace(instance(PLATFORM.replace("owner: platform", "owner: others")), key=prod.key)
    prod = fold(prod, Accepted(held_back(changed, NEW), "c3"))
    around = Surroundings()
    world = world_of(around, develop, prod)
    await reconcile(prod.key, world)
    assert around.applied == [("prod/net", OLD)]
    record = world.records[prod.key]
    assert record.applied_source == held_back(changed, OLD).source_digest
    assert record.reason == Reason.ROLLOUT_HELD


async def test_a_failure_with_the_old_tree_stops_nobody() -> None:
    develop, prod = moved(running("develop", "net")), moved(running("prod", "net"))
    world = world_of(Surroundings(), develop, prod)
    await reconcile(prod.key, world)
    await world.settle(prod.key, Failed(Reason.PLAN_FAILED, "no"))
    await reconcile(develop.key, world)
    assert world.records[develop.key].reason == Reason.APPLIED
