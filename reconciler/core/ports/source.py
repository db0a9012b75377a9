"""The source of manifests: revisions of a Git repository or a directory."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from desired_state.files.tree import Tree
from reconciler.core.record.consent import Authorship

Authors = Mapping[str, tuple[Authorship, ...]]
History = Callable[[Collection[str], str | None], Awaitable[Authors]]


async def no_history(paths: Collection[str], since: str | None) -> Authors:
    """Return nothing: the history of a directory."""
    return {}


@dataclass(frozen=True, slots=True)
class Revision:
    """One commit of the manifests: every YAML file by path, and the Terraform tree that goes with it.

    `roots_of` are environments with a Terraform tree of their own, None where none could ever be read; `troubles` say
    why a tree is not the newest, by the setting that names it. `history` returns the commits that changed files, by
    path, since a commit; without one, the last commit of each. It raises SourceFailed.
    """

    commit: str
    committed_at: datetime
    files: Mapping[str, bytes]
    roots: Tree = field(default_factory=dict)
    roots_of: Mapping[str, Tree | None] = field(default_factory=dict)
    troubles: Mapping[str, str] = field(default_factory=dict)
    history: History = field(default=no_history, compare=False, repr=False)


class SourceFailed(Exception):
    """The manifests could not be fetched or read; the last revision stays effective."""


class Source(Protocol):
    """A source of manifests."""

    async def fetch(self) -> Revision:
        """Return the newest revision. Raises: SourceFailed."""
        ...

    async def wait(self, longest: timedelta) -> None:
        """Return when a fetch is worthwhile: after a change, after `nudge`, or when the time is up."""
        ...

    def nudge(self) -> None:
        """Fetch soon."""
        ...
