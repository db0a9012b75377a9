"""Claims about a person that an issuer or a load balancer signed, read from a verified payload.

An address counts unless the issuer says that it is not verified (`email_verified`, OpenID Connect Core 1.0, section
5.1). Amazon Cognito writes that claim as a string.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.core.access.refusals import CredentialRefused

LONGEST = 100
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # controls, bidi marks, half characters, …


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """The names of the claims that hold a person's name, e-mail address and groups."""

    name: str = "email"
    email: str = "email"
    groups: str = "groups"


@dataclass(frozen=True, slots=True)
class Claims:
    """A person as the signed payload describes them."""

    name: str
    email: str | None
    groups: frozenset[str]


def read(payload: Mapping[str, Any], names: ClaimNames) -> Claims:
    """Return the claims of a verified payload. Raises: CredentialRefused without a printable name."""
    email = payload.get(names.email)
    verified = str(payload.get("email_verified", True)).lower() == "true"
    if names.name == names.email and not verified:
        raise CredentialRefused("claims", "the issuer says that the e-mail address is not verified")
    name = payload.get(names.name)
    if not isinstance(name, str) or not is_plain(name):
        raise CredentialRefused("claims", f"the claim {names.name} must be a name of 1 to {LONGEST} plain characters")
    address = email if verified and isinstance(email, str) and is_plain(email) else None
    return Claims(name, address, _groups(payload.get(names.groups)))


def is_plain(text: str) -> bool:
    """Return whether a text is a short line without control, invisible or bidirectional characters."""
    return 0 < len(text) <= LONGEST and not any(unicodedata.category(character) in _UNPRINTABLE for character in text)


def _groups(value: Any) -> frozenset[str]:
    """Return the groups of a list, or of a text with commas, as load balancers pass them on."""
    if isinstance(value, str):
        value = [part.strip() for part in value.strip("[]").split(",")]
    return (
        frozenset(item for item in value if isinstance(item, str) and item) if isinstance(value, list) else frozenset()
    )
