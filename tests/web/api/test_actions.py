"""Actions over TCP: authentication, and the body of a request."""

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.access.people import EVERYTHING
from reconciler.core.ports.control import (
    ACTIONS,
    Action,
    Adopt,
    AdoptState,
    Approve,
    ConfirmPrune,
    Reconcile,
    Reject,
    Resume,
    Suspend,
    Unlock,
)
from reconciler.core.principal import Principal
from tests.web.conftest import TOKEN, Client
from tests.web.control import ORDERS, FakeControl

ADA = Principal("token", "shared-token", EVERYTHING, personal=False, claimed="ada")
BEARER = {"Authorization": f"Bearer {TOKEN}"}


async def act(
    client: Client, path: str, body: Any = None, *, headers: Mapping[str, str] = BEARER
) -> tuple[int, dict[str, Any]]:
    """Send a POST. Returns status and body."""
    response = await client.post(f"/api/v1/instances/{path}", json=body, headers=headers)
    return response.status, await response.json()


@pytest.mark.parametrize("action", [Reconcile(), Suspend(), Resume(), Reject(), ConfirmPrune(), Unlock()])
async def test_an_action_is_passed_on(client: Client, control: FakeControl, action: Action) -> None:
    (name,) = [name for name, kind in ACTIONS.items() if isinstance(action, kind)]
    status, _ = await act(client, f"develop/orders/{name}", {"by": "ada"})
    assert status == 200
    assert control.asked == [(ORDERS, action, ADA)]


async def test_unlock_names_the_lock(client: Client, control: FakeControl) -> None:
    status, _ = await act(client, "develop/orders/unlock", {"by": "ada", "lock_id": "0f6c"})
    assert (status, control.asked) == (200, [(ORDERS, Unlock("0f6c"), ADA)])


async def test_the_answer_is_the_instance_after_the_action(client: Client) -> None:
    status, shown = await act(client, "develop/payments/suspend")
    assert (status, shown["key"], shown["suspended"]) == (200, "develop/payments", True)


async def test_a_name_that_the_client_gives_is_kept_as_an_unproven_remark(client: Client, control: FakeControl) -> None:
    for body in (None, {"by": "the boss"}):
        await act(client, "develop/payments/reconcile", body)
    assert [(by.name, by.proof, by.personal, by.claimed) for _, _, by in control.asked] == [
        ("token", "shared-token", False, None),
        ("token", "shared-token", False, "the boss"),
    ]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "token_missing"),
        ({"Authorization": "Basic dXNlcjpwYXNz"}, 401, "token_missing"),
        ({"Authorization": "Bearer"}, 401, "token_missing"),
        ({"Authorization": f"Bearer {TOKEN}x"}, 403, "token_wrong"),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, 403, "token_wrong"),
        ({"Authorization": "Bearer tökén"}, 403, "token_wrong"),
    ],
)
async def test_a_request_without_the_token_is_refused(
    client: Client, control: FakeControl, headers: Mapping[str, str], status: int, code: str
) -> None:
    answered, shown = await act(client, "develop/orders/suspend", headers=headers)
    assert (answered, shown["error"]["code"], control.asked) == (status, code, [])


async def test_an_override_of_the_windows_needs_a_reason_and_the_action_reconcile(
    client: Client, control: FakeControl
) -> None:
    status, _ = await act(client, "develop/orders/reconcile", {"by": "ada", "override_window": "an incident"})
    assert (status, control.asked) == (200, [(ORDERS, Reconcile("an incident"), ADA)])
    for body, action in (({"override_window": ""}, "reconcile"), ({"override_window": "x"}, "suspend")):
        status, shown = await act(client, f"develop/orders/{action}", body)
        assert (status, shown["error"]["code"]) == (400, "invalid_body")
    assert len(control.asked) == 1


async def test_a_lost_state_is_adopted_or_given_up_with_a_reason(client: Client, control: FakeControl) -> None:
    assert (await act(client, "develop/orders/adopt-state", {"by": "ada"}))[0] == 200
    assert (await act(client, "develop/orders/reconcile", {"by": "ada", "from_empty": "gone"}))[0] == 200
    assert [action for _, action, _ in control.asked] == [AdoptState(), Reconcile(from_empty="gone")]
    status, shown = await act(client, "develop/orders/adopt-state", {"from_empty": "gone"})
    assert (status, shown["error"]["code"]) == (400, "invalid_body")


async def test_a_request_without_the_token_does_not_learn_which_instances_exist(client: Client) -> None:
    status, _ = await act(client, "develop/unknown/suspend", headers={})
    assert status == 401


@pytest.mark.parametrize("action", ["approve", "adopt"])
async def test_approve_and_adopt_take_the_digest_of_the_shown_plan(
    client: Client, control: FakeControl, action: str
) -> None:
    status, _ = await act(client, f"develop/orders/{action}", {"digest": "sha256:p1", "by": "ada"})
    assert status == 200
    assert control.asked == [(ORDERS, {"approve": Approve, "adopt": Adopt}[action]("sha256:p1"), ADA)]


async def test_a_plan_that_changed_is_not_approved(client: Client, control: FakeControl) -> None:
    status, shown = await act(client, "develop/orders/approve", {"digest": "sha256:p0"})
    assert (status, shown["error"]["code"], shown["error"]["current"]) == (409, "plan_moved", "sha256:p1")
    assert control.asked == []


async def test_approve_needs_a_digest_and_names_the_current_one(client: Client) -> None:
    status, shown = await act(client, "develop/orders/approve", {"by": "ada"})
    assert (status, shown["error"]["code"], shown["error"]["current"]) == (400, "digest_missing", "sha256:p1")


async def test_an_approval_without_a_plan_is_refused(client: Client) -> None:
    status, shown = await act(client, "develop/payments/approve", {"digest": "sha256:p1"})
    assert (status, shown["error"]["code"]) == (409, "no_plan")


async def test_a_refusal_of_the_engine_is_a_conflict_with_its_reason(client: Client, control: FakeControl) -> None:
    control.refusal = "develop/orders still has a manifest"
    status, shown = await act(client, "develop/orders/prune")
    assert (status, shown["error"]) == (409, {"code": "refused", "message": "develop/orders still has a manifest"})


async def test_an_own_change_is_forbidden(client: Client, control: FakeControl) -> None:
    control.refusal, control.refusal_code = "commit c0ffee is yours", "own_change"
    status, shown = await act(client, "develop/orders/approve", {"digest": "sha256:p1"})
    assert (status, shown["error"]) == (403, {"code": "own_change", "message": "commit c0ffee is yours"})


@pytest.mark.parametrize(
    ("path", "code"), [("develop/unknown/suspend", "unknown_instance"), ("develop/orders/explode", "unknown_action")]
)
async def test_an_unknown_instance_or_action_is_not_found(client: Client, path: str, code: str) -> None:
    status, shown = await act(client, path)
    assert (status, shown["error"]["code"]) == (404, code)


@pytest.mark.parametrize(
    "body", [[], "text", {"force": True}, {"by": 7}, {"by": ""}, {"by": "a\nb"}, {"by": "x" * 101}, {"by": "\ud800"}]
)
async def test_a_body_with_other_fields_is_refused(client: Client, control: FakeControl, body: Any) -> None:
    status, shown = await act(client, "develop/orders/suspend", body)
    assert (status, shown["error"]["code"], control.asked) == (400, "invalid_body", [])


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe{}", "application/json", 400),
        (b"by=ada", "application/x-www-form-urlencoded", 415),
        (b'{"by": "' + b"a" * 20_000 + b'"}', "application/json", 413),
        (b"{}", "application/json; charset=no-such-charset", 415),
        (b"{}", "application/json; charset=utf-16", 415),
        (b"[" * 8_000 + b"]" * 8_000, "application/json", 400),
        (b'{"a":' * 2_500 + b"1" + b"}" * 2_500, "application/json", 400),
        (b'{"by": ' + b"[" * 7_000 + b"]" * 7_000 + b"}", "application/json", 400),
        (b"1" * 15_000, "application/json", 400),
    ],
)
async def test_a_body_is_small_json_or_nothing(
    client: Client, control: FakeControl, content: bytes, kind: str, status: int
) -> None:
    headers = BEARER | {"Content-Type": kind}
    response = await client.post("/api/v1/instances/develop/orders/suspend", data=content, headers=headers)
    assert response.status == status
    assert "error" in await response.json()
    assert control.asked == []


async def test_a_body_that_is_not_packed_as_it_says_is_refused(client: Client, control: FakeControl) -> None:
    headers = BEARER | {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    response = await client.post("/api/v1/instances/develop/orders/suspend", data=b"no gzip", headers=headers)
    assert (response.status, control.asked) == (400, [])
    assert (await response.json())["error"]["code"] == "invalid_body"


@pytest.mark.parametrize("part", ["plan", "drift", "history"])
async def test_a_read_is_no_action(client: Client, part: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        response = await client.request(method, f"/api/v1/instances/develop/orders/{part}", headers=BEARER)
        assert (response.status, response.headers["Allow"]) == (405, "GET,HEAD")
