"""Pages of the lists that authors of manifests can make long.

Instances come and go between two requests, so their pages are continued by key.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from desired_state.instance import Key
from desired_state.reading.document import Problem
from reconciler.core.record.model import Record
from reconciler.web.errors import Refused

INSTANCES: Final = 500
PROBLEMS: Final = 100
_FARTHEST: Final = 999_999


def _limit(most: int) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": most}
    return {"name": "limit", "in": "query", "description": f"How many, {most} by default", "schema": schema}


INSTANCE_PARAMETERS: Final = [
    _limit(INSTANCES),
    {
        "name": "after",
        "in": "query",
        "description": "Only after this key: `next` of the page before",
        "schema": {"type": "string", "pattern": "/"},
    },
]
PROBLEM_PARAMETERS: Final = [
    _limit(PROBLEMS),
    {
        "name": "offset",
        "in": "query",
        "description": "How many problems to leave out at the beginning",
        "schema": {"type": "integer", "minimum": 0, "maximum": _FARTHEST},
    },
]


def number_of(request: web.Request, name: str, *, default: int, most: int, least: int = 1) -> int:
    """Return a number of the query. Raises: Refused."""
    text = request.query.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,6}", text) or not least <= int(text) <= most:
        raise Refused(400, "invalid_query", f"{name} must be a number from {least} to {most}")
    return int(text)


def problems_of(request: web.Request, problems: Sequence[Problem]) -> Sequence[Problem]:
    """Return `limit` of the problems from `offset` on. Raises: Refused."""
    offset = number_of(request, "offset", default=0, least=0, most=_FARTHEST)
    return problems[offset : offset + number_of(request, "limit", default=PROBLEMS, most=PROBLEMS)]


def page_of(request: web.Request, records: Sequence[Record]) -> tuple[Sequence[Record], str | None]:
    """Return the records, in order of key, that follow the key `after`, and the key to give for the next page.

    Raises: Refused.
    """
    limit = number_of(request, "limit", default=INSTANCES, most=INSTANCES)
    after = request.query.get("after")
    begin = 0 if after is None else bisect_right(records, _key_in(after), key=lambda record: record.key)
    page = records[begin : begin + limit]
    return page, str(page[-1].key) if begin + limit < len(records) else None


def _key_in(text: str) -> Key:
    environment, slash, name = text.partition("/")
    if not slash:
        raise Refused(400, "invalid_query", "after must be the key of an instance: environment/name")
    return Key(environment, name)
