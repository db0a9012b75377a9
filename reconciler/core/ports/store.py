"""What has to outlast the process, as Protocols: records and history, trees, conversations, reports.

Those on a laptop's disk and those in AWS keep the same promises; the contract tests run against both.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from desired_state.instance import Key
from desired_state.tree import Tree
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Pass, Record


class TreeArchive(Protocol):
    """Root trees by id, kept as long as a record may need them."""

    async def put(self, tree_id: str, tree: Tree) -> None:
        """Keep this tree; a no-op when it is there. Raises: SourceFailed when it cannot be kept now."""
        ...

    async def get(self, tree_id: str) -> Tree:
        """Raises: KeyError when it is not there."""
        ...


class StoreConflict(Exception):
    """Somebody else wrote the record in between; nothing was written."""


class Store(Protocol):
    """Records and history."""

    async def load(self) -> Mapping[Key, Record]:
        """Every record."""
        ...

    async def save(self, record: Record) -> None:
        """Write a record whose version is one more than the stored one's. Raises: StoreConflict."""
        ...

    async def delete(self, record: Record) -> None:
        """Forget an instance whose state is empty. Raises: StoreConflict."""
        ...

    async def append(self, visit: Pass) -> None:
        """Add a pass to the history of its instance."""
        ...

    async def history(self, key: Key, *, limit: int) -> Sequence[Pass]:
        """The newest passes first."""
        ...


class Threads(Protocol):
    """The conversations that are open with people, remembered across restarts: a name and whatever finds it again."""

    async def threads(self) -> Mapping[str, str]:
        """Every open conversation."""
        ...

    async def keep_thread(self, name: str, value: str) -> None:
        """Remember one, in place of what was known under that name."""
        ...

    async def drop_thread(self, name: str) -> None:
        """Forget one; a no-op when it is not known."""
        ...


class Reports(Protocol):
    """Where drift reports are kept."""

    async def keep(self, name: str, text: str) -> None:
        """Write one, in place of what was kept under that name: a relative path such as `develop/orders/….md`."""
        ...


class Freezes(Protocol):
    """Where freezes are kept, so that a restart does not end one."""

    async def freezes(self) -> Sequence[Freeze]:
        """Every freeze in force."""
        ...

    async def keep_freeze(self, freeze: Freeze) -> None:
        """Keep it, in place of the one of the same name."""
        ...

    async def drop_freeze(self, name: str) -> None:
        """End the one of that name; a no-op when there is none."""
        ...
