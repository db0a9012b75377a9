"""The freezes in effect, in memory and in the store."""

from collections.abc import Sequence
from datetime import datetime

from reconciler.core.ports.store import Freezes
from reconciler.core.record.freeze import EVERYWHERE, Freeze


class Freezing:
    """Knows what is frozen. A freeze is effective once it is stored; without `kept` it ends with the process."""

    def __init__(self, kept: Freezes | None = None) -> None:
        self._kept = kept
        self._known: dict[str, Freeze] = {}

    async def load(self) -> None:
        """Load the freezes that an earlier process stored."""
        if self._kept:
            self._known = {freeze.name: freeze for freeze in await self._kept.freezes()}

    def all(self) -> Sequence[Freeze]:
        """Return every freeze, the global one first."""
        return [self._known[name] for name in sorted(self._known)]

    def of(self, environment: str) -> Freeze | None:
        """Return the freeze that stops applies in an environment."""
        return self._known.get(EVERYWHERE) or self._known.get(environment)

    async def freeze(self, environment: str | None, *, by: str, reason: str, at: datetime) -> Freeze:
        """Freeze one environment, or all."""
        freeze = Freeze(environment, by, reason, at)
        if self._kept:
            await self._kept.keep_freeze(freeze)
        self._known[freeze.name] = freeze
        return freeze

    async def lift(self, environment: str | None) -> Freeze | None:
        """End that freeze and no other; None when there was none."""
        name = environment or EVERYWHERE
        if name in self._known and self._kept:
            await self._kept.drop_freeze(name)
        return self._known.pop(name, None)
