"""Deleted principals in policies, which AWS shows by their unique ids.

A policy holds the unique id of a role or user, and AWS shows it as an ARN as long as that role or user exists. Once it
is deleted, the id is shown instead (`AROA…`, `AIDA…`), also when another one has its name now: the new one has none of
the rights before the policy is saved with the ARN again. Source: the pages "Principal" and "Unique identifiers" of the
IAM user guide.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_ID = re.compile(r"A(?:IDA|ROA)[A-Z0-9]{12,}")
_PRINCIPALS = ("Principal", "NotPrincipal")


def deleted(values: Any) -> frozenset[str]:
    """Return the ids of deleted principals in all policies inside of a value."""
    return frozenset(_found(values))


def hint(ids: Iterable[str]) -> str:
    """Explain a policy that names deleted principals."""
    return (
        f"names {', '.join(sorted(ids))}, the id of a role or user that was deleted: even if there is one of its name"
        " again, it has these rights only once the policy is saved with its ARN; remove it from the root if it is gone"
    )


def _found(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _ids(inner) if name in _PRINCIPALS else _found(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _found(inner)
    elif isinstance(value, str) and '"Statement"' in value:
        try:
            yield from _found(json.loads(value))
        except (ValueError, RecursionError):
            yield from _ID.findall(value)  # a policy that was shortened


def _ids(principals: Any) -> Iterator[str]:
    if isinstance(principals, Mapping):
        principals = list(principals.values())
    if isinstance(principals, list):
        for inner in principals:
            yield from _ids(inner)
    elif isinstance(principals, str) and _ID.fullmatch(principals):
        yield principals
