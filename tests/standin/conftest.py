"""Fixtures: one stand-in for all tests of a file; each test uses unique names, so that none waits for a reset."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from deploy.local.standin import StandIn
from tests.standins import borrowed


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with borrowed(rollout_delay=0) as running:
        yield running


@pytest.fixture
def name() -> str:
    return f"t{uuid.uuid4().hex[:10]}"
