"""Verify the header `x-amzn-oidc-data` of an Application Load Balancer that signs people in.

As AWS documents it ("Authenticate users using an Application Load Balancer", section "User claims encoding and
signature verification", https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html):
a token signed with ES256 whose header has `kid`, `signer` (the load balancer's ARN), `iss`, `client` and `exp`; the
public key is at the regional endpoint under its `kid`; the parts are base64 with padding, which the signature covers.
Every load balancer of a region signs with the same keys, so the `signer` is what tells ours from a stranger's.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key

from reconciler.core.access.claims import ClaimNames, Claims, read
from reconciler.core.access.refusals import CredentialRefused
from reconciler.edges.identity.documents import DocumentUnavailable, fetch
from reconciler.edges.identity.oidc import Fetch
from reconciler.edges.identity.signatures import check, take_apart
from reconciler.edges.identity.times import check_times

_ALGORITHMS: Final = frozenset({"ES256"})
_KEY_ID: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
_KEPT, _FETCHES, _PER_SECONDS = 16, 10, 60.0


def keys_of(arn: str) -> str:
    """Return the address of the public keys of a load balancer's region."""
    _, partition, _, region, *_ = arn.split(":")
    if partition == "aws-us-gov":
        return f"https://s3-{region}.amazonaws.com/aws-elb-public-keys-prod-{region}"
    return f"https://public-keys.auth.elb.{region}.amazonaws.com"


@dataclass(slots=True)
class RegionalKeys:
    """Public keys by their id: the last few that were used; fetches are limited, because anybody can make up an id."""

    endpoint: str
    fetch: Fetch = fetch
    clock: Callable[[], float] = time.monotonic
    _keys: OrderedDict[str, Key] = field(default_factory=OrderedDict)
    _fetches: list[float] = field(default_factory=list)

    async def of(self, key_id: str) -> Key:
        """Return the key with this id. Raises: CredentialRefused."""
        if not _KEY_ID.fullmatch(key_id):
            raise CredentialRefused("key", "the header names no key")
        if key_id not in self._keys:
            key = await self._read(key_id)
            self._keys[key_id] = key
            while len(self._keys) > _KEPT:
                self._keys.popitem(last=False)
        self._keys.move_to_end(key_id)
        return self._keys[key_id]

    async def _read(self, key_id: str) -> Key:
        now = self.clock()
        self._fetches = [at for at in self._fetches if now - at < _PER_SECONDS]
        if len(self._fetches) >= _FETCHES:
            raise CredentialRefused("unavailable", "too many unknown keys were asked for: try again in a minute")
        self._fetches.append(now)
        try:
            return ECKey.import_key(await self.fetch(f"{self.endpoint}/{key_id}"))
        except DocumentUnavailable:
            raise CredentialRefused("key", "the key of the load balancer's header cannot be read") from None
        except (JoseError, ValueError, TypeError):
            raise CredentialRefused("key", "the key of the load balancer's header is no public key") from None


@dataclass(frozen=True, slots=True)
class LoadBalancerVerifier:
    """Implements `core.ports.identity.Verifier` for the signed header of one load balancer.

    `client` and `issuer` are those of its listener's rule; each is checked where it is set.
    """

    keys: RegionalKeys
    arn: str
    names: ClaimNames
    client: str | None = None
    issuer: str | None = None
    now: Callable[[], float] = time.time

    async def verify(self, credential: str) -> Claims:
        """Return what the header proves. Raises: CredentialRefused."""
        token = take_apart(credential)
        if token.header.get("signer") != self.arn:
            raise CredentialRefused(
                "signer", "the header is signed by another load balancer than auth.load_balancer.arn"
            )
        if self.client is not None and token.header.get("client") != self.client:
            raise CredentialRefused("client", "the header is made for another client than auth.load_balancer.client")
        if self.issuer is not None and token.header.get("iss") != self.issuer:
            raise CredentialRefused("issuer", "the header is of another issuer than auth.load_balancer.issuer")
        if token.header.get("alg") not in _ALGORITHMS:
            raise CredentialRefused("algorithm", "the header must be signed with ES256")
        check_times(token.header, self.now())
        check(token, await self.keys.of(str(token.header.get("kid", ""))), _ALGORITHMS)
        return read(token.payload, self.names)
