"""Verifiers of signed credentials, as the API sees them."""

from typing import Protocol

from reconciler.core.access.claims import Claims


class Verifier(Protocol):
    """A verifier of one kind of signed credential."""

    async def verify(self, credential: str) -> Claims:
        """Return what the credential proves. Raises: CredentialRefused."""
        ...
