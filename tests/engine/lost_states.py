"""One platform whose state a test moves, loses or replaces, and Terraform that plans from the state in its place."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from desired_state.instance import Key
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.ports.control import Action
from reconciler.core.ports.terraform import Run, TerraformFailed, Workspace
from reconciler.core.principal import Principal
from reconciler.core.record.model import Record
from reconciler.core.status.advance import first
from reconciler.core.status.events import Accepted
from reconciler.core.vocabulary import Reason
from reconciler.engine.control import EngineControl
from reconciler.engine.passes.reconcile import reconcile
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, PLATFORM, instance
from tests.engine.fakes.orphans import FakeStates
from tests.engine.fakes.terraform import FakeTerraform, FakeWorkspace
from tests.engine.fakes.world import FakeController, fake_world

KEY = Key("develop", "platform")
OBJECT = "develop/platform/terraform.tfstate"
_ANN = Principal("ann", "socket")
_NAMES = ("aws_vpc.this", "aws_eip.this", "aws_kms_key.this")


@dataclass
class StateTerraform(FakeTerraform, FakeWorkspace):
    """Terraform that plans from the state in its place: it creates what the state lacks, or destroys what it has."""

    states: FakeStates = field(default_factory=FakeStates)
    applies: int = 0
    destroys: bool = False
    lineages: int = 0
    failure: TerraformFailed | None = None

    async def open(self, run: Run) -> Workspace:
        return self

    @property
    def object(self) -> str:
        return f"{self.states.prefix}{OBJECT}"

    async def planned_state(self) -> StateVersion:
        return self.states.versions.get(self.object, StateVersion())

    async def is_empty(self) -> bool:
        return (await self.planned_state()).resources == 0

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        if self.failure:
            raise self.failure
        has, self.destroys = (await self.planned_state()).resources, destroy
        if destroy:
            return document(*(change(name, ["delete"], {"x": 1}) for name in _NAMES[:has]), existing=has)
        return document(*(change(name, ["create"], None, {"x": 1}) for name in _NAMES[has:]), existing=has)

    async def apply(self) -> Mapping[str, Any]:
        before = await self.planned_state()
        self.applies += 1
        self.lineages += not before.lineage
        lineage = before.lineage or f"l{self.lineages}"
        self.states.versions[self.object] = StateVersion(
            lineage, before.serial + 1, 0 if self.destroys else len(_NAMES)
        )
        return {}


class Story:
    """One platform, applied twice, and what an operator does about it."""

    def __init__(self, text: str = PLATFORM) -> None:
        self.states = FakeStates()
        self.terraform = StateTerraform(states=self.states)
        record = first(instance(text, needs=()), "c1")
        self.world = fake_world(record, terraform=self.terraform, states=self.states)

    @property
    def record(self) -> Record:
        return self.world.records[KEY]

    async def visit(self) -> Record:
        await reconcile(KEY, self.world)
        return self.record

    async def act(self, action: Action) -> Record:
        return await EngineControl(FakeController(self.world)).act(KEY, action, by=_ANN)

    async def begin(self) -> "Story":
        """Apply the platform, and a change of it."""
        assert (await self.visit()).reason == Reason.APPLIED
        self.states.versions[OBJECT] = StateVersion("l1", 5, 2)
        await self.world.records.advance(KEY, Accepted(instance(PLATFORM, needs=(), tree_id="sha256:2"), "c2"))
        assert (await self.visit()).reason == Reason.APPLIED
        assert self.record.state is not None
        assert self.record.state.seen.version == StateVersion("l1", 6, 3)
        return self

    def moved(self, **changes: Any) -> None:
        """Configure another account or region."""
        self.world.environments = {"develop": dataclasses.replace(DEVELOP, **changes)}
