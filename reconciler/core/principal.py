"""The principal of a request: who asks, how that was proven, and which roles it has where."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

Proof = Literal["socket", "token", "shared-token", "load-balancer", "oidc"]
"""`socket`: the kernel named the account of the peer. `token`: a token of one person. `shared-token`: the token that
everybody has (`auth.token`). `load-balancer`: the signed header of an Application Load Balancer. `oidc`: a token of the
configured issuer."""


class Role(IntEnum):
    """A step of permission; each includes the ones before it."""

    READ = 1
    OPERATE = 2
    APPROVE = 3
    ADMIN = 4

    @property
    def label(self) -> str:
        """Return the word for configuration and messages."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in some environments for some tenants; None means all of them, those without a tenant included."""

    role: Role
    environments: frozenset[str] | None = None
    tenants: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller of the API. `name` and `emails` are proven as `proof` says; `grants` are its roles.

    `personal` is whether the proof tells one person from another: not so for a shared token, nor for the account that
    the daemon runs as. `claimed` is the name that the client gave itself: a remark that proves nothing.
    """

    name: str
    proof: Proof
    grants: tuple[Grant, ...] = ()
    emails: frozenset[str] = frozenset()
    personal: bool = True
    claimed: str | None = None

    @property
    def identities(self) -> frozenset[str]:
        """Return the name and the e-mail addresses, in small letters: each of them is this principal."""
        return frozenset({self.name.casefold(), *(email.casefold() for email in self.emails)})
