"""The times in a token: it is good from `nbf` until `exp` (RFC 7519, section 4.1), give or take clocks that differ."""

from collections.abc import Mapping
from typing import Any

from reconciler.core.access.refusals import CredentialRefused

LEEWAY = 30.0


def check_times(claims: Mapping[str, Any], now: float) -> None:
    """Check `exp`, which must be there, and `nbf` and `iat`, which may be. Raises: CredentialRefused."""
    expires = _seconds(claims, "exp")
    if expires is None:
        raise CredentialRefused("malformed", "the token has no end (exp)")
    if now >= expires + LEEWAY:
        raise CredentialRefused("expired", "the token has expired: sign in again")
    for name in ("nbf", "iat"):
        begins = _seconds(claims, name)
        if begins is not None and now < begins - LEEWAY:
            raise CredentialRefused("not_yet_valid", f"the token is not valid yet ({name}): check the clocks")


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = float("nan")
    if isinstance(value, bool) or not abs(seconds) < 1e12:  # neither a number nor a time
        raise CredentialRefused("malformed", f"the token's {name} is not a time")
    return seconds
