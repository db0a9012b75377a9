"""The OpenAPI document: it describes exactly the routes, and the answers match it."""

import re
from typing import Any

import pytest
from aiohttp import web
from jsonschema import Draft202012Validator

from reconciler.core.ports.control import ACTIONS
from reconciler.core.redaction.redactor import Redactor
from reconciler.web.api.openapi import document
from reconciler.web.api.routes import make_app
from tests.web.conftest import TOKEN, Client
from tests.web.control import ORPHAN, FakeControl

DOCUMENT = document("1.2.3")
ONE = "/api/v1/instances/{environment}/{name}"


def routes() -> set[tuple[str, str]]:
    """Return method and path of every route."""
    app = make_app(
        FakeControl(), metrics=lambda: (b"", ""), token=None, version="1", redact=Redactor(b"a key for tests").value
    )
    found = {(route.method.lower(), route.resource) for route in app.router.routes()}
    return {
        (method, resource.canonical)
        for method, resource in found
        if method != "head" and isinstance(resource, web.PlainResource | web.DynamicResource)
    }


def schema_of(path: str, method: str = "get") -> dict[str, Any]:
    """Return the schema of the answer 200 of a route."""
    answer = DOCUMENT["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
    return {**answer, "components": DOCUMENT["components"]}


def test_exactly_the_routes_are_described() -> None:
    described = {(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == routes()


def test_every_parameter_of_a_path_is_described() -> None:
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            named = {item["name"] for item in operation.get("parameters", []) if item["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path)), path


def test_every_reference_resolves() -> None:
    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*map(references, value.values()))
        return set().union(*map(references, value)) if isinstance(value, list) else set()

    for reference in references(DOCUMENT):
        part: Any = DOCUMENT
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("/healthz", "/healthz"),
        ("/readyz", "/readyz"),
        ("/api/v1/source", "/api/v1/source"),
        ("/api/v1/instances", "/api/v1/instances"),
        (ONE, "/api/v1/instances/develop/orders"),
        (ONE, "/api/v1/instances/develop/platform"),
        (f"{ONE}/plan", "/api/v1/instances/develop/orders/plan"),
        (f"{ONE}/plan", "/api/v1/instances/develop/payments/plan"),
        (f"{ONE}/history", "/api/v1/instances/develop/orders/history"),
    ],
)
async def test_answers_match_their_schema(client: Client, path: str, call: str) -> None:
    answer = await (await client.get(call)).json()
    Draft202012Validator(schema_of(path)).validate(answer)


async def test_the_answer_about_orphans_matches_its_schema(client: Client, control: FakeControl) -> None:
    control.left = (ORPHAN,)
    answer = await (await client.get("/api/v1/orphans", headers={"Authorization": f"Bearer {TOKEN}"})).json()
    Draft202012Validator(schema_of("/api/v1/orphans")).validate(answer)


async def test_the_document_is_served(client: Client) -> None:
    assert await (await client.get("/api/v1/openapi.json")).json() == DOCUMENT


def test_every_action_is_described() -> None:
    operation = DOCUMENT["paths"][f"{ONE}/{{action}}"]["post"]
    action = next(item for item in operation["parameters"] if item["name"] == "action")
    assert action["schema"]["enum"] == sorted(ACTIONS)
