"""The access rules of the API, from the settings: people, verifiers, the certificate, and what is open."""

import ssl
from collections.abc import Iterable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, time, timedelta

from reconciler.config.auth import Auth, RoleGrant
from reconciler.config.models import Settings
from reconciler.config.openings import of_the_api
from reconciler.core.access.claims import ClaimNames
from reconciler.core.access.loopback import is_loopback
from reconciler.core.access.people import People, Person, Token
from reconciler.core.principal import Grant, Role
from reconciler.edges.identity.load_balancer import LoadBalancerVerifier, RegionalKeys, keys_of
from reconciler.edges.identity.oidc import Keys, OidcVerifier
from reconciler.edges.telemetry.access_metrics import AccessMetrics
from reconciler.web.access import Access
from reconciler.web.tls import Certificate

_SOON = timedelta(days=14)


def access(settings: Settings, metrics: AccessMetrics) -> Access:
    """Return the rules; refused credentials and uses of tokens go to the metrics."""
    auth, http = settings.auth, settings.http
    return Access(
        people=people(auth),
        bearer=_bearer(auth),
        load_balancer=_load_balancer(auth),
        open_reading=auth.reading == "loopback" and not http.is_public,
        open_pages=frozenset(http.open),
        plain_http=auth.plain_http,
        behind_proxy=_is_behind_proxy(settings),
        hosts=frozenset(http.hosts) | {http.host},
        origins=frozenset(http.origins),
        failed=metrics.failed,
        used=metrics.token_used,
    )


def people(auth: Auth) -> People:
    """Return the configured people, with the shared token."""
    known = People(
        people={
            name: Person(name, _grants(person.roles), frozenset(person.emails)) for name, person in auth.people.items()
        },
        tokens=tuple(
            Token(name, token.person, token.sha256, datetime.combine(date.fromisoformat(token.expires), time(), UTC))
            for name, token in auth.tokens.items()
        ),
        accounts={name: _grants(roles) for name, roles in auth.socket.items()},
        groups={name: _grants(roles) for name, roles in auth.groups.items()},
    )
    return known.with_shared(auth.token.get_secret_value() if auth.token else None)


def warnings(settings: Settings, today: date) -> list[str]:
    """Return what is open, weak or about to end in these settings, a sentence each, for the log of the start."""
    soon = (today + _SOON).isoformat()
    ending = (
        f"auth.tokens.{name} of {token.person} ends on {token.expires}: replace it with `reconciler token create`"
        for name, token in settings.auth.tokens.items()
        if token.expires <= soon
    )
    return [*of_the_api(settings), *ending]


def _is_behind_proxy(settings: Settings) -> bool:
    """Return whether requests come through a proxy that says for whom: it would share one address with all clients."""
    auth, http = settings.auth, settings.http
    return auth.load_balancer.arn is not None or auth.plain_http or (bool(http.hosts) and is_loopback(http.host))


async def certificate(settings: Settings, stack: AsyncExitStack) -> ssl.SSLContext | None:
    """Return the TLS context, whose certificate the stack watches; None without one. Raises: CertificateUnusable."""
    tls = settings.http.tls
    if tls.certificate is None or tls.key is None:
        return None
    own = Certificate(tls.certificate, tls.key)
    own.load()
    await stack.enter_async_context(own.watched())
    return own.context


def _bearer(auth: Auth) -> OidcVerifier | None:
    if auth.oidc.issuer is None or auth.oidc.audience is None:
        return None
    return OidcVerifier(Keys(auth.oidc.issuer), auth.oidc.audience, _names(auth))


def _load_balancer(auth: Auth) -> LoadBalancerVerifier | None:
    balancer = auth.load_balancer
    if balancer.arn is None:
        return None
    endpoint = (balancer.keys or keys_of(balancer.arn)).rstrip("/")
    return LoadBalancerVerifier(
        RegionalKeys(endpoint), balancer.arn, _names(auth), client=balancer.client, issuer=balancer.issuer
    )


def _names(auth: Auth) -> ClaimNames:
    return ClaimNames(auth.claims.name, auth.claims.email, auth.claims.groups)


def _grants(roles: Iterable[RoleGrant]) -> tuple[Grant, ...]:
    return tuple(Grant(Role[given.role.upper()], _some(given.environments), _some(given.tenants)) for given in roles)


def _some(names: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)
