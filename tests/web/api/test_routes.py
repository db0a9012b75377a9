"""Reads over TCP."""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from desired_state.reading.document import Problem
from reconciler.core.ports.control import Beat
from tests.web.conftest import TOKEN, Client
from tests.web.control import NOON, ORDERS, ORPHAN, FakeControl

BEARER = {"Authorization": f"Bearer {TOKEN}"}


async def read(client: Client, path: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Any:
    """Send a GET. Returns the JSON of the answer."""
    response = await client.get(path, headers=headers)
    assert response.status == status, await response.text()
    return await response.json()


async def test_instances_come_in_the_order_of_their_keys(client: Client) -> None:
    shown = await read(client, "/api/v1/instances")
    assert [item["key"] for item in shown["instances"]] == ["develop/orders", "develop/payments", "develop/platform"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("reason=AwaitingApproval", ["orders"]),
        ("environment=develop&reason=InSync", ["payments", "platform"]),
        ("environment=prod", []),
    ],
)
async def test_instances_are_filtered(client: Client, query: str, names: list[str]) -> None:
    shown = await read(client, f"/api/v1/instances?{query}")
    assert [item["name"] for item in shown["instances"]] == names


async def test_a_reason_that_does_not_exist_is_refused_with_the_list(client: Client) -> None:
    error = (await read(client, "/api/v1/instances?reason=Sad", 400))["error"]
    assert error["code"] == "invalid_query"
    assert "AwaitingApproval" in error["message"]


async def test_an_instance_is_shown_with_its_plan(client: Client) -> None:
    shown = await read(client, "/api/v1/instances/develop/orders")
    plan = await read(client, "/api/v1/instances/develop/orders/plan")
    assert shown["reason"] == "AwaitingApproval"
    assert plan == {"key": "develop/orders", "plan": shown["plan"]}


async def test_a_missing_plan_is_null(client: Client) -> None:
    assert (await read(client, "/api/v1/instances/develop/payments/plan"))["plan"] is None


@pytest.mark.parametrize("part", ["", "/plan", "/history"])
async def test_an_unknown_instance_is_not_found(client: Client, part: str) -> None:
    error = (await read(client, f"/api/v1/instances/develop/unknown{part}", 404))["error"]
    assert error == {"code": "unknown_instance", "message": "no instance 'develop/unknown'"}


async def test_history_is_limited(client: Client) -> None:
    assert len((await read(client, "/api/v1/instances/develop/orders/history"))["passes"]) == 20
    assert len((await read(client, "/api/v1/instances/develop/orders/history?limit=3"))["passes"]) == 3


async def test_an_instance_that_was_pruned_still_has_its_history(client: Client, control: FakeControl) -> None:
    del control.known[ORDERS]
    assert (await read(client, "/api/v1/instances/develop/orders/history"))["passes"]


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many", "", "٣"])
async def test_a_limit_out_of_bounds_is_refused(client: Client, limit: str) -> None:
    error = (await read(client, f"/api/v1/instances/develop/orders/history?limit={limit}", 400))["error"]
    assert error["message"] == "limit must be a number from 1 to 200"


async def test_the_source_shows_commit_and_problems(client: Client) -> None:
    shown = await read(client, "/api/v1/source")
    assert shown["fetched_at"] == NOON.isoformat().replace("+00:00", "Z")
    assert shown["problems"] == [{"path": "services/a.yaml", "line": 3, "column": 5, "message": "unknown field"}]


async def test_the_problems_of_the_source_are_shown_by_page(client: Client, control: FakeControl) -> None:
    problems = tuple(Problem("a.yaml", line, 1, "x" * 500) for line in range(1, 1001))
    control.status = dataclasses.replace(control.status, problems=problems)
    first = await read(client, "/api/v1/source")
    assert (len(first["problems"]), first["problem_count"]) == (100, 1000)
    assert len(str(first)) < 100_000
    last = await read(client, "/api/v1/source?limit=7&offset=998")
    assert [problem["line"] for problem in last["problems"]] == [999, 1000]
    await read(client, "/api/v1/source?limit=101", 400)
    await read(client, "/api/v1/source?offset=-1", 400)


@pytest.mark.parametrize("path", ["/api/v1/instances", "/api/v1/drift"])
async def test_instances_are_shown_by_page(client: Client, path: str) -> None:
    every = [item["key"] for item in (await read(client, path))["instances"]]
    found: list[str] = []
    page: Mapping[str, Any] = {"next": ""}
    while page["next"] is not None:
        page = await read(client, f"{path}?limit=1" + (f"&after={page['next']}" if page["next"] else ""))
        assert len(page["instances"]) == 1
        found += [item["key"] for item in page["instances"]]
    assert found == every
    assert (await read(client, f"{path}?after=zzz/zzz")) == {"instances": [], "next": None}
    await read(client, f"{path}?after=orders", 400)


async def test_a_stuck_pass_is_shown_and_does_not_fail_the_health_check(client: Client, control: FakeControl) -> None:
    control.pulse = Beat(timedelta(0), ready=True, stopping=False, running={ORDERS: timedelta(hours=9)}, queued=0)
    shown = await read(client, "/healthz")
    assert shown["running"] == [{"key": "develop/orders", "seconds": 32400}]


@pytest.mark.parametrize(("age", "status"), [(59, 200), (60, 503)])
async def test_a_blocked_loop_fails_the_health_check(
    client: Client, control: FakeControl, age: int, status: int
) -> None:
    control.pulse = Beat(timedelta(seconds=age), ready=True, stopping=False, running={}, queued=0)
    assert (await read(client, "/healthz", status))["alive"] is (status == 200)


@pytest.mark.parametrize(("ready", "stopping", "status"), [(True, False, 200), (False, False, 503), (True, True, 503)])
async def test_the_daemon_is_ready_with_manifests_and_while_not_stopping(
    client: Client, control: FakeControl, ready: bool, stopping: bool, status: int
) -> None:
    control.pulse = Beat(timedelta(0), ready=ready, stopping=stopping, running={}, queued=0)
    await read(client, "/readyz", status)


async def test_metrics_are_passed_through(client: Client) -> None:
    response = await client.get("/metrics")
    assert await response.text() == "up 1\n"
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("DELETE", "/api/v1/instances", 405, "method_not_allowed"),
        ("GET", "/api/v1/instances/develop/orders/suspend", 405, "method_not_allowed"),
    ],
)
async def test_every_error_has_one_shape(client: Client, method: str, path: str, status: int, code: str) -> None:
    response = await client.request(method, path)
    assert response.status == status
    assert (await response.json())["error"]["code"] == code


async def test_a_defect_is_logged_and_its_details_are_not_in_the_answer(
    client: Client, control: FakeControl, caplog: pytest.LogCaptureFixture
) -> None:
    control.crash = True
    error = (await read(client, "/api/v1/instances", 500))["error"]
    assert error == {"code": "internal", "message": "the daemon could not answer; its log says why"}
    assert "RuntimeError" in caplog.text


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/metrics"])
async def test_every_answer_has_the_security_headers(client: Client, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["Server"] == "reconciler"


async def test_orphans_are_listed(client: Client, control: FakeControl) -> None:
    control.left = (ORPHAN,)
    shown = await read(client, "/api/v1/orphans?environment=develop", headers=BEARER)
    assert shown == {
        "orphans": [
            {
                "key": "develop/old",
                "environment": "develop",
                "name": "old",
                "resources": 7,
                "bucket": "states",
                "object": "develop/old/terraform.tfstate",
                "modified_at": "2026-03-04T12:00:00Z",
            }
        ]
    }


async def test_orphans_need_the_token_because_the_answer_comes_from_aws(client: Client, control: FakeControl) -> None:
    assert (await read(client, "/api/v1/orphans", 401))["error"]["code"] == "token_missing"
    assert (await read(client, "/api/v1/orphans?environment=x", 404, BEARER))["error"]["code"] == "unknown_environment"
    control.silent = True
    assert (await read(client, "/api/v1/orphans", 502, BEARER))["error"]["code"] == "unavailable"
    control.refusal = "the manifests were not read yet"
    assert (await read(client, "/api/v1/orphans", 409, BEARER))["error"]["message"] == "the manifests were not read yet"
