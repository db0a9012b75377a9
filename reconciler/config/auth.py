"""Sections for people, their tokens and roles, and the issuers that may vouch for them.

Each field's description is the sentence that `docs/configuration.md` prints for it.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from desired_state.reading.suggestion import suggest
from reconciler.config.values import (
    Day,
    EmailAddress,
    EnvironmentName,
    LoadBalancerArn,
    PersonName,
    Section,
    Sha256,
    Text,
    TokenName,
    WebUrl,
)


class RoleGrant(Section):
    """A role, in all environments and for all tenants unless some are named."""

    role: Literal["read", "operate", "approve", "admin"]
    environments: tuple[EnvironmentName, ...] | None = None
    tenants: tuple[Text, ...] | None = None


def _role(value: Any) -> Any:
    return {"role": value} if isinstance(value, str) else value


Roles = tuple[Annotated[RoleGrant, BeforeValidator(_role)], ...]


class PersonSettings(Section):
    """One person."""

    roles: Roles = Field(
        (), description="Roles: read, operate, approve or admin; or `{role, environments, tenants}` for some of them"
    )
    emails: tuple[EmailAddress, ...] = Field(
        (), description="Addresses of that person, in commits and at the issuer; each of them is this person"
    )


class TokenSettings(Section):
    """One token of a person."""

    person: PersonName = Field(description="The person in `auth.people` whose token it is")
    sha256: Sha256 = Field(description="SHA-256 of the token, as `reconciler token create` prints it")
    expires: Day = Field(description="Day from which on it is refused, such as 2027-03-31, in UTC")


class ClaimSettings(Section):
    """Names of the claims about a person, in tokens of the issuer and in the load balancer's header."""

    name: Text = Field("email", description="Claim that names the person")
    email: Text = Field("email", description="Claim with the e-mail address; not used where `email_verified` is false")
    groups: Text = Field("groups", description="Claim with the groups of the person")


class OidcSettings(Section):
    """An OpenID Connect issuer whose tokens are accepted as bearer tokens."""

    issuer: WebUrl | None = Field(None, description="Issuer, exactly as in its tokens (`iss`); null accepts none")
    audience: Text | None = Field(None, description="Audience that its tokens must be made for (`aud`)")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.issuer and not self.audience:
            raise ValueError("an issuer needs an audience, or tokens that it makes for others would do: set audience")
        return self


class LoadBalancerSettings(Section):
    """An Application Load Balancer that signs people in and says so in its signed header."""

    arn: LoadBalancerArn | None = Field(None, description="ARN that must have signed the header; null ignores it")
    client: Text | None = Field(None, description="Client id of the listener's rule; null accepts any")
    issuer: Text | None = Field(None, description="Issuer of the listener's rule; null accepts any")
    keys: WebUrl | None = Field(None, description="Address of the public keys; null is AWS's endpoint of the region")


class Auth(Section):
    """People and their proofs: over the unix socket the kernel names the account, over TCP a credential proves it."""

    token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Shared bearer token: it may do everything and proves no person; prefer `auth.tokens`",
    )
    people: dict[PersonName, PersonSettings] = Field(default_factory=dict, description="People, by name")
    tokens: dict[TokenName, TokenSettings] = Field(
        default_factory=dict, description="Tokens of people, by an id that appears in logs"
    )
    socket: dict[PersonName, Roles] = Field(
        default_factory=dict,
        description="Roles of other accounts of this machine over the unix socket; the daemon's own has all",
    )
    groups: dict[Text, Roles] = Field(default_factory=dict, description="Roles of groups of the issuer, by group")
    claims: ClaimSettings = ClaimSettings()
    oidc: OidcSettings = OidcSettings()
    load_balancer: LoadBalancerSettings = LoadBalancerSettings()
    reading: Literal["loopback", "role"] = Field(
        "loopback", description="role: reading needs a role even while only this machine can reach the API"
    )
    plain_http: bool = Field(
        False, description="true: accept tokens over plain HTTP from other machines, as behind a proxy that ends TLS"
    )

    @property
    def environments(self) -> set[str]:
        """Return the environments that roles name."""
        given = (person.roles for person in self.people.values())
        roles = (role for listed in (*given, *self.socket.values(), *self.groups.values()) for role in listed)
        return {name for role in roles for name in role.environments or ()}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, token in self.tokens.items():
            if token.person not in self.people:
                hint = suggest(token.person, self.people)
                raise ValueError(f"tokens.{name}.person: {token.person!r} is not in auth.people; {hint}")
        owner: dict[str, str] = {}
        for name, person in self.people.items():
            for email in person.emails:
                if owner.setdefault(email.casefold(), name) != name:
                    raise ValueError(f"people: {email} belongs to {owner[email.casefold()]} and to {name}: keep one")
        names = [name.casefold() for name in self.people]
        if "token" in names or len(set(names)) < len(names):
            raise ValueError("people: names must differ in more than upper case, and none may be called token")
        return self
