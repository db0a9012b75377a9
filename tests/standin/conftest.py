"""Fixtures: one stand-in for all tests of this folder; each test uses unique names, so that none needs a reset."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from deploy.local.standin import StandIn, start


@pytest.fixture(scope="session")
def standin() -> Iterator[StandIn]:
    with start(rollout_delay="0s") as running:
        yield running


@pytest.fixture
def name() -> str:
    return f"t{uuid.uuid4().hex[:10]}"
