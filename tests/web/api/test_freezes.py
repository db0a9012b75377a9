"""Freezing over HTTP: who may, what must be said, and what is shown."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.web.conftest import TOKEN, Client
from tests.web.control import FakeControl

BEARER = {"Authorization": f"Bearer {TOKEN}"}
WHY = {"reason": "peak season", "by": "ann"}


async def post(client: Client, what: str, body: Any, headers: Mapping[str, str] = BEARER) -> tuple[int, dict[str, Any]]:
    response = await client.post(f"/api/v1/{what}", json=body, headers=headers)
    return response.status, await response.json()


async def test_a_freeze_is_made_shown_and_lifted(client: Client) -> None:
    status, made = await post(client, "freeze", {"environment": "develop", **WHY})
    assert (status, made["environment"], made["by"], made["reason"]) == (200, "develop", "ann", "peak season")
    assert (await (await client.get("/api/v1/freezes")).json())["freezes"] == [made]
    assert (await (await client.get("/api/v1/instances/develop/orders")).json())["frozen"] == made
    assert (await post(client, "unfreeze", {"environment": "develop"}))[0] == 200
    assert (await (await client.get("/api/v1/instances/develop/orders")).json())["frozen"] is None


async def test_without_an_environment_all_is_frozen(client: Client, control: FakeControl) -> None:
    _, made = await post(client, "freeze", WHY)
    assert made["environment"] is None
    assert list(control.frozen) == [None]


@pytest.mark.parametrize(
    ("what", "body", "status", "code"),
    [
        ("freeze", {"environment": "develop"}, 400, "reason_missing"),
        ("freeze", {"environment": "develop", "reason": ""}, 400, "invalid_body"),
        ("freeze", {"environment": "develop", "reason": "a\nb"}, 400, "invalid_body"),
        ("freeze", {"environment": "*", "reason": "x"}, 404, "unknown_environment"),
        ("freeze", {"environment": "nowhere", "reason": "x"}, 404, "unknown_environment"),
        ("unfreeze", {"environment": "nowhere"}, 404, "unknown_environment"),
        ("unfreeze", {"environment": "develop"}, 409, "refused"),
        ("unfreeze", {"environment": "develop", "reason": "x"}, 400, "invalid_body"),
    ],
)
async def test_what_cannot_be_done_is_refused(
    client: Client, control: FakeControl, what: str, body: Any, status: int, code: str
) -> None:
    answered, shown = await post(client, what, body)
    assert (answered, shown["error"]["code"], control.frozen) == (status, code, {})


@pytest.mark.parametrize("what", ["freeze", "unfreeze"])
async def test_it_needs_the_token(client: Client, control: FakeControl, what: str) -> None:
    for headers, status in (({}, 401), ({"Authorization": "Bearer no"}, 403)):
        assert (await post(client, what, WHY, headers))[0] == status
    assert control.frozen == {}
