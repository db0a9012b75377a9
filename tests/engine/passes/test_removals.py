"""Commits that remove many instances: nothing is destroyed, and the records say why and what to do.

The counter-example, which shows that the table can fail: a commit that removes one service is pruned.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.inputs.placeholder import placeholder_platform
from reconciler.core.ports.source import Revision
from reconciler.core.ports.terraform import Run, Workspace
from reconciler.core.record.model import Base
from reconciler.core.record.runs import Intent
from reconciler.core.status.events import Applied, Applying, Desired
from reconciler.core.vocabulary import ConditionType, Reason
from reconciler.engine.intake import Intake
from reconciler.engine.passes.reconcile import reconcile
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, NOW, fold
from tests.desired_state.manifests import ROOTS, module, platform, service, to_yaml
from tests.engine.fake_engine import FakeEngine
from tests.engine.fakes.observer import FakeObserver
from tests.engine.fakes.terraform import FakeTerraform, FakeWorkspace

Files = dict[str, bytes]
NAMES = [f"s{number}" for number in range(9)]
WHOLE: Files = {
    "platform.yaml": to_yaml(platform()),
    "modules/audit.yaml": to_yaml(module()),
    **{f"services/{name}.yaml": to_yaml(service(name)) for name in NAMES},
}
PLATFORM, AUDIT = Key("develop", "platform"), Key("develop", "audit")
SERVICES = [Key("develop", name) for name in NAMES]
ALL = {PLATFORM, AUDIT, *SERVICES}


def without(*paths: str) -> Files:
    """Return the repository without these files."""
    return {path: content for path, content in WHOLE.items() if path not in paths}


@dataclass
class PruneTerraform(FakeTerraform):
    """Terraform that remembers the keys that it destroyed."""

    destroyed: list[Key] = field(default_factory=list)

    async def open(self, run: Run) -> Workspace:
        return PruneWorkspace(self.destroyed, run.key)


@dataclass
class PruneWorkspace(FakeWorkspace):
    """The workspace of one instance: a plan changes nothing, unless it is one to destroy."""

    destroyed: list[Key]
    key: Key

    async def plan(self, *, destroy: bool = False) -> Mapping[str, Any]:
        outputs = {"platform": {"value": placeholder_platform(DEVELOP)}} if self.key == PLATFORM else {}
        gone = [change("aws_ecs_service.this", ["delete"], {"name": self.key.name})] if destroy else []
        return document(*gone, outputs=outputs)

    async def apply(self) -> Mapping[str, Any]:
        self.destroyed.append(self.key)
        return {}

    async def is_empty(self) -> bool:
        return self.key in self.destroyed


class Repository(FakeEngine):
    """A repository of eleven instances, and the engine that follows its commits."""

    def __init__(self) -> None:
        terraform, self.observer = PruneTerraform(), FakeObserver()
        super().__init__(terraform, observer=self.observer)
        self.destroyed = terraform.destroyed
        self.problems: list[str] = []
        self.records.clear()

    async def push(self, files: Mapping[str, bytes], commit: str) -> None:
        """Accept a commit, and run three passes of every instance, after which nothing changes any more."""
        snapshot, _ = await Intake(self.world).accept(Revision(commit, NOW, files, ROOTS))
        self.problems = [str(problem) for problem in snapshot.problems]
        for _ in range(3):
            for key in sorted(self.records):
                if key in self.records:
                    await reconcile(key, self.world)

    async def apply_all(self) -> None:
        """Accept the whole repository and set every record as applied."""
        await Intake(self.world).accept(Revision("c1", NOW, WHOLE, ROOTS))
        for record in list(self.records.values()):
            outputs = {"platform": placeholder_platform(DEVELOP)} if record.key == PLATFORM else {}
            base = Base(record.instance.root, record.instance.tree_id, {})
            self.add(
                fold(
                    record,
                    Desired("d", record.instance.source_digest, "c1"),
                    Applying(Intent("p", "d", "p", False, NOW), base),
                    Applied(outputs, None),
                )
            )

    def headline(self, key: Key) -> str:
        """Return reason and message of the instance: of its Stalled condition, else of Ready."""
        record = self.records[key]
        stalled = record.condition(ConditionType.STALLED)
        found = stalled or record.conditions[ConditionType.READY]
        return f"{found.reason}: {found.message}"


MISTAKES: dict[str, tuple[Files, Mapping[Key, str]]] = {
    "the repository was emptied": ({}, {}),
    "the folder that `git.path` names was renamed": ({}, {}),
    "a file was truncated, and others were removed": (
        without("services/s0.yaml", "services/s1.yaml") | {"platform.yaml": WHOLE["platform.yaml"][:90]},
        dict.fromkeys(SERVICES[:2], "InvalidManifest: platform.yaml:"),
    ),
    "the platform was removed while its services depend on it": (
        without("platform.yaml"),
        {
            PLATFORM: f"DependencyNotReady: {', '.join(map(str, SERVICES))} still depend on it: remove these first",
            **{
                key: f"InvalidManifest: services/{key.name}.yaml:9:4: develop has no Platform: a service needs one"
                for key in SERVICES
            },
        },
    ),
    "30 % were removed in one commit": (
        without(*(f"services/{name}.yaml" for name in NAMES[:3]), "modules/audit.yaml"),
        dict.fromkeys(
            [*SERVICES[:3], AUDIT],
            "PruneGuard: 4 of 11 instances were removed in one commit, more than 20 %; `reconciler prune --confirm ",
        ),
    ),
    "a folder inside the repository was renamed": (
        {path.replace("services/", "apps/"): content for path, content in WHOLE.items()},
        {},
    ),
    "one Module was removed": (
        without("modules/audit.yaml"),
        {AUDIT: "PruneConfirmationNeeded: a Module is removed only after a confirmation; `reconciler prune --confirm "},
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
async def test_a_mistake_destroys_nothing_and_is_over_after_its_revert(case: str) -> None:
    files, headlines = MISTAKES[case]
    repository = Repository()
    await repository.apply_all()
    await repository.push(files, "c2")
    assert (repository.destroyed, set(repository.records)) == ([], ALL)
    for key, headline in headlines.items():
        assert repository.headline(key).startswith(headline), repository.headline(key)
    await repository.push(WHOLE, "c3")
    assert repository.destroyed == []
    for key, record in repository.records.items():
        assert (record.removed, record.condition(ConditionType.STALLED)) == (None, None)
        assert record.reason not in {Reason.PRUNE_GUARD, Reason.DEPENDENCY_NOT_READY}, (
            f"{key}: {repository.headline(key)}"
        )


async def test_an_emptied_repository_is_a_problem_with_a_remedy() -> None:
    repository = Repository()
    await repository.apply_all()
    await repository.push({}, "c2")
    assert repository.observer.events.count("empty_snapshot_refused") == 1
    assert repository.problems == [
        ".:1:1: the commit has no manifest, so nothing is removed and 11 instances stay as they are: restore the"
        " manifests, check `git.path`, or remove instances a few at a time"
    ]
    assert all(record.removed is None for record in repository.records.values())


async def test_one_removed_service_is_pruned() -> None:
    repository = Repository()
    await repository.apply_all()
    await repository.push(without("services/s0.yaml"), "c2")
    assert repository.destroyed == [SERVICES[0]]
    assert set(repository.records) == ALL - {SERVICES[0]}
