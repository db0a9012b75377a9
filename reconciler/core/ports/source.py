"""The source of manifests: revisions of a Git repository or a directory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from desired_state.tree import Tree


@dataclass(frozen=True, slots=True)
class Revision:
    """One commit of the manifests: every YAML file by path, and the Terraform tree that goes with it.

    `roots_of` are environments with a Terraform tree of their own, None where none could ever be read; `troubles` say
    why a tree is not the newest, by the setting that names it.
    """

    commit: str
    committed_at: datetime
    files: Mapping[str, bytes]
    roots: Tree = field(default_factory=dict)
    roots_of: Mapping[str, Tree | None] = field(default_factory=dict)
    troubles: Mapping[str, str] = field(default_factory=dict)


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
