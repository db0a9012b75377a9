"""Requests to the API with secrets in them: neither answers nor logs hold one, not even after a defect."""

import dataclasses
import io
import json
from urllib.parse import quote

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from reconciler.core.redaction.redactor import Redactor
from reconciler.edges.telemetry import logs
from reconciler.web.api.routes import make_app
from tests.canary.canaries import KEY, Blind, Canary, canaries_for
from tests.web.control import ORDERS, FakeControl, make_control

TOKEN = "c4n4ry-token-of-this-test-run"
CANARIES = [
    canary for canary in canaries_for("requests") if canary.shape != "pem"
]  # a line break is refused in a request
ONE = "/api/v1/instances/develop/orders"
each_shape = pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.shape)
Client = TestClient[web.Request, web.Application]


class ServedApi:
    """The API in front of a fake control, and the log."""

    def __init__(self, redactor: Redactor) -> None:
        self.control: FakeControl = make_control()
        self.log = io.StringIO()
        logs.configure("debug", redactor, json=True, stream=self.log)
        metrics = lambda: (b"", "text/plain")  # noqa: E731 - no metrics here
        self.app = make_app(self.control, metrics=metrics, token=TOKEN, version="1", redact=redactor.value)

    async def outputs_for(self, canary: Canary) -> dict[str, bytes]:
        """Return the answers and the log after requests with the canary in every place."""
        quoted, record = canary.quoted, self.control.known[ORDERS]
        labels = {"team": quoted, "password": canary.value}
        instance = dataclasses.replace(record.instance, labels=labels)
        self.control.known[ORDERS] = record.replace(instance=instance)
        self.control.refusal = f"not now: {quoted}"
        head = {"Authorization": f"Bearer {TOKEN}"}
        async with TestClient(TestServer(self.app)) as client:
            answers = [
                await client.get(ONE),
                await client.get(f"/api/v1/instances/develop/{quote(quoted, safe='')}"),
                await client.get("/api/v1/instances", params={"reason": quoted}),
                await client.post(f"{ONE}/suspend", json={"by": quoted[:90]}, headers=head),
                await client.post(f"{ONE}/suspend", json={"by": quoted, "password": canary.value}, headers=head),
                await client.post(f"{ONE}/suspend", json={"by": "ann"}, headers={"Authorization": f"Bearer {quoted}"}),
                await client.post(f"{ONE}/{quote(quoted, safe='')}", headers=head),
            ]
            self.control.crash = True
            answers.append(await client.get("/api/v1/instances", params={"environment": quoted}))
            found = {f"{answer.method} {answer.url.path[:40]}": await answer.read() for answer in answers}
        assert json.loads(found["GET " + ONE])["key"] == "develop/orders"
        return found | {"log": self.log.getvalue().encode()}


@pytest.fixture
def served() -> ServedApi:
    return ServedApi(Redactor(KEY, [TOKEN]))


@each_shape
async def test_no_answer_and_no_log_line_holds_the_secret(served: ServedApi, canary: Canary) -> None:
    outputs = await served.outputs_for(canary)
    assert not canary.seen_in(outputs)
    assert not [name for name, content in outputs.items() if TOKEN.encode() in content]


@each_shape
async def test_without_redaction_some_answer_holds_it(canary: Canary) -> None:
    assert canary.seen_in(await ServedApi(Blind()).outputs_for(canary))
