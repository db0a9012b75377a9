"""A bare mirror of the repository that holds the Terraform roots, read at several refs.

A ref is a branch, a tag or the full id of a commit. The tree that was last read in full at a ref stays in use until a
newer one was read in full, across restarts too: the mirror keeps that commit under a ref of its own. A damaged mirror
is cloned anew into a temporary folder, and the clone replaces it only after a successful fetch.
"""

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from desired_state.files.tree import Tree
from reconciler.edges.source import commit as commits
from reconciler.edges.source import repository, upkeep
from reconciler.edges.source.repository import Access, GitFailed

_REFSPECS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_OPTIONS = ("--quiet", "--prune", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance")


@dataclass(frozen=True, slots=True)
class FoundTree:
    """The tree of a commit. `problem`: why it is not the newest of its ref; None when it is."""

    commit: str
    tree: Tree
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class MissingTree:
    """A ref without a tree, now and at every earlier fetch."""

    problem: str


@dataclass(slots=True)
class TreeMirror:
    """The mirror in `directory` of `url`; `path` is the folder with `roots/` and `modules/`. All methods block."""

    directory: Path
    url: str
    path: str
    access: Access
    _good: dict[str, FoundTree] = field(default_factory=dict)

    def read(self, refs: Iterable[str]) -> dict[str, FoundTree | MissingTree]:
        """Fetch, and read every ref. A failure is a problem of each ref that it concerns, and stops no other ref."""
        problem = None
        try:
            self._update()
        except (GitFailed, OSError) as error:
            problem = str(error)
        return {ref: self._tree(ref, problem) for ref in sorted(set(refs))}

    def _tree(self, ref: str, problem: str | None) -> FoundTree | MissingTree:
        try:
            if problem is None:
                return self._newest(ref)
        except (GitFailed, OSError) as error:
            problem = str(error)
        try:
            last = self._good.get(ref) or self._at(self._resolved([_last_good_ref(ref)]))
        except (GitFailed, OSError):
            return MissingTree(f"{problem}; no tree was ever read at {ref}")
        self._good[ref] = last
        return FoundTree(last.commit, last.tree, f"{problem}; {last.commit[:12]} stays in use")

    def _newest(self, ref: str) -> FoundTree:
        commit = self._resolved(_candidates(ref), wanted=ref)
        known = self._good.get(ref)
        if known is None or known.commit != commit:
            self._good[ref] = self._at(commit)
            repository.run(self.directory, "update-ref", _last_good_ref(ref), commit, access=self.access)
        return self._good[ref]

    def _at(self, commit: str) -> FoundTree:
        return FoundTree(commit, commits.terraform_files(self.directory, commit, self.path, access=self.access))

    def _resolved(self, names: Iterable[str], *, wanted: str = "") -> str:
        for name in names:
            with contextlib.suppress(GitFailed):
                return repository.resolve(self.directory, name, access=self.access)
        where = repository.redacted(self.url, self.url)
        raise GitFailed(f"{where} has no branch, tag or commit {wanted!r} (a commit is named by its full id)")

    def _update(self) -> None:
        upkeep.sweep(self.directory, older_than=self.access.timeout)
        try:
            if not self.directory.is_dir():
                raise GitFailed("there is no mirror yet")
            self._fetch(self.directory)
            upkeep.maintain(self.directory, access=self.access)
        except GitFailed:
            if self._is_sound():
                raise
            self._clone()

    def _fetch(self, directory: Path) -> None:
        repository.run(directory, "fetch", *_OPTIONS, "origin", *_REFSPECS, access=self.access, url=self.url)

    def _is_sound(self) -> bool:
        """Return True when the mirror is readable, so that the failure is one of the remote."""
        if not self.directory.is_dir():
            return False
        try:
            repository.check_soundness(self.directory, access=self.access)
        except GitFailed:
            return False
        return True

    def _clone(self) -> None:
        parent = self.directory.parent
        parent.mkdir(parents=True, exist_ok=True)
        clone = Path(tempfile.mkdtemp(prefix=f".{self.directory.name}-", dir=parent))
        try:
            repository.create(clone, access=self.access, url=self.url)
            self._fetch(clone)
            old = clone.with_name(f"{clone.name}-old")
            with contextlib.suppress(FileNotFoundError):
                self.directory.rename(old)
            clone.rename(self.directory)
            shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(clone, ignore_errors=True)


def _candidates(ref: str) -> Iterator[str]:
    """Yield the names to try. A full id means that commit, never a branch of the same name. Raises: GitFailed."""
    if repository.is_commit(ref):
        yield ref
    else:
        name = repository.check_branch(ref)
        yield from (f"refs/tags/{name}", f"refs/heads/{name}")


def _last_good_ref(ref: str) -> str:
    """Return the ref that keeps the last good commit: a name that no ref of the remote can take."""
    return f"refs/reconciler/{hashlib.sha256(ref.encode()).hexdigest()[:40]}"
