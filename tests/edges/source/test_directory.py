"""A watched directory: saves take effect, half-written saves and vanished directories do not."""

import asyncio
import errno
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from desired_state.files.selection import SPECIAL
from desired_state.files.tree import SUBMODULE, SYMLINK, Unavailable
from reconciler.core.ports.source import Source, SourceFailed
from reconciler.edges.source.directory import DirectorySource
from reconciler.edges.source.folder import read_folder
from reconciler.edges.store.trees import read_tree
from tests.patience import PATIENCE

QUIET = timedelta(milliseconds=50)
LONG = timedelta(seconds=60)


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    directory = tmp_path / "manifests"
    directory.mkdir()
    (directory / "a.yaml").write_text("a: 1")
    return directory


async def wait_ends_by(source: Source, change: Callable[[], object]) -> None:
    """Wait as the daemon does, make the change meanwhile, and require the wait to end."""
    waiting = asyncio.create_task(source.wait(LONG))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    change()
    async with asyncio.timeout(PATIENCE):
        await waiting


async def test_the_content_of_a_directory_is_a_revision(manifests: Path) -> None:
    (manifests / "b").mkdir()
    (manifests / "b" / "c.yml").write_text("c: 1")
    (manifests / ".git").mkdir()
    (manifests / ".git" / "d.yaml").write_text("no")
    (manifests / "README.md").write_text("no")
    revision = await DirectorySource(manifests).fetch()
    assert revision.files == {"a.yaml": b"a: 1", "b/c.yml": b"c: 1"}
    assert revision.commit.startswith("worktree-")
    newest = max((manifests / name).stat().st_mtime for name in ("a.yaml", "b/c.yml"))
    assert revision.committed_at == datetime.fromtimestamp(newest, UTC)


async def test_equal_content_has_an_equal_commit(manifests: Path) -> None:
    source = DirectorySource(manifests)
    first = (await source.fetch()).commit
    (manifests / "a.yaml").write_text("a: 2")
    second = (await source.fetch()).commit
    (manifests / "a.yaml").write_text("a: 1")
    assert second != first == (await source.fetch()).commit


async def test_a_save_ends_the_wait(manifests: Path) -> None:
    source = DirectorySource(manifests, debounce=QUIET)
    await source.fetch()
    await wait_ends_by(source, lambda: (manifests / "a.yaml").write_text("a: 2"))
    assert (await source.fetch()).files == {"a.yaml": b"a: 2"}


async def test_a_save_by_renaming_ends_the_wait(manifests: Path) -> None:
    source = DirectorySource(manifests, debounce=QUIET)
    await source.fetch()

    def save() -> None:
        (manifests / ".a.yaml.swp").write_text("a: 2")
        (manifests / "a.yaml").rename(manifests / "a.yaml~")
        (manifests / ".a.yaml.swp").rename(manifests / "a.yaml")

    await wait_ends_by(source, save)
    assert (await source.fetch()).files == {"a.yaml": b"a: 2"}


async def test_a_change_of_the_terraform_tree_ends_the_wait(manifests: Path, tmp_path: Path) -> None:
    terraform = tmp_path / "terraform"
    terraform.mkdir()
    (terraform / "main.tf").write_text("# 1")
    source = DirectorySource(manifests, partial(read_tree, terraform), watched=[terraform], debounce=QUIET)
    first = await source.fetch()
    await wait_ends_by(source, lambda: (terraform / "main.tf").write_text("# 2"))
    second = await source.fetch()
    assert second.roots == {"main.tf": b"# 2"}
    assert first.commit != second.commit


async def test_a_change_between_fetch_and_wait_is_not_missed(manifests: Path) -> None:
    source = DirectorySource(manifests, debounce=QUIET)
    await source.fetch()
    (manifests / "b.yaml").write_text("b: 1")
    async with asyncio.timeout(PATIENCE):
        await source.wait(LONG)


async def test_a_vanished_directory_fails_and_its_return_is_noticed(manifests: Path) -> None:
    source = DirectorySource(manifests, debounce=QUIET)
    await source.fetch()
    away = manifests.with_name("away")
    await wait_ends_by(source, partial(manifests.rename, away))
    with pytest.raises(SourceFailed, match="not a directory"):
        await source.fetch()
    away.rename(manifests)
    assert (await source.fetch()).files == {"a.yaml": b"a: 1"}
    shutil.rmtree(manifests)

    def come_back() -> None:
        manifests.mkdir()
        (manifests / "a.yaml").write_text("a: back")

    with pytest.raises(SourceFailed):
        await source.fetch()
    await wait_ends_by(source, come_back)
    assert (await source.fetch()).files == {"a.yaml": b"a: back"}


async def test_a_nudge_or_the_time_limit_ends_the_wait(manifests: Path) -> None:
    source = DirectorySource(manifests, debounce=QUIET)
    await source.fetch()
    await source.wait(timedelta(milliseconds=1))
    await wait_ends_by(source, source.nudge)


async def test_a_cancelled_wait_can_be_followed_by_another(manifests: Path) -> None:
    source = DirectorySource(manifests, debounce=QUIET)
    await source.fetch()
    waiting = asyncio.create_task(source.wait(LONG))
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await wait_ends_by(source, lambda: (manifests / "a.yaml").write_text("a: 2"))


async def test_what_is_no_file_is_left_unread_and_the_others_are_read(manifests: Path) -> None:
    (manifests / "passwd.yaml").symlink_to("/etc/passwd")
    os.mkfifo(manifests / "pipe.yaml")
    os.mkfifo(manifests / "pipe")
    (manifests / "other/.git").mkdir(parents=True)
    (manifests / "other/b.yaml").write_text("b: 1")
    assert (await DirectorySource(manifests).fetch()).files == {
        "a.yaml": b"a: 1",
        "other": Unavailable.because(SUBMODULE),
        "passwd.yaml": Unavailable.because(SYMLINK),
        "pipe.yaml": Unavailable.because(SPECIAL),
    }


async def test_what_may_not_be_read_is_left_unread(manifests: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (manifests / "shut").mkdir()
    (manifests / "shut.yaml").write_text("a: 1")
    scandir, opened = os.scandir, Path.open

    def scan(path: Path) -> Any:
        if path.name == "shut":
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    def open_file(path: Path, mode: str) -> Any:
        if path.name == "shut.yaml":
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, mode)

    monkeypatch.setattr("reconciler.edges.source.folder.os.scandir", scan)
    monkeypatch.setattr(Path, "open", open_file)
    why = Unavailable.because("cannot be read: Permission denied")
    assert read_folder(manifests).files == {"a.yaml": b"a: 1", "shut": why, "shut.yaml": why}


async def test_an_unusable_terraform_tree_fails_the_fetch(manifests: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="nowhere is not a directory"):
        await DirectorySource(manifests, partial(read_tree, tmp_path / "nowhere")).fetch()
