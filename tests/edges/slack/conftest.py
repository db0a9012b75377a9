"""A workspace that is told of one service, and what the notifications logged."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from reconciler.edges.slack import delivery, notifications
from tests.edges.slack.slack_stage import Stage, stage


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as running:
        yield running


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return what the notifications logged."""
    found: list[dict[str, Any]] = []
    for module in (delivery, notifications):
        monkeypatch.setattr(module, "log", lambda event, **fields: found.append({"event": event, **fields}))
    return found
