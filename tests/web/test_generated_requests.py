"""Requests that schemathesis makes from the API's own description, sent to a running server.

Each answer must be one that is described, and what the description allows is accepted, what it forbids refused.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation

from reconciler.core.access.people import People, Person, Token, fingerprint
from reconciler.core.principal import Grant, Role
from reconciler.core.redaction.redactor import Redactor
from reconciler.web.access import Access
from reconciler.web.api.openapi import document
from reconciler.web.api.routes import make_app
from tests.web.control import make_control
from tests.web.threaded import served

FEW, MANY = 3, 40
ALWAYS: dict[str, Any] = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
described = schemathesis.openapi.from_dict(document("1"))  # the server's own, see `test_openapi.py`
TOKENS = {role: f"reconciler_of-{role.label}" for role in Role}
PEOPLE = People(
    people={role.label: Person(role.label, (Grant(role),)) for role in Role},
    tokens=tuple(
        Token(role.label, role.label, fingerprint(token), datetime.max.replace(tzinfo=UTC))
        for role, token in TOKENS.items()
    ),
)
in_turns = cycle(Role)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the API over TCP in a thread; yield its URL."""

    def make() -> web.Application:
        return make_app(
            make_control(),
            metrics=lambda: (b"up 1\n", "text/plain"),
            token=None,
            version="1",
            redact=Redactor(b"a key for tests").value,
            access=Access(people=PEOPLE, open_reading=False),
        )

    with served(make, tmp_path_factory.mktemp("api") / "s") as running:
        yield running


def credentials(case: schemathesis.Case[Any], role: Role) -> dict[str, str]:
    """Return the header with the role's token, or none for a case that is to show what happens without it."""
    header = case.meta.components.get(ParameterLocation.HEADER) if case.meta else None
    without = header is not None and header.mode.is_negative
    return {} if without else {"Authorization": f"Bearer {TOKENS[role]}"}


@described.parametrize()
@settings(max_examples=FEW, derandomize=True, **ALWAYS)
def test_each_answer_is_one_that_is_described(case: schemathesis.Case[Any], url: str) -> None:
    case.call_and_validate(base_url=url, headers=credentials(case, next(in_turns)))


@pytest.mark.chaos
@pytest.mark.parametrize("role", Role)
@described.parametrize()
@settings(max_examples=MANY, **ALWAYS)
def test_each_answer_to_thousands_of_requests_of_each_role_is_one_that_is_described(
    case: schemathesis.Case[Any], url: str, role: Role
) -> None:
    case.call_and_validate(base_url=url, headers=credentials(case, role))
