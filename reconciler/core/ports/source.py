"""Where manifests come from: revisions of a Git repository or a directory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from desired_state.tree import Tree


@dataclass(frozen=True, slots=True)
class Revision:
    """One commit of the manifests: every YAML file by path, and the Terraform tree that goes with it.

    `roots_of` are environments with a Terraform tree of their own, None where there never was one to be had; `troubles`
    say why a tree is not the newest, by the setting that names it."""

    commit: str
    committed_at: datetime
    files: Mapping[str, bytes]
    roots: Tree = field(default_factory=dict)
    roots_of: Mapping[str, Tree | None] = field(default_factory=dict)
    troubles: Mapping[str, str] = field(default_factory=dict)


class SourceFailed(Exception):
    """The manifests could not be fetched or read; what was read before stays in force."""


class Source(Protocol):
    """Where manifests come from."""

    async def fetch(self) -> Revision:
        """The newest revision. Raises: SourceFailed."""
        ...

    async def wait(self, longest: timedelta) -> None:
        """Return when it is worth fetching again: something changed, somebody nudged, or the time is up."""
        ...

    def nudge(self) -> None:
        """Fetch soon."""
        ...
