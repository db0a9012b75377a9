"""Whatever is pushed, the daemon lives: a commit is taken in, or refused with a reason that can be shown.

Each commit counts four parts: its header, its trees, their names, and the documents.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from reconciler.core.ports.source import Revision, SourceFailed
from reconciler.core.record import codec
from reconciler.edges.source import commit as commits
from reconciler.edges.source.git import read_revision
from reconciler.edges.source.repository import Access, GitFailed
from reconciler.edges.store.trees import write_tree
from reconciler.engine.intake import Intake
from reconciler.engine.world import World
from tests.core.instances import DEVELOP
from tests.edges.source.author import TIMEOUT
from tests.engine.fakes.world import fake_world
from tests.fuzz import repositories

PARTS = 4
WORDS = ("cannot be read", "there is no commit", "is a symlink", "is a submodule", "two files", "git ls-tree:")


async def live_through(world: World, repository: Path, commit: str, scratch: Path) -> str:
    """Read and take in one commit, as the daemon does. Returns what came of it, in a word."""
    try:
        found = read_revision(str(repository), commit, timeout=TIMEOUT)
        roots = commits.terraform_files(repository, commit, ".", access=Access(TIMEOUT))
    except (SourceFailed, GitFailed) as refused:
        said = str(refused)
        assert said.isprintable(), said
        assert any(word in said for word in WORDS), said
        return "refused"
    intake = Intake(world)
    revision = Revision(found.commit, found.committed_at, found.files, roots)
    snapshot, _ = await intake.accept(revision)
    assert intake.failed == {}
    for problem in snapshot.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message
        str(problem).encode()
    for number, tree in enumerate(snapshot.trees.values()):
        write_tree(tree, _made(scratch / commit / str(number)))
    for record in world.records.values():
        assert codec.load(json.loads(json.dumps(codec.dump(record)))) == record, "the next start reads it"
    return "problems" if snapshot.problems else "clean"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


async def survive(directory: Path, parts: int, *, batch: int = 250) -> Counter[str]:
    """Live through commits of so many parts; return how many came to which end."""
    world, ends = fake_world(environments={"develop": DEVELOP}), Counter[str]()
    for seed in range(-(-parts // (PARTS * batch))):
        for repository, commit in repositories.commits(directory, seed, min(batch, parts // PARTS)):
            ends[await live_through(world, repository, commit, directory / "trees")] += 1
    return ends


async def test_a_few_hundred_parts_of_commits_end_no_daemon(tmp_path: Path) -> None:
    ends = await survive(tmp_path, 240)
    assert set(ends) >= {"refused", "problems"}, ends


@pytest.mark.chaos
@pytest.mark.timeout(3600)
async def test_twenty_thousand_parts_of_commits_end_no_daemon(tmp_path: Path) -> None:
    ends = await survive(tmp_path, 20_000)
    assert ends.total() == 5_000
    assert set(ends) >= {"refused", "problems"}, ends
