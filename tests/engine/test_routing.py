"""Services that exchange their priorities under a controller, on a load balancer where a priority exists once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.inputs.placeholder import placeholder_platform
from reconciler.core.ports.terraform import Run, TerraformFailed, Workspace
from reconciler.core.record.model import Base, Record
from reconciler.core.record.runs import Intent
from reconciler.core.status.advance import first
from reconciler.core.status.events import Accepted, Applied, Applying, Desired
from reconciler.core.vocabulary import ConditionType, Reason, Sync
from reconciler.engine.controller import Controller
from reconciler.engine.intake import Intake
from reconciler.engine.passes.reconcile import reconcile
from tests.core.decide.test_routes import declared, plain
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, IMAGE, NOW, fold
from tests.engine.fake_engine import platform
from tests.engine.fakes.observer import FakeObserver
from tests.engine.fakes.source import FakeSource
from tests.engine.fakes.terraform import FakeTerraform, FakeWorkspace
from tests.engine.fakes.world import fake_world
from tests.engine.running import running, until


@dataclass
class Balancer(FakeTerraform):
    """Terraform whose applies make one rule each, and fail as Elastic Load Balancing does."""

    rules: dict[Key, int] = field(default_factory=dict)
    applies: list[str] = field(default_factory=list)

    async def open(self, run: Run) -> Workspace:
        return RuleWorkspace(self, run)


class RuleWorkspace(FakeWorkspace):
    """The rule of one service."""

    def __init__(self, balancer: Balancer, run: Run) -> None:
        self.balancer, self.key = balancer, run.key
        self.wanted: int = (run.variables.get("routing") or {"priority": 0})["priority"]

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        has = self.balancer.rules.get(self.key, 0)
        if has == self.wanted:
            return document(outputs={"platform": {"value": placeholder_platform(DEVELOP)}})
        return document(change("aws_lb_listener_rule.this", ["update"], {"priority": has}, {"priority": self.wanted}))

    async def apply(self) -> Mapping[str, Any]:
        if self.wanted in self.balancer.rules.values():
            raise TerraformFailed(Reason.APPLY_FAILED, f"PriorityInUse: {self.wanted}")
        self.balancer.rules[self.key] = self.wanted
        self.balancer.applies.append(f"{self.key.name} {self.wanted}")
        return {}


def with_rule(name: str, before: Any, after: Any) -> Record:
    """Return the record of a service that an earlier version applied with one rule, and whose manifest changed."""
    record = first(declared(name, before), "c1")
    routing = {"priority": before.priority, "paths": list(before.paths)}
    record = fold(
        record,
        Desired("d1", record.instance.source_digest, "c1"),
        Applying(Intent("pass", "d1", "p", False, NOW), Base("service", "sha256:1", {"routing": routing})),
        Applied({}, IMAGE),
    )
    return fold(record, Accepted(declared(name, after), "c2"))


@pytest.mark.parametrize(
    ("before", "after", "applies"),
    [([100, 110], [110, 100], 3), ([1, 2, 3, 4, 5], [2, 3, 4, 5, 1], 6), ([1, 2, 3, 4], [2, 3, 4, 5], 4)],
    ids=["a swap", "a rotation of five", "a chain"],
)
async def test_priorities_arrive_and_no_apply_fails(before: list[int], after: list[int], applies: int) -> None:
    old, new = plain(before), plain(after)
    balancer = Balancer(rules={Key("develop", name): rule.priority for name, rule in old.items()})
    observer = FakeObserver()
    records = [with_rule(name, old[name], new[name]) for name in old]
    world = fake_world(platform(), *records, terraform=balancer, observer=observer, now=lambda: datetime.now(UTC))
    wanted = {Key("develop", name): rule.priority for name, rule in new.items()}

    def done() -> bool:
        ready = [world.records[key] for key in wanted]
        return balancer.rules == wanted and all(one.reason in {Reason.APPLIED, Reason.IN_SYNC} for one in ready)

    async with running(Controller(world, FakeSource(), Intake(world), workers=3)):
        await until(done)
    assert len(balancer.applies) == applies, balancer.applies
    assert all(world.records[key].sync == Sync.IN_SYNC for key in wanted)
    assert not any(new and new.failures for _, new, _ in observer.changes)


async def test_a_service_on_its_way_says_what_it_waits_for() -> None:
    old, new = plain([100, 110]), plain([110, 120])
    world = fake_world(platform(), *(with_rule(name, old[name], new[name]) for name in old), terraform=Balancer())
    await reconcile(Key("develop", "a"), world)
    headline = world.records[Key("develop", "a")].condition(ConditionType.READY)
    assert headline is not None
    assert (headline.status, headline.reason) == (False, Reason.PROGRESSING)
    assert headline.message == "its rule stays at priority 100 until develop/b makes way for 110"
