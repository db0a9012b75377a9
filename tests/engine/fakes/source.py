"""Fake of `reconciler.core.ports.source`."""

import asyncio
from datetime import timedelta

from reconciler.core.ports.source import Revision, SourceFailed


class FakeSource:
    """A Git server that never answers."""

    async def fetch(self) -> Revision:
        raise SourceFailed("the Git server does not answer")

    async def wait(self, longest: timedelta) -> None:
        """Wait until the task is cancelled."""
        await asyncio.Event().wait()

    def nudge(self) -> None: ...
