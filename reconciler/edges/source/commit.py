"""One commit of a repository: its time, its manifests and its Terraform files.

Anybody who may push decides on every byte here, and Git accepts far more than its own commands write: dates, encodings,
names, modes. So bytes become values in this module only, and nothing in a commit raises anything but `GitFailed`. All
functions block.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from desired_state.files import selection
from desired_state.files.tree import LFS, SUBMODULE, SYMLINK, Executable, Tree, Unavailable, is_lfs_pointer, shown
from reconciler.edges.source import repository
from reconciler.edges.source.repository import Access, GitFailed, UnusableContent
from reconciler.edges.store import trees

LARGEST_TOTAL = 64 * 1024 * 1024
MOST_FILES = 10_000
_SYMLINK, _SUBMODULE = "120000", "160000"
_EXECUTABLE = 0o100
_COMMITTER = re.compile(rb"^committer .*> (\d{1,18}) [-+]\d+$", re.MULTILINE)


class Entry(NamedTuple):
    """One line of `ls-tree`."""

    mode: str
    id: str
    size: int
    path: str

    @property
    def is_executable(self) -> bool:
        """Return True when Git has the file with the executable bit."""
        return bool(int(self.mode, 8) & _EXECUTABLE)


def committed_at(directory: Path, commit: str, *, access: Access) -> datetime:
    """Return the commit time; the present for one that is missing, unreadable or ahead. Raises: GitFailed."""
    header, _, _ = repository.run(directory, "cat-file", "commit", commit, access=access).partition(b"\n\n")
    now = datetime.now(UTC)
    found = _COMMITTER.search(header)
    if found is None or int(found[1]) > now.timestamp():
        return now
    return datetime.fromtimestamp(int(found[1]), UTC)


def manifests(directory: Path, commit: str, path: str, *, access: Access) -> Mapping[str, bytes]:
    """Return every YAML file below a path of that commit, keyed by its path from there, with odd bytes written out.

    What cannot be read, or is too much, is there as `Unavailable`; the others are still read. Raises: GitFailed.
    """
    entries: dict[str, Entry] = {}

    def found() -> Iterator[selection.Entry]:
        for entry in _entries(directory, commit, path, access):
            obstacle = _obstacle(entry)
            if obstacle is not None or selection.is_manifest(entry.path):
                entries[entry.path] = entry
                yield selection.Entry(entry.path, entry.size, obstacle)

    selected = selection.select(found())
    read = _read(directory, [entries[name] for name in selected.names], what="manifests", access=access)
    return selected.contents(read)


def terraform_files(directory: Path, commit: str, path: str, *, access: Access) -> Tree:
    """Return all files below a path of that commit, keyed by their path from there, as Git has them.

    What cannot be handed to Terraform is in the tree as `Unavailable`. Raises: GitFailed.
    """
    files: dict[str, bytes] = {}
    readable: list[Entry] = []
    for number, entry in enumerate(_entries(directory, commit, path, access)):
        if number >= MOST_FILES:
            raise UnusableContent(f"there are more than {MOST_FILES} files below {path!r}")
        if reason := _why_unavailable(entry):
            files[entry.path] = Unavailable.because(reason)
        else:
            readable.append(entry)
    content = _read(directory, readable, what="Terraform files", access=access)
    for entry in readable:
        files[entry.path] = _marked(entry, content[entry.path])
    return files


def _why_unavailable(entry: Entry) -> str | None:
    if obstacle := _obstacle(entry):
        return obstacle
    if entry.size > trees.LARGEST_FILE:
        return f"is larger than {trees.LARGEST_FILE // 1024 // 1024} MiB: keep large files in S3"
    return None


def _obstacle(entry: Entry) -> str | None:
    """Return what stands in the place of a file."""
    return {_SYMLINK: SYMLINK, _SUBMODULE: SUBMODULE}.get(entry.mode)


def _marked(entry: Entry, content: bytes) -> bytes:
    if is_lfs_pointer(content):
        return Unavailable.because(LFS)
    return Executable(content) if entry.is_executable else content


def _read(directory: Path, entries: Iterable[Entry], *, what: str, access: Access) -> Mapping[str, bytes]:
    """Return the content of entries by path. Raises: GitFailed, UnusableContent when they are too much together."""
    chosen = list(entries)
    if sum(entry.size for entry in chosen) > LARGEST_TOTAL:
        raise UnusableContent(f"the {what} are larger than {LARGEST_TOTAL // 1024 // 1024} MiB together")
    wanted = "".join(f"{entry.id}\n" for entry in chosen).encode()
    rest = memoryview(repository.run(directory, "cat-file", "--batch", "--buffer", access=access, stdin=wanted))
    read: dict[str, bytes] = {}
    for entry in chosen:
        content, rest = _next_object(entry, rest)
        read[entry.path] = content
    return read


def _next_object(entry: Entry, answer: memoryview) -> tuple[bytes, memoryview]:
    """Return the first object of an answer of `cat-file --batch`, and the rest of the answer. Raises: GitFailed."""
    head = bytes(answer[:200]).partition(b"\n")[0]
    facts = head.split()
    if len(facts) != 3 or facts[0] != entry.id.encode() or facts[1] != b"blob" or not facts[2].isdigit():
        raise GitFailed(f"{shown(entry.path)} cannot be read: Git has no file under the id {entry.id}")
    begin = len(head) + 1
    end = begin + int(facts[2])
    return bytes(answer[begin:end]), answer[end + 1 :]


def _entries(directory: Path, commit: str, path: str, access: Access) -> Iterator[Entry]:
    """Yield the files below the path, relative to it. Raises: GitFailed, UnusableContent for none below a folder."""
    base = PurePosixPath(path)
    if base.is_absolute() or ".." in base.parts:
        raise GitFailed(f"the path {path!r} leaves the repository")
    folder = "" if base == PurePosixPath() else f"{base}/"
    options = ("--literal-pathspecs", "ls-tree", "-r", "-z", "-l", "--full-tree")
    listing = repository.run(directory, *options, commit, "--", *([folder] if folder else []), access=access)
    if folder and not listing:
        raise UnusableContent(f"there is no folder {path!r} in commit {commit}")
    yield from _parsed(listing, folder)


def _parsed(listing: bytes, folder: str) -> Iterator[Entry]:
    for line in listing.split(b"\0"):
        if line:
            facts, _, name = line.partition(b"\t")
            mode, _, object_id, size = facts.decode("ascii", "replace").split()
            path = name.decode("utf-8", "surrogateescape").removeprefix(folder)
            yield Entry(mode, object_id, int(size) if size.isdigit() else 0, path)
