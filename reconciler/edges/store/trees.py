"""Terraform trees on disk: read from a directory, and kept by id for as long as a record may need them.

A tombstone must still be able to destroy the resources of a root that was removed from Git long ago. A tree is written
to a temporary folder and renamed, so that a half-written one is never found, and is checked against its id at every
read.

    TreeFailed        the directory cannot be used: too many files, or not a directory
    DamagedTree       the content kept under an id is not that tree any more
"""

import asyncio
import contextlib
import json
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from pathlib import Path

from desired_state.files.tree import LFS, SYMLINK, Executable, Tree, Unavailable, is_lfs_pointer, shown, tree_id
from reconciler.core.ports.source import SourceFailed

_EXECUTABLE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH
LARGEST_FILE = 5 * 1024 * 1024
MOST_FILES = 10_000
_PINS = ".modules.json"
_ID = re.compile(r"sha256:([0-9a-f]{64})")
_SKIPPED_FOLDERS = frozenset({".terraform", ".git"})
_SKIPPED_FILES = re.compile(r".*\.tfstate(\..*)?|\.terraform\.tfstate\.lock\.info|tfplan")


class TreeFailed(Exception):
    """The directory cannot be used as a tree."""


class DamagedTree(TreeFailed):
    """A kept tree differs from the tree that was put."""


def read_tree(directory: Path) -> Tree:
    """Return the files of a Terraform directory by relative path, without states, plans and Terraform's own folders.

    What cannot be handed to Terraform is in the tree as `Unavailable`. Raises: TreeFailed.
    """
    if not directory.is_dir():
        raise TreeFailed(f"{directory} is not a directory")
    tree: dict[str, bytes] = {}
    for path in _files(directory):
        tree[path.relative_to(directory).as_posix()] = _as_found(path)
        if len(tree) > MOST_FILES:
            raise TreeFailed(f"{directory} holds more than {MOST_FILES} files")
    return tree


def write_tree(tree: Tree, directory: Path) -> None:
    """Write the files below an existing directory, with their executable bit.

    Raises: TreeFailed for a path that would leave it, or whose content is not available.
    """
    for name, content in tree.items():
        path = directory / name
        if name.startswith("/") or ".." in Path(name).parts:
            raise TreeFailed(f"the path {name!r} leaves the tree")
        if isinstance(content, Unavailable):
            raise TreeFailed(f"{shown(name)} {content.decode()}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if isinstance(content, Executable):
            path.chmod(path.stat().st_mode | _EXECUTABLE)


def discard(directory: Path, wanted: AbstractSet[str], unused: timedelta) -> None:
    """Remove the trees of an archive that are not wanted and were not used for so long, and halves of trees."""
    before = time.time() - unused.total_seconds()
    for folder in sorted(directory.iterdir()) if directory.is_dir() else ():
        if folder.name.endswith(_PINS) and not (directory / folder.name.partition(".")[0]).exists():
            folder.unlink()
        elif folder.is_dir() and f"sha256:{folder.name}" not in wanted and folder.stat().st_mtime < before:
            shutil.rmtree(folder)


class DirectoryTrees:
    """A `TreeArchive` with a folder per id."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def put(self, tree_id: str, tree: Tree) -> None:
        """Keep this tree; a no-op when it is kept. Raises: TreeFailed when the id is not this tree's, SourceFailed."""
        try:
            await asyncio.to_thread(self._put, tree_id, tree)
        except OSError as error:
            raise SourceFailed(f"the Terraform tree cannot be kept in {self._directory}: {error.strerror}") from error

    async def get(self, tree_id: str) -> Tree:
        """Return a kept tree. Raises: KeyError when it is not kept, DamagedTree when it differs from its id."""
        return await asyncio.to_thread(self._get, tree_id)

    async def pin(self, tree_id: str, root: str, commits: Mapping[str, str]) -> Mapping[str, str]:
        """Keep the commits of the root's remote modules, unless some are kept; return those. Raises: SourceFailed."""
        try:
            return await asyncio.to_thread(self._pin, tree_id, root, commits)
        except (OSError, ValueError) as error:
            raise SourceFailed(f"the commits of modules cannot be kept in {self._directory}: {error}") from error

    def _pin(self, wanted: str, root: str, commits: Mapping[str, str]) -> Mapping[str, str]:
        file = self._folder(wanted).with_name(f"{self._folder(wanted).name}.{root}{_PINS}")
        with tempfile.NamedTemporaryFile("w", dir=self._directory, prefix=".new-") as written:
            json.dump(dict(commits), written)
            written.flush()
            with contextlib.suppress(FileExistsError):  # the first to write decides
                os.link(written.name, file)
        kept: dict[str, str] = json.loads(file.read_text())
        return kept

    def _put(self, wanted: str, tree: Tree) -> None:
        folder = self._folder(wanted)
        if folder.is_dir():
            _note_use(folder)
            return
        if tree_id(tree) != wanted:
            raise TreeFailed(f"{wanted} is not the id of this tree")
        self._directory.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".new-", dir=self._directory))
        try:
            write_tree(tree, temporary)
            with contextlib.suppress(OSError):  # another process put the same tree in between
                temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def _get(self, wanted: str) -> Tree:
        folder = self._folder(wanted)
        if not folder.is_dir():
            raise KeyError(wanted)
        _note_use(folder)
        tree = {path.relative_to(folder).as_posix(): _content(path) for path in _files(folder, skip=False)}
        if tree_id(tree) != wanted:
            raise DamagedTree(f"{folder} is damaged: its content is not {wanted}")
        return tree

    def _folder(self, wanted: str) -> Path:
        match = _ID.fullmatch(wanted)
        if match is None:
            raise KeyError(wanted)
        return self._directory / match[1]


def _files(directory: Path, *, skip: bool = True) -> Iterator[Path]:
    """Yield all that is no folder below a directory, in a stable order."""
    for entry in sorted(os.scandir(directory), key=lambda entry: entry.name):
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            if not skip or entry.name not in _SKIPPED_FOLDERS:
                yield from _files(path, skip=skip)
        elif not skip or not _SKIPPED_FILES.fullmatch(entry.name):
            yield path


def _note_use(folder: Path) -> None:
    with contextlib.suppress(OSError):  # a tree that cannot be touched can still be read
        os.utime(folder)


def _as_found(path: Path) -> bytes:
    """Return the content of a file, or why Terraform cannot be given it."""
    kind = path.lstat()
    if stat.S_ISLNK(kind.st_mode):
        return Unavailable.because(SYMLINK)
    if not stat.S_ISREG(kind.st_mode):
        return Unavailable.because("is neither a file nor a folder: remove it")
    if kind.st_size > LARGEST_FILE:
        return Unavailable.because(f"is larger than {LARGEST_FILE // 1024 // 1024} MiB: keep large files in S3")
    content = _content(path)
    return Unavailable.because(LFS) if is_lfs_pointer(content) else content


def _content(path: Path) -> bytes:
    """Return the content of a plain file. Raises: DamagedTree for anything else."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise DamagedTree(f"{path} is not a plain file")
    content = path.read_bytes()
    return Executable(content) if path.stat().st_mode & stat.S_IXUSR else content
