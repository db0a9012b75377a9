"""Two names and their states: Terraform's rules for them, and a daemon that can die at any step of writing one."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from desired_state.instance import Instance, Key
from reconciler.core.plan.move import plan_move
from reconciler.core.plan.state_file import State, StateVersion
from reconciler.core.ports.terraform import Run, TerraformFailed, Workspace
from reconciler.core.record.consent import Approval
from reconciler.core.record.model import Record
from reconciler.core.status.events import Approved
from reconciler.core.vocabulary import Reason
from reconciler.engine.world import World
from tests.core.documents import change, document
from tests.core.instances import NOW, applied, fold, instance
from tests.engine.fakes.terraform import FakeLocks, FakeTerraform, FakeWorkspace
from tests.engine.fakes.world import fake_world

MODULE = """
apiVersion: reconciler/v1
kind: Module
metadata: {name: NAME}
spec: {environments: [develop], root: probe, inputs: {text: one}}
"""
ORDERS, SHOP = Key("develop", "orders"), Key("develop", "shop")


def state_file(serial: int, *names: str, lineage: str = "l1") -> str:
    """Return a state with a resource of each of these names, as Terraform writes it."""
    resources = [{"mode": "managed", "type": "a_b", "name": name, "instances": []} for name in names]
    return json.dumps({"version": 4, "serial": serial, "lineage": lineage, "resources": resources}, indent=2)


class Killed(BaseException):
    """The daemon dies here."""


@dataclass
class RenameTerraform(FakeTerraform):
    """Terraform with one state per key. A run of a key in `busy` finds its workspace in use.

    `kill_after` counts the steps of writing states until the daemon dies. `when_opened` is called before each run.
    """

    states: dict[Key, str] = field(default_factory=dict)
    locks: FakeLocks = field(default_factory=FakeLocks)
    planned: list[tuple[Key, bool]] = field(default_factory=list)
    planned_creates: list[Key] = field(default_factory=list)
    busy: set[Key] = field(default_factory=set)
    kill_after: int | None = None
    when_opened: Callable[[], object] = lambda: None

    def step(self) -> None:
        """Count one step. Raises: Killed when it is one too many."""
        if self.kill_after is not None:
            self.kill_after -= 1
            if self.kill_after < 0:
                raise Killed

    async def open(self, run: Run) -> Workspace:
        if run.key in self.busy:
            raise TerraformFailed(Reason.STATE_LOCKED, "an earlier run (pid 7) still works in work/develop/orders")
        self.when_opened()
        return RenameWorkspace(run.key, self)


@dataclass
class RenameWorkspace(FakeWorkspace):
    """The workspace of one name: a plan creates the resource that the state lacks, or deletes the one it has."""

    key: Key
    terraform: RenameTerraform

    @property
    def _state(self) -> str:
        return self.terraform.states.get(self.key, "")

    async def read_state(self) -> str:
        return self._state

    async def write_state(self, state: str) -> None:
        self.terraform.step()
        if lock := self.terraform.locks.held.get(self.key):
            raise TerraformFailed(Reason.STATE_LOCKED, "locked", lock=lock)
        old, new = State(self._state), State(state)
        if not old.is_empty and (old.lineage != new.lineage or old.serial >= new.serial):
            raise TerraformFailed(Reason.STATE_CONFLICT, "refused by Terraform")
        # A state that did not exist gets a lineage of its own, as `PersistState` of Terraform's remote backends says.
        self.terraform.states[self.key] = state if self._state else state.replace(new.lineage, f"{new.lineage}+")
        self.terraform.step()

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        self.terraform.planned.append((self.key, destroy))
        if State(self._state).is_empty:
            if destroy:
                return document()
            self.terraform.planned_creates.append(self.key)
            return document(change("a_b.one", ["create"], None, {"x": 1}))
        return document(change("a_b.one", ["delete"], {"x": 1})) if destroy else document(existing=1)

    async def planned_state(self) -> StateVersion:
        return State(self._state).version

    async def is_empty(self) -> bool:
        return State(self._state).is_empty

    async def unlock(self, lock_id: str) -> None:
        del self.terraform.locks.held[self.key]


def rename_world(terraform: RenameTerraform, *records: Record) -> World:
    """Return a world with this Terraform, its locks, and these records."""
    return fake_world(*records, terraform=terraform, locks=terraform.locks)


def named(name: str, former: str | None = None) -> Instance:
    """Return the instance of that name, with its former name."""
    return replace(instance(MODULE.replace("NAME", name), needs=()), former=former)


def approved(record: Record, terraform: RenameTerraform) -> Record:
    """Return the record with an approval of its move from `orders`, as the state of that name is now."""
    plan = plan_move(State(terraform.states[ORDERS]), ORDERS, record.key, NOW)
    return fold(record, Approved(Approval(plan.digest, "ann", NOW)))


def orders_record() -> Record:
    """Return the record of the former name, applied."""
    return applied(MODULE.replace("NAME", "orders")).replace(instance=named("orders"))
