"""Commits that take much away. By mistake or not: nothing is destroyed, and people read why and what to do.

A commit that takes one service away is the counter-example: that is pruned, so the table can fail.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.inputs import placeholder_platform
from reconciler.core.ports.source import Revision
from reconciler.core.record.model import Base, Record
from reconciler.core.record.runs import Intent
from reconciler.core.status.events import Applied, Applying, Desired
from reconciler.core.vocabulary import ConditionType, Reason
from reconciler.engine.intake import Intake
from reconciler.engine.passes.reconcile import reconcile
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, NOW, fold
from tests.desired_state.manifests import ROOTS, module, platform, service, to_yaml
from tests.engine.stage import FakeEngine

Files = dict[str, bytes]
NAMES = [f"s{number}" for number in range(9)]
WHOLE: Files = {
    "platform.yaml": to_yaml(platform()),
    "modules/audit.yaml": to_yaml(module()),
    **{f"services/{name}.yaml": to_yaml(service(name)) for name in NAMES},
}
PLATFORM, AUDIT = Key("develop", "platform"), Key("develop", "audit")
SERVICES = [Key("develop", name) for name in NAMES]
EVERYBODY = {PLATFORM, AUDIT, *SERVICES}


def without(*paths: str) -> Files:
    return {path: content for path, content in WHOLE.items() if path not in paths}


@dataclass
class Removals(FakeEngine):
    """A repository of eleven instances, all applied, and what becomes of it with other commits."""

    destroyed: list[Key] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.records.clear()

    async def push(self, files: Mapping[str, bytes], commit: str) -> None:
        """Take in a commit, and visit everybody until nothing changes any more."""
        snapshot, _ = await Intake(self.world).accept(Revision(commit, NOW, files, ROOTS))
        self.problems = [str(problem) for problem in snapshot.problems]
        for _ in range(3):
            for key in sorted(self.world.records):
                if key in self.world.records:
                    await reconcile(key, self.world)

    async def lives(self) -> None:
        """The whole repository was applied."""
        await Intake(self.world).accept(Revision("c1", NOW, WHOLE, ROOTS))
        for record in list(self.world.records.values()):
            outputs = {"platform": placeholder_platform(DEVELOP)} if record.key == PLATFORM else {}
            base = Base(record.instance.root, record.instance.tree_id, {})
            self.has(
                fold(
                    record,
                    Desired("d", record.instance.source_digest, "c1"),
                    Applying(Intent("p", "d", "p", False, NOW), base),
                    Applied(outputs, None),
                )
            )

    def why(self, key: Key) -> str:
        """Return the headline of an instance that is not as Git says."""
        record = self.world.records[key]
        stalled = record.condition(ConditionType.STALLED)
        found = stalled or record.conditions[ConditionType.READY]
        return f"{found.reason}: {found.message}"

    def standing(self) -> dict[Key, Record]:
        return {key: record for key, record in self.world.records.items() if key not in self.destroyed}

    @asynccontextmanager
    async def workspace(self, run: Any) -> AsyncIterator[FakeEngine]:
        yield _Workspace(self, run.key)


class _Workspace(FakeEngine):
    """One instance's Terraform: nothing to do, unless it is to be destroyed."""

    def __init__(self, removals: Removals, key: Key) -> None:
        self.removals, self.key = removals, key

    async def plan(self, *, destroy: bool) -> Mapping[str, Any]:
        outputs = {"platform": {"value": placeholder_platform(DEVELOP)}} if self.key == PLATFORM else {}
        gone = [change("aws_ecs_service.this", ["delete"], {"name": self.key.name})] if destroy else []
        return document(*gone, outputs=outputs)

    async def apply(self) -> Mapping[str, Any]:
        self.removals.destroyed.append(self.key)
        return {}

    async def is_empty(self) -> bool:
        return self.key in self.removals.destroyed


MISTAKES: dict[str, tuple[Files, Mapping[Key, str]]] = {
    "the repository was emptied": ({}, {}),
    "the folder that `git.path` names was renamed": ({}, {}),
    "a file was cut off in the middle, and others are gone": (
        without("services/s0.yaml", "services/s1.yaml") | {"platform.yaml": WHOLE["platform.yaml"][:90]},
        dict.fromkeys(SERVICES[:2], "InvalidManifest: platform.yaml:"),
    ),
    "the platform was removed below its services": (
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
    "what holds state was removed alone": (
        without("modules/audit.yaml"),
        {AUDIT: "PruneConfirmationNeeded: a Module is removed only after a confirmation; `reconciler prune --confirm "},
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
async def test_a_mistake_destroys_nothing_says_why_and_is_over_when_it_is_taken_back(case: str) -> None:
    files, told = MISTAKES[case]
    stage = Removals()
    await stage.lives()
    await stage.push(files, "c2")
    assert (stage.destroyed, set(stage.world.records)) == ([], EVERYBODY)
    for key, beginning in told.items():
        assert stage.why(key).startswith(beginning), stage.why(key)
    await stage.push(WHOLE, "c3")
    assert stage.destroyed == []
    for key, record in stage.world.records.items():
        assert (record.removed, record.condition(ConditionType.STALLED)) == (None, None)
        assert record.reason not in {Reason.PRUNE_GUARD, Reason.DEPENDENCY_NOT_READY}, f"{key}: {stage.why(key)}"


async def test_an_emptied_repository_is_a_problem_that_says_what_to_do() -> None:
    stage = Removals()
    await stage.lives()
    await stage.push({}, "c2")
    assert stage.said.count("empty_snapshot_refused") == 1
    assert stage.problems == [
        ".:1:1: the commit has no manifest, so nothing is removed and 11 instances stay as they are: restore the"
        " manifests, check `git.path`, or remove instances a few at a time"
    ]
    assert all(record.removed is None for record in stage.world.records.values())


async def test_one_service_that_was_removed_on_purpose_is_pruned() -> None:
    stage = Removals()
    await stage.lives()
    await stage.push(without("services/s0.yaml"), "c2")
    assert stage.destroyed == [SERVICES[0]]
    assert set(stage.world.records) == EVERYBODY - {SERVICES[0]}
