"""Manifests from one place and Terraform trees from a Git repository, as one source.

Both are fetched at the same times. The manifests decide whether a fetch failed; a tree that cannot be had is a trouble
of the environments that use its ref, and the last one that could be read stays in force there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from reconciler.core.ports.source import Revision, Source
from reconciler.edges.process.threads import in_thread
from reconciler.edges.source.tree_mirror import Landed, Missing, TreeMirror


@dataclass(frozen=True, slots=True)
class Ref:
    """What an environment's roots are read at, and the setting that says so."""

    name: str
    setting: str


class RootsSource:
    """A `Source` of manifests whose Terraform trees come from a mirror; `refs` are by environment."""

    def __init__(self, manifests: Source, mirror: TreeMirror, refs: Mapping[str, Ref]) -> None:
        self._manifests, self._mirror, self._refs = manifests, mirror, refs

    async def fetch(self) -> Revision:
        """The newest revision, with a tree for every environment. Raises: SourceFailed."""
        revision = await self._manifests.fetch()
        return with_roots(revision, self._refs, await in_thread(self._mirror.read, _names(self._refs)))

    async def wait(self, longest: timedelta) -> None:
        """Until it is time to look again, or somebody says so."""
        await self._manifests.wait(longest)

    def nudge(self) -> None:
        """Fetch soon."""
        self._manifests.nudge()


def read_roots(revision: Revision, mirror: TreeMirror, refs: Mapping[str, Ref]) -> Revision:
    """The revision with a tree for every environment, once; blocking."""
    return with_roots(revision, refs, mirror.read(_names(refs)))


def with_roots(revision: Revision, refs: Mapping[str, Ref], found: Mapping[str, Landed | Missing]) -> Revision:
    """The revision with what was found for each environment's ref."""
    at = {environment: found[ref.name] for environment, ref in refs.items()}
    trees = {environment: one.tree if isinstance(one, Landed) else None for environment, one in at.items()}
    troubles = {refs[environment].setting: one.trouble for environment, one in at.items() if one.trouble}
    return replace(revision, roots={}, roots_of=trees, troubles=troubles)


def _names(refs: Mapping[str, Ref]) -> frozenset[str]:
    return frozenset(ref.name for ref in refs.values())
