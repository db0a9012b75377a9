"""Principals: who makes a request, and by which of its names a policy may mean it.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

Names = tuple[tuple[str, str], ...]
EVERYONE: Names = (("AWS", "*"),)
_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?")


class Kind(Enum):
    """Kinds of principals that are evaluated differently."""

    USER = "User"
    ROLE_SESSION = "AssumedRole"
    ROOT = "Account"
    SERVICE = "Service"
    FEDERATED = "Federated"


class Match(IntEnum):
    """Ways in which a resource policy can mean a principal; those further on are limited by less."""

    NOT = 0
    ACCOUNT = 1  # its account, which then has to allow the request in its own policies
    ROLE = 2  # the role of its session: boundary and session policy still limit it
    ITSELF = 3  # its own name, or everyone: no implicit deny of another policy limits it in the same account


@dataclass(frozen=True, slots=True)
class Principal:
    """The one who makes a request: `arn` is its name, `role` the role of a session."""

    kind: Kind
    arn: str
    role: str = ""

    @property
    def account(self) -> str:
        """Return the account that the principal belongs to; AWS services and identity providers have none."""
        return self.arn.split(":")[4] if self.kind in (Kind.USER, Kind.ROLE_SESSION, Kind.ROOT) else ""

    @property
    def context(self) -> Mapping[str, str]:
        """Return the condition keys that follow from the principal.

        A role's session has the role's ARN in `aws:PrincipalArn`, and no `aws:username`.
        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
        """
        if self.kind is Kind.SERVICE:
            return {"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": self.arn}
        keys = {"aws:PrincipalIsAWSService": "false"}
        if self.account:
            keys |= {
                "aws:PrincipalArn": self.role or self.arn,
                "aws:PrincipalAccount": self.account,
                "aws:PrincipalType": self.kind.value,
            }
        if self.kind is Kind.USER:
            keys["aws:username"] = self.arn.rpartition("/")[2]
        return keys

    def among(self, names: Names) -> Match:
        """Return the nearest way in which the names of a `Principal` element mean this principal."""
        return max((self._is(kind, name) for kind, name in names), default=Match.NOT)

    def spared_by(self, names: Names) -> bool:
        """Say whether a `NotPrincipal` element spares this principal.

        It has to list the session, its role and its account; a role's name alone does not spare the session.
        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        """
        ways = {self._is(kind, name) for kind, name in names}
        needed = {Match.ITSELF} | ({Match.ACCOUNT} if self.account else set()) | ({Match.ROLE} if self.role else set())
        return ("AWS", "*") in names or ways >= needed

    def _is(self, kind: str, name: str) -> Match:
        if kind == "AWS":
            return Match.ITSELF if name == "*" else self._is_identity(name)
        own = {"Service": Kind.SERVICE, "Federated": Kind.FEDERATED}.get(kind)
        return Match.ITSELF if own is self.kind and name in (self.arn, "*") else Match.NOT

    def _is_identity(self, name: str) -> Match:
        account = _ACCOUNT.fullmatch(name)
        if account:
            return Match.ACCOUNT if account[1] == self.account else Match.NOT
        if name == self.arn:
            return Match.ITSELF
        return Match.ROLE if self.role and name == self.role else Match.NOT


def user(arn: str) -> Principal:
    """Return the IAM user with this ARN."""
    return Principal(Kind.USER, arn)


def account_root(account: str, partition: str = "aws") -> Principal:
    """Return the root user of an account."""
    return Principal(Kind.ROOT, f"arn:{partition}:iam::{account}:root")


def role_session(role: str, session: str = "session") -> Principal:
    """Return a session of the role with this ARN; the session's own ARN has no path."""
    _, partition, _, _, account, resource = role.split(":", 5)
    name = resource.rpartition("/")[2]
    return Principal(Kind.ROLE_SESSION, f"arn:{partition}:sts::{account}:assumed-role/{name}/{session}", role)


def service(name: str) -> Principal:
    """Return an AWS service, as in `delivery.logs.amazonaws.com`, that calls with its own name and no role."""
    return Principal(Kind.SERVICE, name)


def federated(provider: str) -> Principal:
    """Return a person whom an identity provider vouches for, before a role is assumed."""
    return Principal(Kind.FEDERATED, provider)


def read_names(element: str | Mapping[str, Any]) -> Names:
    """Read the element `Principal` or `NotPrincipal`; `"*"` and `{"AWS": "*"}` are the same."""
    if isinstance(element, str):
        return (("AWS", element),)
    return tuple((kind, name) for kind, names in element.items() for name in _listed(names))


def _listed(value: str | Iterable[str]) -> Iterable[str]:
    return (value,) if isinstance(value, str) else value
