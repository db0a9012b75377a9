"""Manifests from a Git branch.

A repository is untrusted: its content, and its URL too once the settings come from another party. So no option is
built from input, nothing is checked out, no hook, prompt or unlisted protocol runs, sizes are bounded, and a URL's
credentials reach neither a command line nor a message. The last revision stays in use until a newer one was read in
full. Every failure is raised as `SourceFailed`.
"""

import asyncio
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from desired_state.files.tree import Tree
from reconciler.core.ports.source import Authors, Revision, SourceFailed
from reconciler.edges.process.threads import in_thread
from reconciler.edges.source import commit as commits
from reconciler.edges.source import foreign, repository
from reconciler.edges.source.directory import read_directory
from reconciler.edges.source.mirror import Mirror
from reconciler.edges.source.repository import Access, GitFailed
from reconciler.edges.store.trees import TreeFailed

_HEAD = "HEAD"


class GitSource:
    """A `Source` that follows one branch. `roots` reads the Terraform tree that belongs to the manifests."""

    def __init__(
        self,
        url: str,
        branch: str = "main",
        path: str = ".",
        *,
        directory: Path,
        timeout: timedelta,
        interval: timedelta,
        roots: Callable[[], Tree] = dict,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Check URL and branch. Raises: SourceFailed when one of them is not accepted."""
        try:
            checked = (repository.check_url(url), repository.check_branch(branch))
        except GitFailed as error:
            raise SourceFailed(str(error)) from None
        self._mirror = Mirror(directory.absolute(), *checked, path, Access(timeout, environment or {}))
        self._interval, self._roots = interval, roots
        self._known: Revision | None = None
        self._nudged = asyncio.Event()

    async def fetch(self) -> Revision:
        """Return the newest commit of the branch. Raises: SourceFailed."""
        self._nudged.clear()
        try:
            found = await in_thread(self._mirror.update, self._known)
            found = replace(found, history=partial(self._history, found.commit))
            self._known = replace(found, roots={})
            return replace(found, roots=await in_thread(self._roots))
        except (GitFailed, TreeFailed, OSError) as error:
            raise SourceFailed(str(error)) from None

    async def _history(self, commit: str, paths: Collection[str], since: str | None) -> Authors:
        try:
            return await in_thread(self._mirror.authors, commit, paths, since)
        except (GitFailed, OSError) as error:
            raise SourceFailed(str(error)) from None

    async def wait(self, longest: timedelta) -> None:
        """Wait until a nudge, for the poll interval, or for `longest`."""
        try:
            async with asyncio.timeout(min(longest, self._interval).total_seconds()):
                await self._nudged.wait()
        except TimeoutError:
            return

    def nudge(self) -> None:
        """End this wait, or the next one before a fetch."""
        self._nudged.set()


def read_revision(
    location: str,
    revision: str | None = None,
    path: str = ".",
    *,
    timeout: timedelta,
    roots: Callable[[], Tree] = dict,
    environment: Mapping[str, str] | None = None,
) -> Revision:
    """Read one revision of a repository once; blocks. `location`: a URL or a directory; `revision` None: its head.

    A directory that is not a repository is read as it is. Raises: SourceFailed.
    """
    access = Access(timeout, environment or {})
    local = Path(location)
    try:
        if not local.is_dir():
            return _read_remote(location, revision, path, access=access, roots=roots)
        directory = repository.git_directory(local)
        if directory is None and revision is None:
            return read_directory(local / path, roots)
        if directory is None:
            raise SourceFailed(f"{location} is not a Git repository, so it has no commit {revision!r}")
        with foreign.view(directory, access=access) as own:
            return _read(own, _HEAD if revision is None else revision, path, access=access, roots=roots)
    except (GitFailed, TreeFailed, OSError) as error:
        raise SourceFailed(str(error)) from None


def _read_remote(url: str, revision: str | None, path: str, *, access: Access, roots: Callable[[], Tree]) -> Revision:
    """Fetch all heads and tags of the remote into a temporary repository and read one revision of it."""
    with tempfile.TemporaryDirectory(prefix="reconciler-") as scratch:
        directory = Path(scratch)
        repository.create(directory, access=access, url=repository.check_url(url))
        refspecs = (f"+{_HEAD}:refs/reconciler/head", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        fetch = ("fetch", "--quiet", "--no-recurse-submodules", "--no-write-fetch-head", "origin", *refspecs)
        repository.run(directory, *fetch, access=access, url=repository.check_url(url))
        wanted = "refs/reconciler/head" if revision is None else revision
        return _read(directory, wanted, path, access=access, roots=roots)


def _read(directory: Path, revision: str, path: str, *, access: Access, roots: Callable[[], Tree]) -> Revision:
    commit = repository.resolve(directory, revision, access=access)
    files = commits.manifests(directory, commit, path, access=access)
    return Revision(commit, commits.committed_at(directory, commit, access=access), files, roots())
