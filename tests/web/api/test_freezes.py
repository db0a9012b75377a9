"""Freezes over HTTP: authentication, bodies and answers."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.web.conftest import TOKEN, Client
from tests.web.control import FakeControl

BEARER = {"Authorization": f"Bearer {TOKEN}"}
WHY = {"reason": "peak season", "by": "ann"}


async def post(
    client: Client, action: str, body: Any, headers: Mapping[str, str] = BEARER
) -> tuple[int, dict[str, Any]]:
    """Send a POST. Returns status and body."""
    response = await client.post(f"/api/v1/{action}", json=body, headers=headers)
    return response.status, await response.json()


async def test_a_freeze_is_created_shown_and_lifted(client: Client) -> None:
    status, created = await post(client, "freeze", {"environment": "develop", **WHY})
    assert (status, created["environment"], created["by"], created["reason"]) == (
        200,
        "develop",
        "token",
        "peak season",
    )
    assert (await (await client.get("/api/v1/freezes")).json())["freezes"] == [created]
    assert (await (await client.get("/api/v1/instances/develop/orders")).json())["frozen"] == created
    assert (await post(client, "unfreeze", {"environment": "develop"}))[0] == 200
    assert (await (await client.get("/api/v1/instances/develop/orders")).json())["frozen"] is None


async def test_a_freeze_without_an_environment_is_global(client: Client, control: FakeControl) -> None:
    _, created = await post(client, "freeze", WHY)
    assert created["environment"] is None
    assert list(control.frozen) == [None]


@pytest.mark.parametrize(
    ("action", "body", "status", "code"),
    [
        ("freeze", {"environment": "develop"}, 400, "reason_missing"),
        ("freeze", {"environment": "develop", "reason": ""}, 400, "invalid_body"),
        ("freeze", {"environment": "develop", "reason": "a\nb"}, 400, "invalid_body"),
        ("freeze", {"environment": "*", "reason": "x"}, 404, "unknown_environment"),
        ("freeze", {"environment": "nowhere", "reason": "x"}, 404, "unknown_environment"),
        ("unfreeze", {"environment": "nowhere"}, 404, "unknown_environment"),
        ("unfreeze", {"environment": "develop"}, 409, "refused"),
        ("unfreeze", {"environment": "develop", "digest": "x"}, 400, "invalid_body"),
    ],
)
async def test_an_invalid_request_is_refused(
    client: Client, control: FakeControl, action: str, body: Any, status: int, code: str
) -> None:
    answered, shown = await post(client, action, body)
    assert (answered, shown["error"]["code"], control.frozen) == (status, code, {})


@pytest.mark.parametrize("action", ["freeze", "unfreeze"])
async def test_a_freeze_needs_the_token(client: Client, control: FakeControl, action: str) -> None:
    for headers, status in (({}, 401), ({"Authorization": "Bearer no"}, 403)):
        assert (await post(client, action, WHY, headers))[0] == status
    assert control.frozen == {}
