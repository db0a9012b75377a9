"""An OpenID Connect issuer and a load balancer's key endpoint on loopback, and tokens signed by them or by others."""

import base64
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import ECKey

AUDIENCE = "reconciler"
ARN = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/front/0a1b2c3d4e5f6071"
CLIENT = "client-of-the-listener"
HEADER_ISSUER = "https://idp.example.org"


class Issuer:
    """Both servers in one: it publishes keys, counts who asks for them, and can be silent."""

    def __init__(self) -> None:
        self.keys = {"first": ECKey.generate_key("P-256")}
        self.regional = {"12345678-1234-1234-1234-123456789012": ECKey.generate_key("P-256")}
        self.asked: list[str] = []
        self.silent = False
        self.says_it_is: str | None = None
        self.url = ""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Issuer"]:
        """Serve until the block ends."""
        app = web.Application()
        app.add_routes([web.get("/{path:.*}", self._answer)])
        async with TestServer(app) as server:
            self.url = str(server.make_url("")).rstrip("/")
            yield self

    async def _answer(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        self.asked.append(path)
        if self.silent:
            return web.Response(status=503)
        if path == ".well-known/openid-configuration":
            return web.json_response({"issuer": self.says_it_is or self.url, "jwks_uri": f"{self.url}/keys"})
        if path == "keys":
            public = [key.as_dict(private=False) | {"kid": name, "use": "sig"} for name, key in self.keys.items()]
            return web.json_response({"keys": [*public, {"kty": "OKP", "crv": "of tomorrow", "kid": "new"}]})
        key = self.regional.get(path.removeprefix("elb/"))
        return web.Response(body=key.as_pem(private=False)) if key else web.Response(status=403)

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Return the claims of a good token, with changes; None leaves one out."""
        now = int(time.time())
        good = {"iss": self.url, "aud": AUDIENCE, "exp": now + 300, "iat": now, "email": "ann@example.org"}
        return {
            name: value for name, value in (good | {"groups": ["deployers"]} | changed).items() if value is not None
        }

    def token(self, key: ECKey | None = None, kid: str = "first", **changed: Any) -> str:
        """Return a token signed with ES256."""
        return jwt.encode({"alg": "ES256", "kid": kid}, self.claims(**changed), key or self.keys["first"])

    def unsigned(self, algorithm: str = "none") -> str:
        """Return a token without a signature."""
        return f"{_part({'alg': algorithm, 'kid': 'first'})}.{_part(self.claims())}."

    def with_public_key_as_secret(self) -> str:
        """Return a token whose HMAC was made with the published key."""
        signed = f"{_part({'alg': 'HS256', 'kid': 'first'})}.{_part(self.claims())}"
        secret = self.keys["first"].as_pem(private=False)
        return f"{signed}.{_base64(hmac.digest(secret, signed.encode(), hashlib.sha256))}"

    def header(self, key: ECKey | None = None, claims: Mapping[str, Any] | None = None, **changed: Any) -> str:
        """Return the header of the load balancer as AWS writes it: with padding that the signature covers."""
        fields: dict[str, Any] = {"alg": "ES256", "kid": next(iter(self.regional)), "signer": ARN, "iss": HEADER_ISSUER}
        fields |= {"client": CLIENT, "exp": int(time.time()) + 120}
        payload = claims or {
            "sub": "1234567890",
            "name": "Ann",
            "email": "ann@example.org",
            "groups": "deployers,staff",
        }
        signed = f"{_padded(fields | changed)}.{_padded(payload)}"
        signature = _es256(key or next(iter(self.regional.values())), signed.encode())
        return f"{signed}.{base64.urlsafe_b64encode(signature).decode()}"


def _es256(key: ECKey, content: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    private = key.private_key
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    r, s = utils.decode_dss_signature(private.sign(content, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _padded(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def _part(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
