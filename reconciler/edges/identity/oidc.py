"""Verify tokens of an OpenID Connect issuer, with the keys that it publishes.

Keys come from the issuer's own document (OpenID Connect Discovery 1.0, section 4: the `issuer` in it must be the one
that was asked). They are kept for an hour. A token of an unknown key fetches them again, at most once a minute, so
that made-up key ids cost the issuer nothing; while it does not answer the old keys stay good for a day.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from reconciler.core.access.claims import ClaimNames, Claims, read
from reconciler.core.access.refusals import CredentialRefused
from reconciler.edges.identity.documents import DocumentUnavailable, fetch
from reconciler.edges.identity.signatures import check, take_apart
from reconciler.edges.identity.times import check_times

ALGORITHMS: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"})
_FRESH, _BETWEEN, _GOOD = 3600.0, 60.0, 86400.0

Fetch = Callable[[str], Awaitable[bytes]]


@dataclass(slots=True)
class Keys:
    """The published keys of an issuer, by their ids; `clock` counts seconds."""

    issuer: str
    fetch: Fetch = fetch
    clock: Callable[[], float] = time.monotonic
    _keys: dict[str, Key] = field(default_factory=dict)
    _fetched_at: float | None = None
    _tried_at: float | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, key_id: str) -> Key:
        """Return the key with this id. Raises: CredentialRefused."""
        if key_id not in self._keys or not self._is_younger(self._fetched_at, _FRESH):
            async with self._lock:
                if key_id not in self._keys or not self._is_younger(self._fetched_at, _FRESH):
                    await self._refresh()
        if not self._is_younger(self._fetched_at, _GOOD):
            raise CredentialRefused("unavailable", "the keys of the issuer cannot be read now: try again later")
        if key_id not in self._keys:
            raise CredentialRefused("key", "the token is signed with a key that its issuer does not publish")
        return self._keys[key_id]

    def _is_younger(self, moment: float | None, seconds: float) -> bool:
        return moment is not None and self.clock() - moment < seconds

    async def _refresh(self) -> None:
        if self._is_younger(self._tried_at, _BETWEEN):
            return
        self._tried_at = self.clock()
        try:
            found = _object(await self.fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"))
            if found.get("issuer") != self.issuer:
                return
            self._keys = _import(_object(await self.fetch(str(found.get("jwks_uri")))))
        except DocumentUnavailable:
            return
        self._fetched_at = self.clock()


@dataclass(frozen=True, slots=True)
class OidcVerifier:
    """Implements `core.ports.identity.Verifier` for bearer tokens of one issuer, made for one audience."""

    keys: Keys
    audience: str
    names: ClaimNames
    now: Callable[[], float] = time.time

    async def verify(self, credential: str) -> Claims:
        """Return what the token proves. Raises: CredentialRefused."""
        token = take_apart(credential)
        if token.header.get("alg") not in ALGORITHMS:
            raise CredentialRefused(
                "algorithm", f"the token must be signed with one of {', '.join(sorted(ALGORITHMS))}"
            )
        if token.payload.get("iss") != self.keys.issuer:
            raise CredentialRefused("issuer", f"the token is not one of the issuer {self.keys.issuer}")
        audience = token.payload.get("aud")
        if self.audience not in (audience if isinstance(audience, list) else [audience]):
            raise CredentialRefused("audience", f"the token is not made for {self.audience} (aud)")
        check_times(token.payload, self.now())
        check(token, await self.keys.of(str(token.header.get("kid", ""))), ALGORITHMS)
        return read(token.payload, self.names)


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise DocumentUnavailable("the issuer answered something else than JSON")
    return found


def _import(document: dict[str, Any]) -> dict[str, Key]:
    """Return the keys for signatures of a JWK Set; keys of unknown kinds are left out (RFC 7517, section 5)."""
    keys: dict[str, Key] = {}
    listed = document.get("keys")
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, dict) and item.get("kty") in {"RSA", "EC"} and item.get("use", "sig") == "sig":
            try:
                keys[str(item.get("kid", ""))] = import_key(item)
            except (JoseError, ValueError, TypeError):
                continue
    return keys
