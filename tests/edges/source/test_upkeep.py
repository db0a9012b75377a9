"""A mirror does not grow without bound, whatever kills its Git commands."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
import structlog.testing

from reconciler.edges.source.git import GitSource
from reconciler.edges.source.repository import Access
from reconciler.edges.source.tree_mirror import FoundTree, TreeMirror
from tests.edges.source.author import TIMEOUT, Author

LEFTOVERS = (
    "{mirror}/objects/pack/tmp_pack_a1B2c3",
    "{mirror}/objects/pack/tmp_idx_a1B2c3",
    "{mirror}/objects/a1/tmp_obj_a1B2c3",
    "{mirror}/refs/heads/main.lock",
    "{mirror}/packed-refs.lock",
    "{mirror}/../.mirror-a1b2c3/objects/x",
    "{mirror}/../.mirror-a1b2c3-old/objects/x",
)


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path)


@pytest.mark.parametrize("kind", ["manifests", "roots"])
async def test_what_killed_commands_left_is_removed_and_blocks_no_fetch(author: Author, kind: str) -> None:
    mirror = author.bare.parent / "mirror"

    async def read() -> str:
        if kind == "roots":
            found = TreeMirror(mirror, author.url, ".", Access(TIMEOUT)).read(["main"])["main"]
            assert isinstance(found, FoundTree)
            assert found.problem is None
            return found.commit
        source = GitSource(author.url, directory=mirror, timeout=TIMEOUT, interval=timedelta(minutes=1))
        return (await source.fetch()).commit

    author.push(**{"a.yaml": "1"})
    await read()
    paths = [Path(name.format(mirror=mirror)) for name in LEFTOVERS]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 1000)
    commit = author.push(**{"a.yaml": "2"})
    hour_ago = time.time() - 3600
    for path in paths:
        os.utime(path, (hour_ago, hour_ago))
        if path.parent.parent.name.startswith("."):
            os.utime(path.parent.parent, (hour_ago, hour_ago))
    assert await read() == commit
    assert [path for path in paths if path.exists()] == []


async def test_a_file_of_a_command_that_may_still_run_stays(author: Author) -> None:
    author.push(**{"a.yaml": "1"})
    mirror = author.bare.parent / "mirror"
    source = GitSource(author.url, directory=mirror, timeout=TIMEOUT, interval=timedelta(minutes=1))
    await source.fetch()
    young = mirror / "objects/pack/tmp_pack_young"
    young.touch()
    await source.fetch()
    assert young.exists()


async def test_objects_are_packed_once_a_day_and_rewritten_history_goes(author: Author) -> None:
    mirror = author.bare.parent / "mirror"
    source = GitSource(author.url, directory=mirror, timeout=TIMEOUT, interval=timedelta(minutes=1))
    for number in range(5):
        author.git("checkout", "--quiet", "--orphan", f"o{number}")
        author.push(**{"a.yaml": f"{number}"})
        await source.fetch()

    def loose() -> int:
        return sum(1 for _ in (mirror / "objects").glob("??/*"))

    assert loose(), "maintained when it was new"
    yesterday = time.time() - 2 * 24 * 3600
    for _ in range(2):  # what was packed is taken out of its pack on the first day
        for file in (mirror / "reconciler-maintained", *(mirror / "objects").glob("??/*")):
            os.utime(file, (yesterday, yesterday))
        revision = await source.fetch()
    assert loose() == 0
    assert len(list((mirror / "objects/pack").glob("*.pack"))) == 1
    assert revision.files == {"a.yaml": b"4"}
    packed = author.git("verify-pack", "-v", *map(str, (mirror / "objects/pack").glob("*.idx")))
    assert sum(line.split()[1:2] == ["commit"] for line in packed.splitlines()) == 1


async def test_a_mirror_that_cannot_be_packed_is_logged_and_serves(author: Author) -> None:
    mirror = author.bare.parent / "mirror"
    source = GitSource(author.url, directory=mirror, timeout=TIMEOUT, interval=timedelta(minutes=1))
    author.push(**{"a.yaml": "1"})
    await source.fetch()
    (mirror / "reconciler-maintained").unlink(missing_ok=True)
    (mirror / "gc.pid").write_text(f"{os.getpid()} {os.uname().nodename}")  # another gc runs, as Git notes it
    commit = author.push(**{"a.yaml": "2"})
    with structlog.testing.capture_logs() as logged:
        assert (await source.fetch()).commit == commit
    (entry,) = logged
    assert (entry["event"], entry["log_level"]) == ("a mirror could not be packed", "warning")
    assert "gc" in entry["error"]
