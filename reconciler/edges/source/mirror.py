"""A bare mirror of one branch that repairs itself.

A damaged mirror is cloned anew into a temporary folder, and the clone replaces it only after its head was read, so that
a failed clone never costs the last good copy. A forced push is followed: the branch is the truth, not its history.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from reconciler.core.ports.source import Authors, Revision
from reconciler.edges.source import commit as commits
from reconciler.edges.source import repository, upkeep
from reconciler.edges.source.authors import authors
from reconciler.edges.source.repository import Access, GitFailed, UnusableContent


@dataclass(frozen=True, slots=True)
class Mirror:
    """The mirror in `directory` of one branch at `url`; `path` is the manifests' folder. All methods block."""

    directory: Path
    url: str
    branch: str
    path: str
    access: Access

    def update(self, known: Revision | None) -> Revision:
        """Fetch and read the head; return `known` when it is still the head. Raises: GitFailed."""
        upkeep.sweep(self.directory, older_than=self.access.timeout)
        try:
            if not self.directory.is_dir():
                raise GitFailed("there is no mirror yet")
            self._fetch(self.directory)
            revision = self._read(self.directory, known)
            upkeep.maintain(self.directory, access=self.access)
            return revision
        except UnusableContent:
            raise
        except GitFailed:
            if self._is_sound():
                raise
        return self._clone(known)

    def authors(self, commit: str, paths: Collection[str], since: str | None) -> Authors:
        """Return the commits up to this one that changed manifests. Raises: GitFailed."""
        return authors(self.directory, commit, self.path, paths, since, access=self.access)

    def _fetch(self, directory: Path) -> None:
        refspec = f"+refs/heads/{self.branch}:refs/heads/{self.branch}"
        options = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance")
        repository.run(directory, "fetch", *options, "origin", refspec, access=self.access, url=self.url)

    def _read(self, directory: Path, known: Revision | None) -> Revision:
        commit = repository.resolve(directory, f"refs/heads/{self.branch}", access=self.access)
        if known is not None and known.commit == commit:
            return known
        at = commits.committed_at(directory, commit, access=self.access)
        return Revision(commit, at, commits.manifests(directory, commit, self.path, access=self.access))

    def _is_sound(self) -> bool:
        """Return True when the mirror is readable, so that the failure is one of the remote or of the branch."""
        if not self.directory.is_dir():
            return False
        try:
            repository.check_soundness(self.directory, access=self.access)
            self._read(self.directory, None)
        except UnusableContent:
            return True
        except GitFailed:
            return False
        return True

    def _clone(self, known: Revision | None) -> Revision:
        """Clone into a temporary folder, read the clone, and put it in the mirror's place."""
        parent = self.directory.parent
        parent.mkdir(parents=True, exist_ok=True)
        clone = Path(tempfile.mkdtemp(prefix=f".{self.directory.name}-", dir=parent))
        try:
            repository.create(clone, access=self.access, url=self.url)
            self._fetch(clone)
            revision = self._read(clone, known)
            old = clone.with_name(f"{clone.name}-old")
            with contextlib.suppress(FileNotFoundError):
                self.directory.rename(old)
            clone.rename(self.directory)
            shutil.rmtree(old, ignore_errors=True)
            return revision
        finally:
            shutil.rmtree(clone, ignore_errors=True)
