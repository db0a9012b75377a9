"""Manifests from a directory, for a laptop: a save takes effect without a commit.

The files themselves decide, compared by name, inode, time and size; watchfiles only triggers the comparison. So no
change is missed: not between two comparisons, not by an editor that saves by renaming, not when the directory vanishes
for a moment. A half-written save is not read, because the directory must be quiet for a moment first. A directory that
vanished is a failure, never an empty source.
"""

import asyncio
import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watchfiles import awatch

from desired_state.files.tree import Tree, tree_id
from reconciler.core.ports.source import Revision, SourceFailed
from reconciler.edges.process.threads import in_thread
from reconciler.edges.source.folder import read_folder
from reconciler.edges.store.trees import TreeFailed

_COMPARE_AGAIN = timedelta(seconds=2)
_READ_ATTEMPTS = 5

Listing = Mapping[str, tuple[int, int, int]]


class DirectorySource:
    """A `Source` on a directory. `watched`: further directories whose changes count, such as the Terraform tree."""

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
        """Return the current content of the directory. Raises: SourceFailed."""
        self._nudged.clear()
        for attempt in range(_READ_ATTEMPTS):
            if attempt:
                await asyncio.sleep(self._debounce.total_seconds())
            self._seen = before = await in_thread(
                self._listing
            )  # set also for a fetch that fails: only a change is worth a retry
            try:
                revision = await in_thread(read_directory, self._directory, self._roots)
            except FileNotFoundError:  # saved by renaming while it was read
                continue
            except (TreeFailed, OSError) as error:
                raise SourceFailed(str(error)) from None
            if await in_thread(self._listing) == before:
                return revision
        raise SourceFailed(f"{self._directory} keeps changing while it is read; it is read again once it is quiet")

    async def wait(self, longest: timedelta) -> None:
        """Wait until the content differs from the last fetch and is quiet, until a nudge, or for `longest`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest.total_seconds()):
                while not self._nudged.is_set() and await in_thread(self._listing) == self._seen:
                    await self._wait_for_event()
                if not self._nudged.is_set():
                    await self._wait_until_quiet()

    def nudge(self) -> None:
        """End the wait: a fetch is wanted."""
        self._nudged.set()
        self._stop_watching.set()

    async def _wait_for_event(self) -> None:
        """Wait for a file event, a nudge, or the time to compare again."""
        self._stop_watching = asyncio.Event()  # watchfiles sets it too, when it is cancelled
        existing = [path for path in self._watched if path.is_dir()]
        with contextlib.suppress(TimeoutError, FileNotFoundError):
            async with asyncio.timeout(_COMPARE_AGAIN.total_seconds()):
                if not existing:
                    await self._stop_watching.wait()
                async for _ in awatch(*existing, stop_event=self._stop_watching, debounce=50, step=20):
                    return

    async def _wait_until_quiet(self) -> None:
        last: Listing | None = None
        while (now := await in_thread(self._listing)) != last:
            last = now
            await asyncio.sleep(self._debounce.total_seconds())

    def _listing(self) -> Listing:
        """Return inode, time and size of every file in the watched directories; cheap, because no file is read."""
        return {str(path): stats for directory in self._watched for path, stats in _stats(directory)}


def read_directory(directory: Path, roots: Callable[[], Tree] = dict) -> Revision:
    """Return a directory as a revision, whose "commit" is `worktree-` and a hash of the content.

    Raises: SourceFailed, TreeFailed, FileNotFoundError when a file vanishes meanwhile.
    """
    if not directory.is_dir():
        raise SourceFailed(f"{directory} is not a directory")
    found = read_folder(directory)
    newest = min(found.newest, time.time())  # a file's own time can be anything
    tree = roots()
    content = hashlib.sha256(f"{tree_id(found.files)} {tree_id(tree)}".encode()).hexdigest()
    return Revision(f"worktree-{content[:12]}", datetime.fromtimestamp(newest, UTC), found.files, tree)


def _stats(directory: Path) -> Iterator[tuple[Path, tuple[int, int, int]]]:
    """Yield each file with inode, time (ns) and size; skip entries that vanish or cannot be read."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(directory):
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith("."):
                        yield from _stats(Path(entry.path))
                else:
                    found = entry.stat(follow_symlinks=False)
                    yield Path(entry.path), (found.st_ino, found.st_mtime_ns, found.st_size)
