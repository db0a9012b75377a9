"""Manifests from a directory, for a laptop: a save takes effect without a commit.

The truth is what lies there, compared by name, size and time; watchfiles only says when to compare. So a change between
two looks, an editor that saves by renaming, or a directory that vanishes for a moment are never missed, and a
half-written save is not read: it has to be quiet for a moment first. A vanished directory fails, it is never empty.
"""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watchfiles import awatch

from desired_state.tree import Tree, tree_id
from reconciler.core.ports.source import Revision, SourceFailed
from reconciler.edges.process.threads import in_thread
from reconciler.edges.source.repository import LARGEST_FILE, LARGEST_TOTAL, MOST_FILES, is_manifest
from reconciler.edges.store.trees import TreeFailed

_LOOK_AGAIN = timedelta(seconds=2)
_READ_ATTEMPTS = 5

Listing = Mapping[str, tuple[int, int, int]]


class DirectorySource:
    """A `Source` on a directory. `watched` are further directories whose changes count: the Terraform tree."""

    def __init__(
        self,
        directory: Path,
        roots: Callable[[], Tree] = dict,
        *,
        watched: Sequence[Path] = (),
        debounce: timedelta = timedelta(milliseconds=300),
    ) -> None:
        self._directory, self._roots = directory, roots
        self._watched = (directory, *watched)
        self._debounce = debounce
        self._seen: Listing = {}
        self._nudged = asyncio.Event()
        self._stop_watching = asyncio.Event()

    async def fetch(self) -> Revision:
        """What lies there now. Raises: SourceFailed."""
        self._nudged.clear()
        for attempt in range(_READ_ATTEMPTS):
            if attempt:
                await asyncio.sleep(self._debounce.total_seconds())
            self._seen = before = await in_thread(self._look)  # also when it fails: only a change is worth another try
            try:
                revision = await in_thread(read_directory, self._directory, self._roots)
            except FileNotFoundError:  # saved by renaming while it was read
                continue
            except (TreeFailed, OSError) as error:
                raise SourceFailed(str(error)) from None
            if await in_thread(self._look) == before:
                return revision
        raise SourceFailed(f"{self._directory} keeps changing while it is read")

    async def wait(self, timeout: timedelta) -> None:  # noqa: ASYNC109 - the port's own word
        """Until something differs from what was read and is quiet again, or somebody says so."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout.total_seconds()):
                while not self._nudged.is_set() and await in_thread(self._look) == self._seen:
                    await self._stir()
                if not self._nudged.is_set():
                    await self._quiet()

    def nudge(self) -> None:
        """Fetch soon."""
        self._nudged.set()
        self._stop_watching.set()

    async def _stir(self) -> None:
        """Return when something moves, somebody nudges, or it is time to compare again."""
        self._stop_watching = asyncio.Event()  # watchfiles sets it too, when it is cancelled
        existing = [path for path in self._watched if path.is_dir()]
        with contextlib.suppress(TimeoutError, FileNotFoundError):
            async with asyncio.timeout(_LOOK_AGAIN.total_seconds()):
                if not existing:
                    await self._stop_watching.wait()
                async for _ in awatch(*existing, stop_event=self._stop_watching, debounce=50, step=20):
                    return

    async def _quiet(self) -> None:
        last: Listing | None = None
        while (now := await in_thread(self._look)) != last:
            last = now
            await asyncio.sleep(self._debounce.total_seconds())

    def _look(self) -> Listing:
        """Every file of the watched directories by inode, time and size; cheap, nothing is read."""
        return {str(path): facts for directory in self._watched for path, facts in _facts(directory)}


def read_directory(directory: Path, roots: Callable[[], Tree] = dict) -> Revision:
    """A directory as a revision of its own; its "commit" tells what is in it.

    Raises: SourceFailed, TreeFailed, and FileNotFoundError when a file vanishes meanwhile.
    """
    if not directory.is_dir():
        raise SourceFailed(f"{directory} is not a directory")
    files, newest, total = {}, 0.0, 0
    for path in _paths(directory):
        name = path.relative_to(directory).as_posix()
        if is_manifest(name):
            with path.open("rb") as file:
                files[name] = file.read(LARGEST_FILE + 1)
                newest = max(newest, os.fstat(file.fileno()).st_mtime)
            total += len(files[name])
        if total > LARGEST_TOTAL or len(files) > MOST_FILES:
            raise SourceFailed(f"{directory} holds more manifests than are accepted")
    tree = roots()
    content = hashlib.sha256(f"{tree_id(files)} {tree_id(tree)}".encode()).hexdigest()
    return Revision(f"worktree-{content[:12]}", datetime.fromtimestamp(newest, UTC), dict(sorted(files.items())), tree)


def _paths(directory: Path) -> Iterator[Path]:
    """The files outside of dot-folders. Raises: SourceFailed for a symlink, as from Git."""
    for entry in sorted(os.scandir(directory), key=lambda entry: entry.name):
        path = Path(entry.path)
        if entry.is_symlink() and not entry.name.startswith("."):
            raise SourceFailed(f"{path} is a symlink: manifests must be plain files")
        if entry.is_dir(follow_symlinks=False):
            if not entry.name.startswith("."):
                yield from _paths(path)
        elif entry.is_file(follow_symlinks=False):
            yield path


def _facts(directory: Path) -> Iterator[tuple[Path, tuple[int, int, int]]]:
    """Like `_paths`, but whatever vanishes or cannot be read is simply not there."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(directory):
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith("."):
                        yield from _facts(Path(entry.path))
                else:
                    facts = entry.stat(follow_symlinks=False)
                    yield Path(entry.path), (facts.st_ino, facts.st_mtime_ns, facts.st_size)
