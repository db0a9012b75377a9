"""Check signatures of JSON Web Tokens, with asymmetric algorithms from a list and nothing else.

`none` and HMAC are not on the list, so neither an unsigned token nor one that was made with a public key as the secret
passes (RFC 8725, sections 3.1 and 3.2). The traps of joserfc stay here: its limit of 512 bytes for a header is shorter
than the header of a load balancer, it knows only the registered header fields, and it refuses base64 with padding.
"""

import base64
import binascii
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import CompactSignature, JWSRegistry, validate_compact

from reconciler.core.access.refusals import CredentialRefused

LONGEST = 16 * 1024


class _Registry(JWSRegistry):
    max_header_length = LONGEST


@dataclass(frozen=True, slots=True)
class Signed:
    """A token that was taken apart and not checked yet."""

    header: dict[str, Any]
    payload: dict[str, Any]
    segments: tuple[str, str, str]


def take_apart(token: str) -> Signed:
    """Return the parts of a token; padding, which load balancers write, is accepted. Raises: CredentialRefused."""
    segments = token.split(".")
    if len(segments) != 3 or len(token) > LONGEST or not token.isascii():
        raise CredentialRefused("malformed", "the token is not a signed JSON Web Token")
    header, payload, signature = segments
    return Signed(_object(header), _object(payload), (header, payload, signature.rstrip("=")))


def check(signed: Signed, key: Key, algorithms: Collection[str]) -> None:
    """Check the signature with this key. Raises: CredentialRefused."""
    algorithm = signed.header.get("alg")
    if algorithm not in algorithms:
        raise CredentialRefused("algorithm", f"the token must be signed with one of {', '.join(sorted(algorithms))}")
    header, payload, signature = (segment.encode() for segment in signed.segments)
    parts = CompactSignature(signed.header, b"")
    parts.segments = {"header": header, "payload": payload, "signature": signature}
    try:
        is_right = validate_compact(parts, key, registry=_Registry(algorithms=algorithms, strict_check_header=False))
    except (JoseError, ValueError, TypeError):
        is_right = False
    if not is_right:
        raise CredentialRefused("signature", "the signature of the token is wrong")


def _object(segment: str) -> dict[str, Any]:
    text = segment.rstrip("=")
    try:
        found = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise CredentialRefused("malformed", "the token is not a signed JSON Web Token")
    return found
