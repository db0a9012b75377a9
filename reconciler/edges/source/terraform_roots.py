"""Manifests from one place and Terraform trees from a Git repository, as one source.

Both are fetched at the same times. The manifests decide whether a fetch failed. A tree that cannot be read is a problem
of the environments that use its ref; the last tree that could be read stays in use there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from reconciler.core.ports.source import Revision, Source
from reconciler.edges.process.threads import in_thread
from reconciler.edges.source.tree_mirror import FoundTree, MissingTree, TreeMirror


@dataclass(frozen=True, slots=True)
class Ref:
    """The Git ref of an environment's Terraform roots, and the setting that names it."""

    name: str
    setting: str


class RootsSource:
    """A `Source` of manifests whose Terraform trees come from a mirror; `refs` are by environment."""

    def __init__(self, manifests: Source, mirror: TreeMirror, refs: Mapping[str, Ref]) -> None:
        self._manifests, self._mirror, self._refs = manifests, mirror, refs

    async def fetch(self) -> Revision:
        """Return the newest revision, with a tree for every environment. Raises: SourceFailed."""
        revision = await self._manifests.fetch()
        return with_roots(revision, self._refs, await in_thread(self._mirror.read, _names(self._refs)))

    async def wait(self, longest: timedelta) -> None:
        """Wait as the source of the manifests does."""
        await self._manifests.wait(longest)

    def nudge(self) -> None:
        """End the wait: a fetch is wanted."""
        self._manifests.nudge()


def read_roots(revision: Revision, mirror: TreeMirror, refs: Mapping[str, Ref]) -> Revision:
    """Return the revision with a tree for every environment, read once; blocks."""
    return with_roots(revision, refs, mirror.read(_names(refs)))


def with_roots(revision: Revision, refs: Mapping[str, Ref], found: Mapping[str, FoundTree | MissingTree]) -> Revision:
    """Return the revision with each environment's tree, and the problems by setting."""
    at = {environment: found[ref.name] for environment, ref in refs.items()}
    trees = {environment: one.tree if isinstance(one, FoundTree) else None for environment, one in at.items()}
    problems = {refs[environment].setting: one.problem for environment, one in at.items() if one.problem}
    return replace(revision, roots={}, roots_of=trees, troubles=problems)


def _names(refs: Mapping[str, Ref]) -> frozenset[str]:
    return frozenset(ref.name for ref in refs.values())
