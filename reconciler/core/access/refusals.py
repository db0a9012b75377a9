"""Refusals of credentials: a closed list of reasons, which metrics and logs use as they are."""

from typing import Final, Literal, get_args

Cause = Literal[
    "account", "algorithm", "audience", "claims", "client", "expired", "host", "in_url", "issuer", "key", "malformed",
    "not_yet_valid", "origin", "plain_http", "signature", "signer", "throttled", "unavailable", "unknown_token",
]  # fmt: skip
CAUSES: Final[tuple[Cause, ...]] = get_args(Cause)


class CredentialRefused(Exception):
    """A credential proves nothing. `cause` is for logs and metrics; the message never contains the credential."""

    def __init__(self, cause: Cause, message: str) -> None:
        super().__init__(message)
        self.cause: Cause = cause
