"""The daemon's disk: what a record needs stays, a state that was not uploaded stays, the rest goes."""

import os
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from desired_state.files.tree import tree_id
from desired_state.instance import Key
from reconciler.edges import upkeep
from reconciler.edges.store.trees import DirectoryTrees
from reconciler.edges.terraform import workspace
from reconciler.edges.upkeep import DiskUpkeep


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def disk(tmp_path: Path) -> DiskUpkeep:
    return DiskUpkeep(tmp_path / "trees", tmp_path / "work")


def homes(disk: DiskUpkeep, *names: str, hours: int = 2) -> list[Path]:
    """Make workspaces that a run last locked so many hours ago, each an hour before the one after it."""
    found = []
    for position, name in enumerate(names):
        home = disk.work / name
        (home / "roots/service").mkdir(parents=True)
        (home / "roots/service/main.tf").touch()
        (home / ".lock").touch()
        then = time.time() - timedelta(hours=hours + len(names) - position).total_seconds()
        os.utime(home / ".lock", (then, then))
        found.append(home)
    return found


def left(disk: DiskUpkeep) -> set[str]:
    return {home.relative_to(disk.work).as_posix() for home in disk.work.glob("*/*")}


async def test_a_tree_that_no_record_needs_goes_a_day_after_its_last_use(disk: DiskUpkeep) -> None:
    archive = DirectoryTrees(disk.trees)
    trees = [{"roots/a/main.tf": text} for text in (b"needed", b"old", b"used", b"young")]
    for tree in trees:
        await archive.put(tree_id(tree), tree)
    (disk.trees / ".new-half").mkdir()
    before = time.time() - timedelta(days=2).total_seconds()
    for folder in disk.trees.iterdir():
        if folder.name != tree_id(trees[3]).removeprefix("sha256:"):
            os.utime(folder, (before, before))
    assert await archive.get(tree_id(trees[2])) == trees[2]
    for tree in trees[:2]:
        await archive.pin(tree_id(tree), "a", {"vpc": "c1"})
    for _ in range(2):
        await disk.sweep({tree_id(trees[0])}, set())
    ids = {tree_id(tree).removeprefix("sha256:") for tree in (trees[0], trees[2], trees[3])}
    pins = tree_id(trees[0]).removeprefix("sha256:") + ".a.modules.json"
    assert {folder.name for folder in disk.trees.iterdir()} == ids | {pins}


async def test_the_workspace_of_an_instance_that_is_gone_goes(disk: DiskUpkeep) -> None:
    _, _, lost, locked = homes(disk, "develop/orders", "develop/gone", "develop/lost", "develop/locked")
    homes(disk, "develop/young", hours=-1)
    (lost / "roots/service/errored.tfstate").touch()
    with workspace.locked(locked):
        then = time.time() - timedelta(hours=9).total_seconds()
        os.utime(locked / ".lock", (then, then))
        await disk.sweep(set(), {Key("develop", "orders")})
    assert left(disk) == {"develop/orders", "develop/lost", "develop/locked", "develop/young"}
    await disk.sweep(set(), {Key("develop", "orders")})
    assert (lost / "roots/service/errored.tfstate").exists(), "it is the only copy of a state"


async def test_a_large_log_goes_and_a_small_one_stays(disk: DiskUpkeep, monkeypatch: pytest.MonkeyPatch) -> None:
    (home,) = homes(disk, "develop/orders")
    monkeypatch.setattr(upkeep, "_LARGEST_LOG", 100)
    (home / "plan.out").write_bytes(b"x" * 101)
    (home / "init.err").write_bytes(b"x" * 100)
    await disk.sweep(set(), {Key("develop", "orders")})
    assert {path.name for path in home.iterdir()} == {".lock", "roots", "init.err"}


async def test_on_a_disk_that_is_nearly_full_idle_workspaces_go_the_oldest_first(
    disk: DiskUpkeep, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("develop/a", "prod/b", "develop/c", "develop/d")
    homes(disk, *names)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100, 0, 12 - len(left(disk))))
    await disk.sweep(set(), {Key(*name.split("/")) for name in names})
    assert left(disk) == {"develop/c", "develop/d"}
