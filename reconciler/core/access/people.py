"""People, their tokens and groups: the principal that a proven credential stands for.

A token is generated with 256 random bits, so its plain SHA-256 is stored: there is nothing to guess that a slow hash
would protect, and a slow hash would let strangers use up the daemon's time.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from reconciler.core.access.claims import Claims
from reconciler.core.access.refusals import CredentialRefused
from reconciler.core.principal import Grant, Principal, Proof, Role

EVERYTHING = (Grant(Role.ADMIN),)
SHARED_NAME = "token"


@dataclass(frozen=True, slots=True)
class Person:
    """A person with the e-mail addresses that are theirs."""

    name: str
    grants: tuple[Grant, ...] = ()
    emails: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Token:
    """The hash of a person's token; `id` names it in logs and metrics."""

    id: str
    person: str
    sha256: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class People:
    """The configured people. `accounts` and `groups` map accounts of the machine and groups of the issuer to roles."""

    people: Mapping[str, Person] = field(default_factory=dict)
    tokens: tuple[Token, ...] = ()
    accounts: Mapping[str, tuple[Grant, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[Grant, ...]] = field(default_factory=dict)
    shared: str | None = None  # the SHA-256 of the token that everybody has

    def with_shared(self, token: str | None) -> "People":
        """Return the same people with a token that everybody has."""
        return replace(self, shared=fingerprint(token)) if token else self

    def by_token(self, given: str, now: datetime) -> tuple[Principal, Token | None]:
        """Return the owner of a token, and which token it was (None for the shared one). Raises: CredentialRefused."""
        found = fingerprint(given)
        if self.shared and hmac.compare_digest(found, self.shared):
            return Principal(SHARED_NAME, "shared-token", EVERYTHING, personal=False), None
        for token in self.tokens:
            if hmac.compare_digest(found, token.sha256):
                if now >= token.expires:
                    raise CredentialRefused("expired", "the token has expired: ask for a new one")
                return _principal(self.people[token.person], "token"), token
        raise CredentialRefused("unknown_token", "the bearer token is not one that is configured (auth.tokens)")

    def by_account(self, name: str, *, is_own: bool) -> Principal:
        """Return the account at the other end of the socket; the daemon's own may do everything.

        Raises: CredentialRefused for an account without a role.
        """
        person, grants = self.people.get(name), self.accounts.get(name, ())
        if is_own:
            known = person or Person(name)
            return replace(_principal(known, "socket"), grants=EVERYTHING, personal=person is not None)
        if not grants:
            raise CredentialRefused("account", f"the account {name} has no role here: add it to auth.socket")
        known = person or Person(name)
        return _principal(replace(known, grants=known.grants + grants), "socket")

    def by_claims(self, claims: Claims, proof: Proof) -> Principal:
        """Return the owner of verified claims: the person with that e-mail address, else a principal of that name.

        Groups add roles. A name that belongs to a configured person or account is refused. Raises: CredentialRefused.
        """
        granted = tuple(grant for group in sorted(claims.groups) for grant in self.groups.get(group, ()))
        for person in self.people.values():
            if claims.email and claims.email.casefold() in {email.casefold() for email in person.emails}:
                return _principal(replace(person, grants=person.grants + granted), proof)
        taken = {name.casefold() for name in (*self.people, *self.accounts, SHARED_NAME)}
        if claims.name.casefold() in taken:
            raise CredentialRefused("claims", f"the name {claims.name} belongs to another identity (auth.people)")
        emails = frozenset({claims.email}) if claims.email else frozenset[str]()
        return Principal(claims.name, proof, granted, emails)


def fingerprint(token: str) -> str:
    """Return the SHA-256 of a token, as `auth.tokens` has it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _principal(person: Person, proof: Proof) -> Principal:
    return Principal(person.name, proof, person.grants, person.emails)
