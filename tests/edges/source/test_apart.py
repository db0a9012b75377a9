"""A large commit is read by a process of its own, which the daemon outlives."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from desired_state.files.tree import Executable, Unavailable
from desired_state.snapshot import EnvironmentFacts, build
from reconciler.core.ports.source import Revision, SourceFailed
from reconciler.edges.process import child
from reconciler.edges.source.apart import SnapshotBuilder
from tests.core.instances import NOW
from tests.desired_state.manifests import ROOTS, example_files

FACTS = {name: EnvironmentFacts("develop") for name in ("develop", "test", "qa", "prod")}
FILES = {**example_files(), "link.yaml": Unavailable.because("is a symlink"), "shop": Unavailable.because("is a link")}
TREE = {**ROOTS, "roots/service/run.sh": Executable(b"true")}
REVISION = Revision("c1", NOW, FILES, TREE, roots_of={"qa": TREE, "prod": None})


async def test_a_snapshot_is_the_same_whoever_builds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret")
    run, given = child.run, dict[str, str]()

    async def watched(argv: Any, *, environment: Mapping[str, str], **more: Any) -> child.Completed:
        given.update(environment)
        return await run(argv, environment=environment, **more)

    monkeypatch.setattr(child, "run", watched)
    here = build(commit="c1", files=FILES, roots=TREE, environments=FACTS, roots_of=REVISION.roots_of)
    assert await SnapshotBuilder()(REVISION, FACTS, None, {}) == here
    assert given == {}, "a small commit needs no process"
    assert await SnapshotBuilder(small=0)(REVISION, FACTS, None, {}) == here
    assert given.keys() <= {"PATH", "TMPDIR", "LANG"}


async def test_a_commit_that_takes_too_long_is_refused_and_not_tried_with_every_fetch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = SnapshotBuilder(small=0, longest=timedelta(milliseconds=1))
    with pytest.raises(SourceFailed, match="reading the manifests of c1 takes longer than") as first:
        await reader(REVISION, FACTS, None, {})
    monkeypatch.setattr(child, "run", lambda *_, **__: pytest.fail("tried again"))
    with pytest.raises(SourceFailed) as second:
        await reader(REVISION, FACTS, None, {})
    assert str(second.value) == str(first.value)


async def test_a_commit_that_takes_too_much_memory_is_refused() -> None:
    with pytest.raises(SourceFailed, match="reading the manifests of c1 failed: "):
        await SnapshotBuilder(small=0, memory=1024)(REVISION, FACTS, None, {})
