"""People over TCP: tokens of one person, roles by environment and tenant, and what is open beyond loopback."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.access.people import People
from tests.web.control import ORDERS, PAYMENTS
from tests.web.identity.api import ANN, BEN, EVE, PEOPLE, READ, SUSPEND, Api

ONE = "/api/v1/instances/develop/orders"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """Serve an API that is open to nobody."""
    async with Api().running(tmp_path) as made:
        yield made


async def test_a_token_proves_its_owner_whatever_the_client_says(api: Api) -> None:
    assert (await api.ask(SUSPEND, ANN, body={"by": "ceo"}))[0] == 200
    by = api.control.asked[0][2]
    assert (by.name, by.proof, by.personal, by.claimed) == ("ann", "token", True, "ceo")
    assert by.identities == {"ann", "ann@example.org", "ann@old.example.org"}
    assert api.used == ["ann-1"]


@pytest.mark.parametrize(("token", "cause"), [("reconciler_of-last-year", "expired"), ("guess", "unknown_token")])
async def test_a_token_that_expired_or_is_unknown_is_refused_and_counted(api: Api, token: str, cause: str) -> None:
    assert (await api.ask(READ, token))[0] == 403
    assert (api.causes, api.used) == ([cause], [])


@pytest.mark.parametrize(
    ("path", "token", "body", "role"),
    [
        (f"{ONE}/suspend", BEN, {}, "operate"),
        (f"{ONE}/approve", ANN, {"digest": "sha256:p1"}, "approve"),
        (f"{ONE}/reconcile", ANN, {"override_window": "an incident"}, "approve"),
        (f"{ONE}/reconcile", ANN, {"from_empty": "it is gone"}, "admin"),
        (f"{ONE}/unlock", ANN, {"lock_id": "0f6c"}, "admin"),
        ("/api/v1/unfreeze", ANN, {"environment": "develop"}, "approve"),
        ("/api/v1/freeze", BEN, {"reason": "x"}, "operate"),
        ("/api/v1/orphans?environment=develop", BEN, None, "operate"),
    ],
)
async def test_a_missing_role_is_refused_with_the_role_that_is_needed(
    api: Api, path: str, token: str, body: Any, role: str
) -> None:
    status, answer, _ = await api.ask(path, token, body=body)
    assert (status, answer["error"]["code"], answer["error"]["role"]) == (403, "role_missing", role)
    assert (api.control.asked, api.control.frozen, api.causes) == ([], {}, [])


async def test_a_role_holds_in_its_environments_and_for_its_tenants_only(api: Api) -> None:
    assert (await api.refusal(SUSPEND, EVE)) == (403, "role_missing")
    assert (await api.ask(READ, EVE))[1]["instances"] == []
    for key, tenant in ((ORDERS, "shop"), (PAYMENTS, "bank")):
        api.control.known[key] = api.control.known[key].replace(tenant=tenant)
    assert [item["name"] for item in (await api.ask(READ, EVE))[1]["instances"]] == ["orders"]
    assert (await api.ask(ONE, EVE))[0] == 200
    for path in ("", "/plan", "/drift", "/history"):
        assert await api.refusal(f"/api/v1/instances/develop/payments{path}", EVE) == (403, "role_missing")
    assert len((await api.ask(READ, ANN))[1]["instances"]) == 3


async def test_beyond_loopback_every_page_but_the_health_needs_a_role(api: Api) -> None:
    pages = ("/readyz", "/metrics", "/api/v1/openapi.json", "/api/v1/source", READ, "/api/v1/drift", "/api/v1/freezes")
    for page in (*pages, ONE, f"{ONE}/plan", f"{ONE}/history", "/api/v1/orphans", "/api/v1/instances/develop/unknown"):
        assert await api.refusal(page) == (401, "token_missing"), page
    assert (await api.ask("/healthz"))[:2] == (200, {"alive": True})
    assert (await api.ask("/readyz", BEN))[0] == 200
    assert api.causes == []


async def test_metrics_and_readiness_can_be_opened(tmp_path: Path) -> None:
    async with Api().running(tmp_path, open_pages=frozenset({"readyz"})) as api:
        assert (await api.ask("/readyz"))[0] == 200
        assert (await api.ask(READ))[0] == 401


async def test_somebody_without_a_role_reads_nothing(tmp_path: Path) -> None:
    people = replace(PEOPLE, people={**PEOPLE.people, "ben": replace(PEOPLE.people["ben"], grants=())})
    async with Api().running(tmp_path, people=people) as api:
        assert await api.refusal(READ, BEN) == (403, "role_missing")


@pytest.mark.parametrize("name", ["token", "access_token", "Authorization"])
async def test_a_token_in_the_url_is_refused_and_not_logged(
    api: Api, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    assert await api.refusal(f"{READ}?{name}={ANN}") == (400, "token_in_url")
    assert (api.causes, ANN in caplog.text) == (["in_url"], False)
    assert all(ANN not in f"{line.__dict__}" for line in caplog.records if line.name.startswith("reconciler"))


async def test_a_token_over_plain_http_from_another_machine_is_refused_unless_that_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.web.peer.is_loopback", lambda address: False)
    async with Api().running(tmp_path) as api:
        assert await api.refusal(SUSPEND, ANN) == (403, "credential_refused")
        assert (api.causes, api.control.asked) == (["plain_http"], [])
    async with Api().running(tmp_path, plain_http=True) as api:
        assert (await api.ask(SUSPEND, ANN))[0] == 200


async def test_a_wrong_credential_is_refused_even_where_reading_is_open(tmp_path: Path) -> None:
    async with Api().running(tmp_path, open_reading=True) as api:
        assert (await api.ask(READ))[0] == 200
        assert await api.refusal(READ, "guess") == (403, "token_wrong")


async def test_without_anybody_who_is_known_acting_over_tcp_is_off(tmp_path: Path) -> None:
    async with Api().running(tmp_path, people=People()) as api:
        assert await api.refusal(SUSPEND) == (403, "actions_off")


# Wrong credentials


async def test_failures_are_delayed_more_and_more_and_then_refused_for_a_while(api: Api) -> None:
    for _ in range(20):
        assert (await api.ask(READ, "guess"))[0] == 403
    assert api.slept[:3] == [0.1, 0.2, 0.4]
    assert max(api.slept) == 2.0
    status, _, headers = await api.ask(READ, ANN)
    assert (status, headers["Retry-After"]) == (429, "60")
    assert (await api.ask("/healthz"))[0] == 200
    api.now = 60.0
    assert (await api.ask(READ, ANN))[0] == 200
    assert api.causes.count("unknown_token") == 20


# Hosts and origins


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("rebound.evil.example", 421),
        ("127.0.0.1.evil.example:8080", 421),
        ("evil.example#@localhost", 421),
        ("evil.example\\@localhost", 421),
        ("", 421),
        ("reconciler.example.org", 200),
        ("RECONCILER.example.org.:8443", 200),
        ("localhost:8080", 200),
        ("[::1]:8080", 200),
        ("10.0.0.7", 200),
    ],
)
async def test_a_request_for_another_host_is_misdirected(tmp_path: Path, host: str, status: int) -> None:
    async with Api().running(tmp_path, open_reading=True, hosts=frozenset({"reconciler.example.org"})) as api:
        assert (await api.ask(READ, Host=host))[0] == status
        assert api.causes == (["host"] if status == 421 else [])


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://evil.example", 403),
        ("null", 403),
        ("http://127.0.0.1", 403),
        ("https://deploy.example.org", 200),
        ("{own}", 200),
    ],
)
async def test_a_page_of_another_origin_may_not_act(api: Api, tmp_path: Path, origin: str, status: int) -> None:
    async with Api().running(tmp_path / "..", origins=frozenset({"https://deploy.example.org"})) as other:
        assert (await other.ask(SUSPEND, ANN, Origin=origin.format(own=other.base)))[0] == status
        assert len(other.control.asked) == (status == 200)
        assert other.causes == ([] if status == 200 else ["origin"])


async def test_a_web_page_cannot_lock_out_whoever_has_it_open(tmp_path: Path) -> None:
    async with Api().running(tmp_path) as api:
        for _ in range(21):
            await api.ask(f"{READ}?token=x")
            await api.ask(READ, Host="rebound.evil.example")
            await api.ask(SUSPEND, Origin="https://evil.example")
        assert (await api.ask(READ, ANN))[0] == 200
        assert api.slept == []


@pytest.mark.parametrize(("behind_proxy", "status"), [(True, 200), (False, 429)])
async def test_behind_a_proxy_one_client_does_not_lock_out_another(
    tmp_path: Path, behind_proxy: bool, status: int
) -> None:
    async with Api().running(tmp_path, behind_proxy=behind_proxy) as api:
        for number in range(20):
            await api.ask(READ, "guess", X_Forwarded_For=f"198.51.100.{number}, 192.0.2.1")
        assert (await api.ask(READ, ANN, X_Forwarded_For="192.0.2.2"))[0] == status
        assert (await api.ask(READ, ANN, X_Forwarded_For="192.0.2.1"))[0] == 429


@pytest.mark.parametrize(("behind_proxy", "peer"), [(True, "203.0.113.9"), (False, "127.0.0.1")])
async def test_the_audit_has_the_address_that_the_proxy_names(tmp_path: Path, behind_proxy: bool, peer: str) -> None:
    async with Api().running(tmp_path, behind_proxy=behind_proxy) as api:
        status, _, _ = await api.ask("/api/v1/freeze", ANN, X_Forwarded_For="198.51.100.1, 203.0.113.9")
        assert (status, [act.peer for act, _ in api.control.refusals]) == (400, [peer])
