"""Platforms in two tiers, and a Terraform that remembers the trees that it planned and applied for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.inputs.variables import desired_digest, variables
from reconciler.core.ports.observer import Observer
from reconciler.core.ports.store import Store
from reconciler.core.ports.terraform import Run, TerraformFailed, Workspace
from reconciler.core.record.model import Base, Record
from reconciler.core.status.events import Accepted, Desired, FoundInSync
from reconciler.core.status.promotion import with_tree
from reconciler.core.vocabulary import Reason
from reconciler.engine.world import Limits, World
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, NOW, PLATFORM, applied, fold
from tests.engine.fakes.terraform import FakeTerraform, FakeWorkspace
from tests.engine.fakes.world import fake_world

OLD, NEW = "sha256:1", "sha256:2"
UPDATE = change("aws_vpc.this", ["update"], {"tags": {"Environment": "a"}}, {"tags": {"Environment": "b"}})
PROD = Environment("prod", "prod", "123456789012", "eu-central-1")
ENVIRONMENTS = {"develop": DEVELOP, "prod": PROD}


@dataclass
class TierTerraform(FakeTerraform):
    """Terraform that remembers plans and applies as pairs of key and tree id. Applies of keys in `broken` fail."""

    broken: frozenset[str] = frozenset()
    planned: list[tuple[str, str]] = field(default_factory=list)
    applied: list[tuple[str, str]] = field(default_factory=list)

    async def open(self, run: Run) -> Workspace:
        return TierWorkspace(self, run)


@dataclass
class TierWorkspace(FakeWorkspace):
    """One workspace; each of its plans changes something."""

    terraform: TierTerraform
    run: Run

    @property
    def name(self) -> tuple[str, str]:
        """Return the key and the tree id of the run."""
        return str(self.run.key), self.run.tree_id

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        self.terraform.planned.append(self.name)
        return document(UPDATE)

    async def apply(self) -> Mapping[str, Any]:
        if str(self.run.key) in self.terraform.broken:
            raise TerraformFailed(Reason.APPLY_FAILED, "it broke")
        self.terraform.applied.append(self.name)
        return {}


def running(environment: str, name: str) -> Record:
    """Return the record of a platform that was applied with the old tree and just checked."""
    record = applied(PLATFORM)
    own = with_tree(replace(record.instance, key=Key(environment, name)), OLD)
    inputs = variables(own, ENVIRONMENTS[environment], platform=None, image=None)
    digest = desired_digest(own.source_digest, inputs, terraform_version=FakeTerraform.version)
    record = record.replace(instance=own, checked_at=NOW)
    return fold(record, Desired(digest, own.source_digest, "c1"), FoundInSync(Base("platform", OLD, inputs), {}))


def with_new_tree(record: Record) -> Record:
    """Return the record after a commit that brings the new tree."""
    return fold(record, Accepted(with_tree(record.instance, NEW), "c2"))


def tier_world(
    terraform: FakeTerraform,
    *records: Record,
    max_in_flight: int = 1,
    store: Store | None = None,
    observer: Observer | None = None,
) -> World:
    """Return a world of both tiers, where at most `max_in_flight` instances take a changed root at once."""
    return fake_world(
        *records,
        terraform=terraform,
        store=store,
        observer=observer,
        environments=ENVIRONMENTS,
        limits=Limits(max_in_flight=max_in_flight),
    )
