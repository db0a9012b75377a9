"""Policies read from their documents: statements that either apply to a request or do not.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from deploy.local.iam.conditions import Condition
from deploy.local.iam.patterns import Unresolved, action_like, arn_like, resolve
from deploy.local.iam.principal import EVERYONE, Match, Names, read_names
from deploy.local.iam.request import Request, Values

VARIABLES_SINCE = "2012-10-17"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: its effect, and everything that a request has to match for it to apply."""

    title: str
    allows: bool
    actions: Values
    but_actions: bool
    resources: Values
    but_resources: bool
    principals: Names
    but_principals: bool
    conditions: tuple[Condition, ...]
    variables: bool

    def applies(self, request: Request) -> bool:
        """Say whether action, resource and conditions of the request match; the principal is a question of its own."""
        try:
            return self._of_action(request) and self._of_resource(request) and self._of_context(request)
        except Unresolved:
            return False

    def means(self, request: Request, bounded: bool) -> Match:
        """Return the way in which the statement of a resource policy means the request's principal.

        A `NotPrincipal` with Deny spares no principal that has a permissions boundary. Source:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
        """
        if not self.but_principals:
            return request.principal.among(self.principals)
        spared = request.principal.spared_by(self.principals) and (self.allows or not bounded)
        return Match.NOT if spared else Match.ITSELF

    def _of_action(self, request: Request) -> bool:
        named = any(action_like(pattern, request.action) for pattern in self.actions)
        return named is not self.but_actions

    def _of_resource(self, request: Request) -> bool:
        named = any(arn_like(self._resolved(pattern, request), request.resource) for pattern in self.resources)
        return named is not self.but_resources

    def _of_context(self, request: Request) -> bool:
        return all(condition.holds(request, self.variables) for condition in self.conditions)

    def _resolved(self, pattern: str, request: Request) -> str:
        return resolve(pattern, request.values) if self.variables else pattern


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy's statements, in their order."""

    statements: tuple[Statement, ...] = ()

    def applying(self, request: Request, allows: bool) -> Iterator[Statement]:
        """Yield the statements with this effect that apply to the request."""
        return (each for each in self.statements if each.allows is allows and each.applies(request))


def read(document: str | Mapping[str, Any]) -> Policy:
    """Read a policy document, as JSON or as plain data. Raises `UnknownOperator`, and KeyError for what is missing."""
    return _read_text(document if isinstance(document, str) else json.dumps(document))


@lru_cache(maxsize=1024)
def _read_text(text: str) -> Policy:
    document = json.loads(text)
    statements = document["Statement"]
    variables = document.get("Version") == VARIABLES_SINCE
    listed = [statements] if isinstance(statements, dict) else statements
    return Policy(tuple(_statement(each, place, variables) for place, each in enumerate(listed)))


def _statement(given: Mapping[str, Any], place: int, variables: bool) -> Statement:
    allows = {"Allow": True, "Deny": False}[given["Effect"]]
    # A trust policy names no resource: it belongs to one role.
    return Statement(
        title=given.get("Sid") or f"number {place}",
        allows=allows,
        actions=_listed(given["NotAction"] if "NotAction" in given else given["Action"]),
        but_actions="NotAction" in given,
        resources=_listed(given.get("NotResource", given.get("Resource", "*"))),
        but_resources="NotResource" in given,
        principals=read_names(given.get("NotPrincipal", given.get("Principal", dict(EVERYONE)))),
        but_principals="NotPrincipal" in given,
        conditions=tuple(_conditions(given.get("Condition", {}))),
        variables=variables,
    )


def _conditions(given: Mapping[str, Mapping[str, Any]]) -> Iterator[Condition]:
    for operator, keys in given.items():
        for key, values in keys.items():
            yield Condition(operator, key, _listed(values))


def _listed(value: Any) -> Values:
    values = value if isinstance(value, list) else [value]
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in values)
