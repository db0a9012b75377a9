"""Fixtures: the API over real TCP on loopback, in front of a fake control."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from reconciler.core.redaction.redactor import Redactor
from reconciler.web.api.routes import make_app
from tests.web.control import FakeControl, make_control

Client = TestClient[web.Request, web.Application]

TOKEN = "a-token-of-this-test-run"


@pytest.fixture
def control() -> FakeControl:
    """Return a control with three instances of the examples."""
    return make_control()


@pytest.fixture
async def client(control: FakeControl) -> AsyncIterator[Client]:
    """Yield a client over TCP."""
    app = make_app(
        control,
        metrics=lambda: (b"up 1\n", "text/plain; version=0.0.4"),
        token=TOKEN,
        version="1.2.3",
        redact=Redactor(b"a key for tests").value,
    )
    async with TestClient(TestServer(app)) as made:
        yield made
