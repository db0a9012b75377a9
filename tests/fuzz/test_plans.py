"""Whatever Terraform answers, the daemon lives: the instance shows a reason, and the pass is tried again."""

import dataclasses
import json
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.record import codec
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Move
from reconciler.core.redaction import known_secrets
from reconciler.core.status.advance import first
from reconciler.core.vocabulary import ConditionType
from reconciler.edges.process.threads import in_thread
from reconciler.edges.terraform.code import remote_modules
from reconciler.edges.terraform.session import read_document
from reconciler.engine.controller import Controller
from reconciler.engine.intake import Intake
from tests.core.documents import change, document
from tests.engine.fake_engine import ORDERS, FakeEngine, ServiceTerraform
from tests.engine.fakes.source import FakeSource
from tests.engine.fakes.store import FakeStore
from tests.engine.renames import RenameTerraform, named, orders_record, rename_world, state_file
from tests.fuzz import mutations

LOGS = {"retention_in_days": 30, "tags": {"a": "b"}, "secret": "s3cret-value"}
PLAN = {
    **document(
        change("aws_ecs_service.this", ["update"], {"task_definition": "td:1"}, {"task_definition": "td:2"}),
        change('module.a["x.y"].aws_cloudwatch_log_group.this[0]', ["delete", "create"], LOGS, {**LOGS, "tags": {}}),
        change(
            "aws_sqs_queue.this", ["create"], None, {"name": "q"}, unknown={"arn": True}, hidden_after={"name": True}
        ),
        drift=[change("aws_security_group.this", ["update"], {"ingress": [{"from_port": 22}]}, {"ingress": []})],
        existing=2,
        outputs={
            "url": {"value": "https://x", "sensitive": False},
            "key": {"value": "s3cret-value", "sensitive": True},
        },
        state={"aws_sqs_queue.old": {"name": "old"}},
    ),
    "applyable": True,
    "complete": True,
    "errored": False,
    "configuration": {"root_module": {"module_calls": {"a": {"source": "./a", "module": {"variables": {}}}}}},
    "checks": [
        {"address": {"to_display": "check.a"}, "status": "fail", "instances": [{"problems": [{"message": "m"}]}]}
    ],
}
ID = f"sha256:{'0' * 64}"  # of the tests' made-up instances
STATE = json.loads(state_file(3, "one", "two"))


@dataclass
class OddTerraform(ServiceTerraform):
    """Terraform that answers with `answer`, whatever it is asked."""

    answer: Path = Path()

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        found = read_document(self.answer)
        known_secrets.of_plan(found)
        remote_modules.unpinned(self.answer.parent, found)
        return found


class DumpingStore(FakeStore):
    """A store that writes documents, as each of the real ones does."""

    async def save(self, record: Record) -> None:
        stored = record.replace(instance=dataclasses.replace(record.instance, tree_id=ID, source_digest=ID))
        json.dumps(codec.dump(stored))
        await super().save(record)


@dataclass
class Ends:
    """The count of visits, by whether the document was read or was a surprise."""

    counted: Counter[str] = field(default_factory=Counter)

    def judge(self, record: Record, events: list[str]) -> None:
        """Check that the record shows where it stands, and can be stored."""
        surprise = "pass_crashed" in events
        ready = record.condition(ConditionType.READY)
        assert ready is not None
        assert ready.message or not surprise
        assert not (surprise and ready.status), "a plan that cannot be read is no success"
        assert "visit_crashed" not in events
        stored = record.replace(instance=dataclasses.replace(record.instance, tree_id=ID, source_digest=ID))
        assert codec.load(json.loads(json.dumps(codec.dump(stored)))).key == record.key, "the next start reads it"
        self.counted["surprise" if surprise else "read"] += 1


async def visit(engine_world: Any, key: Key) -> list[str]:
    """Visit an instance as a worker does; return the names of what was logged."""
    controller = Controller(engine_world, FakeSource(), Intake(engine_world), workers=0)
    await controller._visit(key, "interval")
    return [event for event, _ in engine_world.observer.logged]


async def plans(file: Path, seed: int, count: int) -> Counter[str]:
    """Visit a service with so many fuzzed plans, twice each."""
    rng, ends = random.Random(seed), Ends()
    for _ in range(count):
        text = json.dumps(mutations.document(PLAN, rng)).encode()
        await in_thread(file.write_bytes, mutations.text(text, rng) if rng.randrange(9) == 0 else text)
        engine = FakeEngine(OddTerraform(answer=file))
        engine.world.records._store = DumpingStore()
        events = await visit(engine.world, ORDERS)
        ends.judge(engine.records[ORDERS], events)
        engine.now += timedelta(days=1)
        engine.world.observer.logged.clear()  # type: ignore[attr-defined]
        ends.judge(engine.records[ORDERS], await visit(engine.world, ORDERS))
    return ends.counted


async def states(seed: int, count: int) -> Counter[str]:
    """Rename an instance with so many fuzzed states, and never lose the former name's state."""
    rng, ends = random.Random(seed), Ends()
    shop = Key("develop", "shop")
    for _ in range(count):
        text = json.dumps(mutations.document(STATE, rng))
        if rng.randrange(4) == 0:
            text = mutations.text(text.encode(), rng).decode("utf-8", "replace")
        terraform = RenameTerraform(states={ORDERS: text})
        begun = first(named("shop", former="orders"), "c1").replace(move=Move("orders"))
        world = rename_world(terraform, orders_record(), begun)
        await visit(world, shop)
        kept = {state.replace("+", "") for state in terraform.states.values()}  # a copy's lineage ends in one
        assert text.replace("+", "") in kept, "the only copy of a state was overwritten"
        if shop in world.records:
            ends.judge(world.records[shop], [])
    return ends.counted


async def test_a_hundred_odd_plans_end_no_daemon(tmp_path: Path) -> None:
    assert (await plans(tmp_path / "show.out", 1, 100)).total() == 200


async def test_fifty_odd_states_end_no_daemon_and_are_never_lost() -> None:
    await states(1, 50)


@pytest.mark.chaos
@pytest.mark.timeout(3600)
async def test_two_thousand_odd_plans_and_states_end_no_daemon(tmp_path: Path) -> None:
    assert (await plans(tmp_path / "show.out", 2, 1000)).total() == 2000
    await states(2, 1000)
