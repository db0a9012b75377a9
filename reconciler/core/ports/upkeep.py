"""The upkeep of the daemon's own disk."""

from collections.abc import Set as AbstractSet
from typing import Protocol

from desired_state.instance import Key


class Upkeep(Protocol):
    """Removes what nothing needs any more. It may stop at any point; the next sweep goes on."""

    async def sweep(self, trees: AbstractSet[str], keys: AbstractSet[Key]) -> None:
        """Keep these trees, and the workspaces of these instances. Raises: OSError."""
        ...
