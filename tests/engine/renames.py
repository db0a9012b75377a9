"""Two names and their states: Terraform's rules for them, and a daemon that may die at any step of writing one."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from desired_state.instance import Instance, Key
from reconciler.core.plan.state_file import State
from reconciler.core.ports.terraform import LockInfo, Run, TerraformFailed
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Holder
from reconciler.core.vocabulary import Reason
from tests.core.documents import change, document
from tests.core.instances import applied, instance
from tests.engine.fakes import Silent

MODULE = """
apiVersion: reconciler/v1
kind: Module
metadata: {name: NAME}
spec: {environments: [develop], root: probe, inputs: {text: one}}
"""
ORDERS, SHOP = Key("develop", "orders"), Key("develop", "shop")


def written(serial: int, *names: str, lineage: str = "l1") -> str:
    resources = [{"mode": "managed", "type": "a_b", "name": name, "instances": []} for name in names]
    return json.dumps({"version": 4, "serial": serial, "lineage": lineage, "resources": resources}, indent=2)


class Killed(BaseException):
    """The daemon dies here."""


@dataclass
class Place:
    """The workspace of one name: Terraform's rules for states, and plans of what a state has and lacks."""

    key: Key
    around: "Surroundings"

    async def read_state(self) -> str:
        return self.around.states.get(self.key, "")

    async def write_state(self, state: str) -> None:
        self.around.step()
        if lock := self.around.locks.get(self.key):
            raise TerraformFailed(Reason.STATE_LOCKED, "locked", lock=lock)
        old, new = State(self.around.states.get(self.key, "")), State(state)
        if not old.is_empty and (old.lineage != new.lineage or old.serial >= new.serial):
            raise TerraformFailed(Reason.STATE_CONFLICT, "refused by Terraform")
        self.around.states[self.key] = state
        self.around.step()

    async def plan(self, *, destroy: bool) -> Mapping[str, Any]:
        self.around.planned.append((self.key, destroy))
        if State(self.around.states.get(self.key, "")).is_empty:
            if destroy:
                return document()
            self.around.planned_to_make.append(self.key)
            return document(change("a_b.one", ["create"], None, {"x": 1}))
        return document(change("a_b.one", ["delete"], {"x": 1})) if destroy else document(existing=1)

    async def is_empty(self) -> bool:
        return State(self.around.states.get(self.key, "")).is_empty

    async def unlock(self, lock_id: str) -> None:
        del self.around.locks[self.key]


@dataclass
class Surroundings(Silent):
    """Terraform, store, locks and observers in one. `kill_after` counts the steps of writing states."""

    states: dict[Key, str] = field(default_factory=dict)
    locks: dict[Key, LockInfo] = field(default_factory=dict)
    planned: list[tuple[Key, bool]] = field(default_factory=list)
    planned_to_make: list[Key] = field(default_factory=list)
    busy: set[Key] = field(default_factory=set)
    kill_after: int | None = None
    when_opened: Callable[[], object] = lambda: None
    version: str = "1.11.4"
    me: Holder = field(default_factory=lambda: Holder("reconciler@host"))

    def step(self) -> None:
        if self.kill_after is not None:
            self.kill_after -= 1
            if self.kill_after < 0:
                raise Killed

    @asynccontextmanager
    async def workspace(self, run: Run) -> AsyncIterator[Place]:
        if run.key in self.busy:
            raise TerraformFailed(Reason.STATE_LOCKED, "an earlier run (pid 7) still works in work/develop/orders")
        self.when_opened()
        yield Place(run.key, self)

    async def read(self, key: Key, environment: Any) -> LockInfo | None:
        return self.locks.get(key)

    async def is_dead(self, holder: Holder, *, certain: bool) -> bool:
        return True


def of(name: str, former: str | None = None) -> Instance:
    return replace(instance(MODULE.replace("NAME", name), needs=()), former=former)


def old_record() -> Record:
    return applied(MODULE.replace("NAME", "orders")).replace(instance=of("orders"))
