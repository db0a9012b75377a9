"""The audit over HTTP: pages, filters, reasons, and refusals of a caller who is proven."""

from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.core.record.audit import Act, AuditEntry, Cause, Result, entry_id
from tests.web.api.test_actions import BEARER, act
from tests.web.api.test_openapi import schema_of
from tests.web.conftest import Client
from tests.web.control import NOON, FakeControl

ONE = "/api/v1/instances/{environment}/{name}"
SUBJECTS = ("develop/orders", "develop", "prod/orders", "*", "develop/payments")
INVISIBLE = [*map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))), "\u200b", "\u200d", "\ufeff", "\x1b", "\x85"]


def entry(number: int) -> AuditEntry:
    """Return an entry of that second."""
    at = NOON + timedelta(seconds=number)
    by = ("ann", "ben")[number % 2]
    asked = Act("approve" if number % 3 else "suspend", SUBJECTS[number % 5], by, "token", "10.0.0.7", "why", "d", "c")
    result: Result = "refused" if number % 4 else "accepted"
    return AuditEntry(entry_id(at, f"{number:08x}"), at, asked, result, "", (Cause("", "eve", "unknown"),))


ENTRIES = [entry(number) for number in range(45)]


async def read(client: Client, path: str, **query: str | int) -> tuple[int, dict[str, Any]]:
    """Send a GET. Returns status and body."""
    response = await client.get(path, params=query)
    return response.status, await response.json()


async def test_pages_have_every_entry_once_and_match_their_schema(client: Client, control: FakeControl) -> None:
    control.acts = ENTRIES
    found: list[str] = []
    query: dict[str, str | int] = {"limit": 10}
    while True:
        _, page = await read(client, "/api/v1/audit", **query)
        Draft202012Validator(schema_of("/api/v1/audit")).validate(page)
        found += [item["id"] for item in page["entries"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert found == [one.id for one in reversed(ENTRIES)]


async def test_entries_are_chosen_by_environment_instance_name_action_and_result(
    client: Client, control: FakeControl
) -> None:
    control.acts = ENTRIES
    _, page = await read(client, "/api/v1/audit", environment="prod", limit=200)
    assert {item["subject"] for item in page["entries"]} == {"prod/orders", "*"}
    _, page = await read(client, "/api/v1/audit", by="ann", action="suspend", result="accepted", limit=200)
    assert {(item["by"], item["action"], item["result"]) for item in page["entries"]} == {
        ("ann", "suspend", "accepted")
    }
    status, page = await read(client, "/api/v1/instances/develop/orders/audit", limit=200)
    Draft202012Validator(schema_of(f"{ONE}/audit")).validate(page)
    assert (status, {item["subject"] for item in page["entries"]}) == (200, {"develop/orders", "develop", "*"})


@pytest.mark.parametrize(
    "query", [{"before": "x"}, {"before": "20260304T120000000000Z-0000000"}, {"limit": "0"}, {"result": "maybe"}]
)
async def test_an_invalid_query_is_refused(client: Client, query: dict[str, str]) -> None:
    status, shown = await read(client, "/api/v1/audit", **query)
    assert (status, shown["error"]["code"]) == (400, "invalid_query")


async def test_an_unknown_instance_without_entries_is_not_found(client: Client) -> None:
    assert (await read(client, "/api/v1/instances/develop/unknown/audit"))[0] == 404
    assert await read(client, "/api/v1/instances/develop/payments/audit") == (200, {"entries": [], "next": None})


@pytest.mark.parametrize(
    "name", ["approve", "adopt", "adopt-state", "prune", "reconcile", "reject", "resume", "suspend", "unlock"]
)
async def test_every_action_takes_a_reason_and_passes_on_where_it_came_from(
    client: Client, control: FakeControl, name: str
) -> None:
    reason = "r" * 200
    digest = {"digest": "sha256:p1"} if name in {"approve", "adopt"} else {}
    status, _ = await act(client, f"develop/orders/{name}", {"by": "ada", "reason": reason} | digest)
    assert (status, control.reasons) == (200, [(reason, "127.0.0.1")])


@pytest.mark.parametrize("field", ["by", "reason", "override_window", "from_empty"])
async def test_names_and_reasons_with_invisible_characters_are_refused(
    client: Client, control: FakeControl, field: str
) -> None:
    for character in INVISIBLE:
        status, shown = await act(client, "develop/orders/reconcile", {field: f"a{character}b"})
        assert (status, shown["error"]["code"], control.asked) == (400, "invalid_body", [])
        assert character not in str(shown)
    assert (await act(client, "develop/orders/reconcile", {field: "x" * 201}))[0] == 400


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("develop/orders/explode", {"by": "ada", "reason": "fun"}, "'explode' is not one of"),
        ("develop/unknown/suspend", {"by": "ada", "reason": "fun"}, "no instance 'develop/unknown'"),
        ("develop/orders/approve", {"by": "ada", "reason": "fun"}, "approve and adopt need the digest"),
        ("develop/orders/suspend", {"by": "ada", "reason": "fun", "force": "x"}, "the body is an object with"),
    ],
)
async def test_an_act_that_is_refused_before_the_engine_is_recorded(
    client: Client, control: FakeControl, path: str, body: Any, why: str
) -> None:
    assert (await act(client, path, body))[0] in {400, 404}
    ((refused, said),) = control.refusals
    assert (refused.by, refused.proof, refused.peer, refused.reason) == ("token", "shared-token", "127.0.0.1", "fun")
    assert path == f"{refused.subject}/{refused.action}"
    assert said.startswith(why)


async def test_a_freeze_without_a_reason_is_recorded_too(client: Client, control: FakeControl) -> None:
    response = await client.post("/api/v1/freeze", json={"by": "ada"}, headers=BEARER)
    assert (response.status, control.refusals[0][0].action) == (400, "freeze")


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 8000, b"x" * 20_000])
async def test_a_refusal_is_recorded_without_a_body_that_cannot_be_read(
    client: Client, control: FakeControl, content: bytes
) -> None:
    headers = BEARER | {"Content-Type": "application/json"}
    await client.post("/api/v1/instances/develop/orders/explode", data=content, headers=headers)
    assert [(refused.by, refused.action) for refused, _ in control.refusals] == [("token", "explode")]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
async def test_a_caller_without_a_proof_cannot_fill_the_audit(
    client: Client, control: FakeControl, headers: dict[str, str]
) -> None:
    assert (await act(client, "develop/orders/suspend", {"by": "ada"}, headers=headers))[0] in {401, 403}
    assert control.refusals == []
