"""Durable storage, as Protocols: records and history, the audit, root trees, open threads, reports, freezes.

Implementations on a disk and in AWS keep the same promises; the contract tests run against both.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from desired_state.files.tree import Tree
from desired_state.instance import Key
from reconciler.core.record.audit import AuditEntry, AuditFilter
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Pass, Record


class TreeArchive(Protocol):
    """Root trees by id, kept as long as a record may need them."""

    async def put(self, tree_id: str, tree: Tree) -> None:
        """Store this tree; a no-op when it exists. Raises: SourceFailed when it cannot be stored now."""
        ...

    async def get(self, tree_id: str) -> Tree:
        """Return the tree. Raises: KeyError when it does not exist."""
        ...

    async def pin(self, tree_id: str, root: str, commits: Mapping[str, str]) -> Mapping[str, str]:
        """Keep the commits of the root's remote modules by key, unless some are kept; return those that are kept.

        Raises: SourceFailed when they cannot be kept or read now.
        """
        ...


class StoreConflict(Exception):
    """Another writer changed the record in between; nothing was written."""


class AuditTrail(Protocol):
    """The entries of the audit. They are added, and deleted by their age or number; none is ever changed."""

    async def keep_entry(self, entry: AuditEntry, *, until: datetime) -> None:
        """Add an entry, which may be deleted after `until`; a no-op when the entry of its id is stored already."""
        ...

    async def entries(
        self, wanted: AuditFilter, *, limit: int, before: str | None = None, since: str = ""
    ) -> Sequence[AuditEntry]:
        """Return the newest entries first whose ids are below `before`, and not below `since`."""
        ...


class Store(AuditTrail, Protocol):
    """Records, history and audit."""

    async def load(self) -> Mapping[Key, Record]:
        """Return every record."""
        ...

    async def save(self, record: Record) -> None:
        """Write a record whose version is one more than the stored one's. Raises: StoreConflict."""
        ...

    async def delete(self, record: Record) -> None:
        """Delete the record of an instance whose state is empty. Raises: StoreConflict."""
        ...

    async def append(self, finished: Pass) -> None:
        """Add a pass to the history of its instance."""
        ...

    async def history(self, key: Key, *, limit: int) -> Sequence[Pass]:
        """Return passes, the newest first."""
        ...


class Threads(Protocol):
    """The open threads, remembered across restarts: a name, and what finds the thread again."""

    async def threads(self) -> Mapping[str, str]:
        """Return every open thread."""
        ...

    async def keep_thread(self, name: str, value: str) -> None:
        """Store a thread, in place of an earlier one of that name."""
        ...

    async def drop_thread(self, name: str) -> None:
        """Delete a thread; a no-op when it is not known."""
        ...


class Reports(Protocol):
    """Storage of drift reports."""

    async def keep(self, name: str, text: str) -> None:
        """Write a report, in place of an earlier one of that name: a relative path such as `develop/orders/….md`."""
        ...


class Freezes(Protocol):
    """Storage of freezes, so that a restart does not end one."""

    async def freezes(self) -> Sequence[Freeze]:
        """Return every freeze in effect."""
        ...

    async def keep_freeze(self, freeze: Freeze) -> None:
        """Store a freeze, in place of the one of the same name."""
        ...

    async def drop_freeze(self, name: str) -> None:
        """Delete the freeze of that name; a no-op when there is none."""
        ...
