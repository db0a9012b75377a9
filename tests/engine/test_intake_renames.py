"""A commit in which a manifest has another name: what it had is never taken for removed."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.ports.source import Revision
from reconciler.core.record.model import Record
from reconciler.core.vocabulary import ConditionType
from reconciler.engine.intake import Intake
from reconciler.engine.world import Limits, World
from tests.core.instances import DEVELOP, NOW
from tests.engine.fakes import REDACTOR, records_of

PROD = Environment("prod", "prod", "123456789012", "eu-central-1")
MODULE = """
apiVersion: reconciler/v1
kind: Module
metadata: {{name: {name}{former}}}
spec: {{environments: [{where}], root: probe, inputs: {{text: one}}{more}}}
"""
OTHERS = {f"other-{n}.yaml": MODULE.format(name=f"other-{n}", former="", where="develop", more="") for n in range(2)}


@dataclass
class Outside:
    """Store, trees and observers: nobody remembers anything."""

    saved: list[Record] = field(default_factory=list)

    async def save(self, record: Record) -> None: ...

    async def put(self, tree_id: str, tree: Any) -> None: ...

    def record_changed(self, *_: Any, **__: Any) -> None: ...

    def log(self, *_: Any, **__: Any) -> None: ...


def world() -> World:
    anything = cast(Any, Outside())
    names = ("terraform", "live", "prerequisites", "first_tasks", "locks", "store", "trees", "observer")
    return World(
        **dict.fromkeys(names, anything),
        protection=anything,
        records=records_of(anything),
        redactor=REDACTOR,
        environments={"develop": DEVELOP, "prod": PROD},
        limits=Limits(),
        now=lambda: NOW,
        rng=anything,
        admission=asyncio.Semaphore(1),
    )


async def accept(here: World, name: str, former: str = "", where: str = "develop, prod", more: str = "") -> set[str]:
    """Take in a commit with this manifest and two others; the keys that are due."""
    said = f", formerName: {former}" if former else ""
    files = OTHERS | {"one.yaml": MODULE.format(name=name, former=said, where=where, more=more)}
    content = {path: text.encode() for path, text in files.items()}
    _, due = await Intake(here).accept(Revision("c", NOW, content, {"roots/probe/main.tf": b""}))
    return set(map(str, due))


def stalled(here: World, key: Key) -> str:
    condition = here.records[key].condition(ConditionType.STALLED)
    return condition.message if condition else ""


async def test_the_old_name_is_due_and_is_not_removed_without_a_person() -> None:
    here = world()
    await accept(here, "orders")
    due = await accept(here, "shop", "orders")
    assert due == {"develop/orders", "develop/shop", "prod/orders", "prod/shop"}
    old, new = here.records[Key("develop", "orders")], here.records[Key("develop", "shop")]
    assert new.instance.former == "orders"
    assert old.prune_guard == "it was renamed to shop, which no longer names it as `formerName`"


async def test_where_the_new_name_is_not_deployed_the_old_one_stays_and_says_why() -> None:
    here = world()
    await accept(here, "orders")
    await accept(here, "shop", "orders", where="develop")
    assert here.records[Key("prod", "orders")].removed is None
    assert "shop, with `formerName: orders`, is not valid or not deployed to prod" in stalled(
        here, Key("prod", "orders")
    )
    assert stalled(here, Key("develop", "orders")) == ""


async def test_a_tombstone_goes_when_a_broken_manifest_claims_its_name() -> None:
    here = world()
    await accept(here, "orders")
    await accept(here, "unrelated")
    assert here.records[Key("develop", "orders")].removed
    await accept(here, "shop", "orders", more=", colour: blue")
    assert here.records[Key("develop", "orders")].removed is None
    assert "nothing is removed" in stalled(here, Key("develop", "orders"))
