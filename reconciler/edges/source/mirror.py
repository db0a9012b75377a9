"""A bare mirror of one branch that heals itself.

A mirror that is damaged is cloned anew beside, and takes the place of the old one only when its head could be read: the
last good copy is never given up for nothing. A forced push is followed, because the branch is the truth whatever it was
before.
"""

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from reconciler.core.ports.source import Revision
from reconciler.edges.source import repository
from reconciler.edges.source.repository import Access, GitFailed, UnusableContent


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where it lies and what it mirrors. Blocking."""

    directory: Path
    url: str
    branch: str
    path: str
    access: Access

    def update(self, known: Revision | None) -> Revision:
        """Fetch and read the head; `known` is returned when it has not moved. Raises: GitFailed."""
        try:
            if not self.directory.is_dir():
                raise GitFailed("there is no mirror yet")
            self._fetch(self.directory)
            return self._read(self.directory, known)
        except UnusableContent:
            raise
        except GitFailed:
            if self._is_sound():
                raise
        return self._anew(known)

    def _fetch(self, directory: Path) -> None:
        refspec = f"+refs/heads/{self.branch}:refs/heads/{self.branch}"
        options = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance")
        repository.run(directory, "fetch", *options, "origin", refspec, access=self.access, url=self.url)

    def _read(self, directory: Path, known: Revision | None) -> Revision:
        commit = repository.resolve(directory, f"refs/heads/{self.branch}", access=self.access)
        if known is not None and known.commit == commit:
            return known
        at = repository.committed_at(directory, commit, access=self.access)
        return Revision(commit, at, repository.manifests(directory, commit, self.path, access=self.access))

    def _is_sound(self) -> bool:
        """True when the mirror answers for itself, so that the trouble is with the remote or with the branch."""
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

    def _anew(self, known: Revision | None) -> Revision:
        """Clone beside, read, swap."""
        parent = self.directory.parent
        parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{self.directory.name}-", dir=parent))
        try:
            repository.run(beside, "init", "--quiet", "--bare", "--template=", access=self.access)
            self._fetch(beside)
            revision = self._read(beside, known)
            old = beside.with_name(f"{beside.name}-old")
            with contextlib.suppress(FileNotFoundError):
                self.directory.rename(old)
            beside.rename(self.directory)
            shutil.rmtree(old, ignore_errors=True)
            return revision
        finally:
            shutil.rmtree(beside, ignore_errors=True)
