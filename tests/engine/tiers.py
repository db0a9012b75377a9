"""Platforms in two tiers, and an engine that remembers which trees it planned and applied for them."""

import dataclasses
import functools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.inputs import desired_digest, variables
from reconciler.core.ports.terraform import Run, TerraformFailed
from reconciler.core.record.model import Base, Record
from reconciler.core.record.runs import Holder
from reconciler.core.status.events import Accepted, Desired, FoundInSync
from reconciler.core.status.promotion import with_tree
from reconciler.core.vocabulary import Reason
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, NOW, PLATFORM, applied, fold
from tests.engine import fakes

OLD, NEW = "sha256:1", "sha256:2"
MOVED = change("aws_vpc.this", ["update"], {"tags": {"Environment": "a"}}, {"tags": {"Environment": "b"}})
PROD = Environment("prod", "prod", "123456789012", "eu-central-1")
TWO = {"develop": DEVELOP, "prod": PROD}


@dataclasses.dataclass
class Surroundings(fakes.Silent):
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
    async def during_apply(self) -> AsyncIterator[None]:
        yield


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
    own = with_tree(dataclasses.replace(record.instance, key=Key(environment, name)), OLD)
    inputs = variables(own, TWO[environment], platform=None, image=None)
    digest = desired_digest(own.source_digest, inputs, terraform_version=Surroundings.version)
    record = record.replace(instance=own, checked_at=NOW)
    return fold(record, Desired(digest, own.source_digest, "c1"), FoundInSync(Base("platform", OLD, inputs), {}))


def moved(record: Record) -> Record:
    return fold(record, Accepted(with_tree(record.instance, NEW), "c2"))


world_of = functools.partial(fakes.world_of, environments=TWO)
