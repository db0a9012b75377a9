"""Authenticate each request, and refuse those whose principal lacks the role that they need.

Over the unix socket the kernel names the peer, and credentials are not looked at. Over TCP a credential is a bearer
token or the signed header of a load balancer. A credential that is wrong is refused even where none is needed.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from aiohttp import web

from desired_state.instance import Key
from reconciler.core.access.permissions import allows, needed
from reconciler.core.access.refusals import Cause, CredentialRefused
from reconciler.core.principal import Principal, Role
from reconciler.core.record.model import Record
from reconciler.web.access import ACCESS, Access
from reconciler.web.errors import Refused
from reconciler.web.hosts import check_host, check_origin
from reconciler.web.peer import account_of, address_of, is_own, is_protected, over_unix_socket, uid_of

LOAD_BALANCER_HEADER: Final = "x-amzn-oidc-data"
ALWAYS_OPEN: Final = "/healthz"
_IN_URL: Final = frozenset({"access_token", "auth", "authorization", "bearer", "id_token", "token"})
# Any web page can make a browser send these, so they must not shut out the person whose browser it is.
_OF_THE_REQUEST: Final[frozenset[Cause]] = frozenset({"host", "origin", "in_url"})
_STATUS: Final[Mapping[Cause, int]] = {"host": 421, "in_url": 400, "unavailable": 503}
_CODES: Final[Mapping[Cause, str]] = {"unknown_token": "token_wrong", "host": "host_refused", "in_url": "token_in_url"}
_PRINCIPAL: Final = web.RequestKey("principal", Principal)

_log = logging.getLogger(__name__)


@web.middleware
async def authenticate(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Find out who asks before anything else is done. Raises: Refused."""
    access = request.app[ACCESS]
    if request.path == ALWAYS_OPEN and not _says_who_asks(request):
        return await handler(request)
    address = address_of(request, behind_proxy=access.behind_proxy)
    if wait := access.throttle.retry_after(address):
        access.failed("throttled")
        raise Refused(429, "too_many_failures", "too many wrong credentials: try again later", retry_after=wait)
    try:
        found = await _principal(request, access)
    except CredentialRefused as refusal:
        await _record(request, access, refusal.cause, address)
        code = _CODES.get(refusal.cause, "credential_refused")
        raise Refused(_STATUS.get(refusal.cause, 403), code, str(refusal)) from None
    if found:
        request[_PRINCIPAL] = found
    return await handler(request)


async def _record(request: web.Request, access: Access, cause: Cause, address: str) -> None:
    """Log, count and slow a refused credential; the credential and the query, which may hold one, are left out."""
    access.failed(cause)
    fields = {"cause": cause, "address": address, "method": request.method, "path": request.rel_url.raw_path[:200]}
    _log.warning("authentication failed", extra=fields)
    if cause not in _OF_THE_REQUEST:
        await access.throttle.failed(address)


async def _principal(request: web.Request, access: Access) -> Principal | None:
    """Return who asks; None without a credential. Raises: CredentialRefused."""
    if over_unix_socket(request):
        uid = uid_of(request)
        return access.people.by_account(account_of(uid), is_own=is_own(uid))
    check_host(request, access.hosts)
    if _IN_URL & {name.lower() for name in request.query}:
        raise CredentialRefused("in_url", "a token does not belong into a URL, which logs keep: send it as a header")
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        check_origin(request, access.origins)
    if "Authorization" in request.headers:
        return await _by_header(request, access)
    if access.load_balancer and LOAD_BALANCER_HEADER in request.headers:
        claims = await access.load_balancer.verify(request.headers[LOAD_BALANCER_HEADER])
        return access.people.by_claims(claims, "load-balancer")
    return None


def _says_who_asks(request: web.Request) -> bool:
    return over_unix_socket(request) or not {"Authorization", LOAD_BALANCER_HEADER}.isdisjoint(request.headers)


async def _by_header(request: web.Request, access: Access) -> Principal | None:
    scheme, _, given = request.headers["Authorization"].partition(" ")
    given = given.strip()
    if scheme.lower() != "bearer" or not given:
        return None
    if not (access.plain_http or is_protected(request)):
        raise CredentialRefused("plain_http", "a token over plain HTTP can be read by others: use https (http.tls)")
    try:
        principal, token = access.people.by_token(given, access.clock())
    except CredentialRefused as refusal:
        if access.bearer is None or refusal.cause != "unknown_token" or given.count(".") != 2:
            raise
        return access.people.by_claims(await access.bearer.verify(given), "oidc")
    if token:
        access.used(token.person, token.id)
    return principal


def caller(request: web.Request, claimed: str | None = None) -> Principal:
    """Return the principal of a request that acts; `claimed` is kept as its own remark. Raises: Refused (401, 403)."""
    found: Principal | None = request.get(_PRINCIPAL)
    if found is not None:
        return replace(found, claimed=claimed)
    if not request.app[ACCESS].knows_anybody:
        raise Refused(403, "actions_off", "actions over TCP are off: set auth.tokens, or use the unix socket")
    raise Refused(401, "token_missing", "an Authorization header with the bearer token is needed")


def require(
    request: web.Request, action: str, environment: str | None, tenant: str | None = None, /, **body: str
) -> Principal:
    """Return the caller if it may act there with these fields. Raises: Refused (401, 403)."""
    principal, need = caller(request, body.get("by")), needed(action, body)
    if not allows(principal, need, environment, tenant):
        raise _lacking(principal, need, environment, tenant)
    return principal


def may_read(request: web.Request, key: Key, tenant: str | None = None) -> bool:
    """Return whether the caller may read an instance."""
    if request.app[ACCESS].open_reading:
        return True
    return allows(caller(request), Role.READ, key.environment, tenant)


def require_reading(request: web.Request, key: Key | None = None, tenant: str | None = None) -> None:
    """Check that the caller may read an instance; without one, that it may read anything. Raises: Refused."""
    if request.app[ACCESS].open_reading:
        return
    principal = caller(request)
    if not (allows(principal, Role.READ, key.environment, tenant) if key else principal.grants):
        raise _lacking(principal, Role.READ, key.environment if key else None, tenant)


def is_reader(request: web.Request) -> bool:
    """Return whether the caller may read anything, without refusing it."""
    found: Principal | None = request.get(_PRINCIPAL)
    return request.app[ACCESS].open_reading or bool(found and found.grants)


def tenant_of(record: Record | None) -> str | None:
    """Return the tenant of a record; None for an instance without one."""
    return record.tenant if record else None


def _lacking(principal: Principal, need: Role, environment: str | None, tenant: str | None) -> Refused:
    where = environment or "all environments"
    of = f" of the tenant {tenant}" if tenant else ""
    message = f"{principal.name} lacks the role {need.label} in {where}{of}: an administrator can give it"
    _log.warning("role missing", extra={"principal": principal.name, "proof": principal.proof, "role": need.label})
    return Refused(403, "role_missing", message, role=need.label)
