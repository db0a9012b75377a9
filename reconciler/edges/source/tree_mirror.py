"""A bare mirror of the repository that holds the Terraform roots, read at several refs.

A ref is a branch, a tag or the full id of a commit. What was last read in full under a ref stays in force until
something newer was read in full, across restarts too: the mirror remembers that commit under a ref of its own. A mirror
that is damaged is made anew beside, and takes the place of the old one only when it could be fetched.
"""

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from desired_state.tree import Tree
from reconciler.edges.source import repository
from reconciler.edges.source.repository import Access, GitFailed

_REFSPECS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_OPTIONS = ("--quiet", "--prune", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance")


@dataclass(frozen=True, slots=True)
class Landed:
    """A tree as of a commit. `trouble` says why it is not the newest of its ref."""

    commit: str
    tree: Tree
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no tree for a ref, and never was."""

    trouble: str


@dataclass(slots=True)
class TreeMirror:
    """Where it lies and what it mirrors; `path` is the folder with `roots/` and `modules/`. Blocking."""

    directory: Path
    url: str
    path: str
    access: Access
    _good: dict[str, Landed] = field(default_factory=dict)

    def read(self, refs: Iterable[str]) -> dict[str, Landed | Missing]:
        """Fetch, and read every ref. What goes wrong is said of each ref that it concerns, and stops no other."""
        trouble = None
        try:
            self._update()
        except (GitFailed, OSError) as error:
            trouble = str(error)
        return {ref: self._landed(ref, trouble) for ref in sorted(set(refs))}

    def _landed(self, ref: str, trouble: str | None) -> Landed | Missing:
        try:
            if trouble is None:
                return self._newest(ref)
        except (GitFailed, OSError) as error:
            trouble = str(error)
        try:
            last = self._good.get(ref) or self._at(self._resolved([_remembered(ref)]))
        except (GitFailed, OSError):
            return Missing(f"{trouble}; nothing was ever read under {ref}")
        self._good[ref] = last
        return Landed(last.commit, last.tree, f"{trouble}; {last.commit[:12]} stays in force")

    def _newest(self, ref: str) -> Landed:
        commit = self._resolved(_candidates(ref), wanted=ref)
        known = self._good.get(ref)
        if known is None or known.commit != commit:
            self._good[ref] = self._at(commit)
            repository.run(self.directory, "update-ref", _remembered(ref), commit, access=self.access)
        return self._good[ref]

    def _at(self, commit: str) -> Landed:
        return Landed(commit, repository.terraform_files(self.directory, commit, self.path, access=self.access))

    def _resolved(self, names: Iterable[str], *, wanted: str = "") -> str:
        for name in names:
            with contextlib.suppress(GitFailed):
                return repository.resolve(self.directory, name, access=self.access)
        where = repository.redacted(self.url, self.url)
        raise GitFailed(f"{where} has no branch, tag or commit {wanted!r} (a commit is named by its full id)")

    def _update(self) -> None:
        try:
            if not self.directory.is_dir():
                raise GitFailed("there is no mirror yet")
            self._fetch(self.directory)
        except GitFailed:
            if self._is_sound():
                raise
            self._anew()

    def _fetch(self, directory: Path) -> None:
        repository.run(directory, "fetch", *_OPTIONS, "origin", *_REFSPECS, access=self.access, url=self.url)

    def _is_sound(self) -> bool:
        """True when the mirror answers for itself, so that the trouble is with the remote."""
        if not self.directory.is_dir():
            return False
        try:
            repository.check_soundness(self.directory, access=self.access)
        except GitFailed:
            return False
        return True

    def _anew(self) -> None:
        parent = self.directory.parent
        parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{self.directory.name}-", dir=parent))
        try:
            repository.run(beside, "init", "--quiet", "--bare", "--template=", access=self.access)
            self._fetch(beside)
            old = beside.with_name(f"{beside.name}-old")
            with contextlib.suppress(FileNotFoundError):
                self.directory.rename(old)
            beside.rename(self.directory)
            shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def _candidates(ref: str) -> Iterator[str]:
    """The names to try. A full id is that commit and never a branch that somebody called so. Raises: GitFailed."""
    if repository.is_commit(ref):
        yield ref
    else:
        name = repository.check_branch(ref)
        yield from (f"refs/tags/{name}", f"refs/heads/{name}")


def _remembered(ref: str) -> str:
    """Where the mirror keeps what was last good: a name that no ref of the remote can take."""
    return f"refs/reconciler/{hashlib.sha256(ref.encode()).hexdigest()[:40]}"
